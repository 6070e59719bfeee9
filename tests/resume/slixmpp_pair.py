#!/usr/bin/python3
"""Two clients made with slixmpp (its plugin xep_0198 resumes) talk through a proxy that cuts them again and again.

  slixmpp_pair.py DOMAIN SERVER-PORT MESSAGES CUTS SEED     →   a line for each: name, resumptions, cuts, lost, twice, out of order
"""
import asyncio
import logging
import os
import random
import sys
import time

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib')]
sys.dont_write_bytecode = True
import slixmpp
from slixmpp.plugins.xep_0198.stanza import Resume
from proxy import Cut, Proxy

PATIENCE, STUCK = 60, 4


class Bot(slixmpp.ClientXMPP):
    def __init__(self, jid, partner, most, port, cuts_left):
        super().__init__(jid, 'secret')
        self.partner, self.most, self.port, self.cuts_left = partner, most, port, cuts_left
        self.said, self.heard, self.resumed, self.lost = 0, [], 0, 0
        self.ready, self.may_end, self.stuck = False, False, 0
        self.register_plugin('xep_0198', {'window': 1})
        self.plugin['feature_mechanisms'].unencrypted_plain = True
        self.keep_unacknowledged()
        self.add_event_handler('session_start', self.started)
        self.add_event_handler('sm_enabled', self.is_on)
        self.add_event_handler('session_resumed', self.back)
        self.add_event_handler('sm_failed', self.not_back)
        self.add_event_handler('message', self.hear)
        self.add_event_handler('disconnected', self.gone)

    def keep_unacknowledged(self):
        """slixmpp 1.8.3 forgets what was not acknowledged when it says <resume/>, and what its queue held when the connection was lost."""
        sm = self.plugin['xep_0198']

        def track(stanza):
            sm.enabled_out = sm.enabled_out or sm.sm_id is not None
            return stanza if isinstance(stanza, Resume) else sm._handle_outgoing(stanza)
        self.del_filter('out_sync', sm._handle_outgoing)
        self.add_filter('out_sync', track)

    def go(self):
        self.connect(('127.0.0.1', self.port), disable_starttls=True, force_starttls=False)

    def started(self, event):
        self.send_presence()

    def is_on(self, event):
        self.ready = True

    def back(self, event):
        self.resumed += 1
        self.ready = True

    def not_back(self, event):
        self.lost += 1

    def gone(self, event):
        self.ready = False
        if not self.may_end:
            self.loop.call_later(0.02, self.go)

    def hear(self, message):
        if message['type'] == 'error':
            self.lost += 1
        else:
            self.heard.append(int(message['body'].split()[0]))

    def look_whether_stuck(self):
        """slixmpp may wait for ever for the rest of a negotiation that was cut."""
        if self.ready:
            self.ready_at = time.monotonic()
        elif time.monotonic() > self.ready_at + STUCK:
            self.ready_at = time.monotonic()
            self.stuck += 1
            if self.transport:
                self.transport.abort()
            else:
                self.go()

    async def talk(self):
        self.ready_at = time.monotonic()
        while self.said < self.most or len(self.heard) < self.most or self.cuts_left():
            if self.ready and self.said < self.most:
                self.said += 1
                self.send_message(mto=self.partner, mbody=f'{self.said} {"x" * random.choice((0, 10, 2000))}', mtype='chat')
            elif self.ready:
                self.plugin['xep_0198'].request_ack()
            self.look_whether_stuck()
            await asyncio.sleep(0.01)

    def verdict(self):
        h = self.heard
        print(self.boundjid.user, self.resumed, self.lost, self.most - len(set(h) & set(range(1, self.most + 1))), len(h) - len(set(h)),
              sum(a > b for a, b in zip(h, h[1:])), flush=True)


async def main(domain, port, messages, cuts, seed):
    luck, left = random.Random(seed), [0]                # none before both are there
    proxy = Proxy(port, seed)

    def draw():
        if not left[0]:
            return None
        left[0] -= 1
        return Cut(luck.choice(('up', 'down')), luck.randrange(600, 9000))
    bots = [Bot(f'{a}@{domain}/here', f'{b}@{domain}', messages, proxy.port, lambda: left[0] > 0) for a, b in (('s0', 's1'), ('s1', 's0'))]
    proxy.draw = draw
    proxy.start()
    for bot in bots:
        bot.go()
    while not all(b.ready for b in bots):
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)
    left[0] = cuts
    for bot in bots:
        bot.transport.abort()
    try:
        await asyncio.wait_for(asyncio.gather(*(b.talk() for b in bots)), PATIENCE + cuts)
    except asyncio.TimeoutError:
        print('; '.join(f'{b.boundjid.user}: ready {b.ready}, said {b.said}, heard {len(b.heard)}, resumed {b.resumed}, failed {b.lost}, stuck {b.stuck}' for b in bots) + f'; {left[0]} cuts left', file=sys.stderr, flush=True)
        os._exit(1)
    for bot in bots:
        bot.may_end = True
        bot.verdict()
    proxy.is_over = True
    os._exit(0)


logging.basicConfig(level=logging.CRITICAL)
domain, port, messages, cuts, seed = sys.argv[1:]
asyncio.get_event_loop().run_until_complete(main(domain, int(port), int(messages), int(cuts), int(seed)))

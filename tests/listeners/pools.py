"""Pools of loops, and a bound on what one connection gets of a round."""
import os
import threading
import time

from house import House, must, rest_of, soon

POOLS = ('threadpool "web" { concurrency = 2 }\nthreadpool "none" { }\n'
         'xmpp_listener { listen "127.0.0.1:«common»" { }\n listen "127.0.0.1:«web»" { pool_name = web }\n'
         ' listen "127.0.0.1:«own»" { concurrency = 1 }\n listen "127.0.0.1:«zero»" { pool_name = none } }\n')


def threads(h):
    folder = f'/proc/{h.process.pid}/task'
    return sorted(open(f'{folder}/{task}/comm', encoding='ascii').read().strip() for task in os.listdir(folder))


def names_and_numbers(program):
    with House(program, POOLS, accounts=['romeo']) as h:
        names = ['loop 0', 'loop 1', 'web 0', 'web 1', 'xmpp_list 0']
        soon(lambda: [name for name in threads(h) if name[-1].isdigit()] == names, f'the threads are {names}, and not {threads(h)}')
        must([(p['pool'], p['loops']) for p in h.status()['pools']] == [('', 2), ('web', 2), ('xmpp_listener > listen "127.0.0.1:%d"' % h.ports['own'], 1)],
             str(h.status()['pools']))
        must([loop['pool'][:4] for loop in h.status()['loops']] == ['', '', 'web', 'web', 'xmpp'])
        must([h.listener(name)['pool'][:4] for name in ('common', 'web', 'own', 'zero')] == ['', 'web', 'xmpp', ''])
        for name in ('common', 'web', 'own', 'zero'):
            c = h.guest(name).log_in('romeo', 'secret', name)
            c.round_trip()
        must(all(loop['accounts_loaded'] == 0 and loop['sessions'] == 0 for loop in h.status()['loops'][2:]), 'nobody is at home on a pool')
        must(sum(loop['logins'] for loop in h.status()['loops'][2:]) == 2, 'but logs in there')
        said = h.reload(POOLS.replace('concurrency = 2', 'concurrency = 3'))
        must('restart' in said and 'concurrency' in said, said)


def too_many_loops(program):
    h = House(program, POOLS.replace('concurrency = 2', 'concurrency = 64'))
    try:
        h.refuses_to_start('more than 64 together')
    finally:
        h.remove()


def a_blocked_pool(program):
    """What stands still in one pool is not noticed in another, nor by sessions that came by it before."""
    flag = '/tmp/jackdaw-blocked-%d' % os.getpid()
    environment = {'JACKDAW_BLOCKED_POOL': 'web', 'JACKDAW_BLOCK_WHILE': flag}
    with House(program, POOLS, environment=environment, accounts=['romeo', 'juliet']) as h:
        inside = h.guest('web').log_in('romeo', 'secret')
        with open(flag, 'w', encoding='ascii'):
            pass
        try:
            stuck = [h.guest('web') for _ in range(8)]                   # both loops of the pool wake, and stand still
            time.sleep(0.3)
            for s in stuck:
                s.send("<stream:stream to='example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")
            slowest = 0
            for name in ('common', 'zero', 'own') * 5:
                began = time.monotonic()
                h.guest(name).log_in('juliet', 'secret', name).close()
                slowest = max(slowest, time.monotonic() - began, inside.round_trip())
            must(slowest < 1, f'another pool waited {slowest:.2f} s')
            stuck[0].socket.settimeout(0.2)
            must(rest_of(stuck[0].socket) is None, 'the pool was not blocked: this tests nothing')
        finally:
            os.unlink(flag)
        for s in stuck:
            s.element('{http://etherx.jabber.org/streams}features')
    return None


def p99_beside_a_flood(program, events):
    """Milliseconds that 99 of 100 questions of a quiet session wait, on the loop of one that asks 20000 long ones in one go."""
    text = f'threads = 1\nlimits {{ enabled = no;  unsettled_stanzas = 1000000;  unsettled_bytes = 1g;  write_queue_hard = 1g }}\nevents_per_iter = {events}\n'
    with House(program, text + 'xmpp_listener { listen "127.0.0.1:«a»" { } }\n', accounts=['loud', 'quiet']) as h:
        loud, quiet = h.guest('a').log_in('loud', 'secret'), h.guest('a').log_in('quiet', 'secret')
        question = "<iq type='get' id='x' to='example'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
        flood = question * 20000 + "<iq type='get' id='last' to='example'><ping xmlns='urn:xmpp:ping'/></iq>"
        done, waits = threading.Event(), []

        def drain():
            tail = b''
            while b"id='last'" not in tail:
                tail = tail[-20:] + loud.socket.recv(1 << 20)
            done.set()

        both = [threading.Thread(target=drain), threading.Thread(target=loud.socket.sendall, args=(flood.encode(),))]
        for t in both:
            t.start()
        while not done.is_set():
            waits.append(quiet.round_trip())
        for t in both:
            t.join()
        must(len(waits) > 5, f'the flood was over after {len(waits)} questions: this tests nothing')
        return sorted(waits)[int(len(waits) * 0.99)] * 1000


def fair_rounds(program):
    """`events_per_iter`: a round that handles ten stanzas of a connection is over soon, one that handles all of a packet is not."""
    for attempts_left in 2, 1, 0:                                        # other programs on this machine take their time, too
        free, bound = p99_beside_a_flood(program, 0), p99_beside_a_flood(program, 10)
        print(f'# p99 beside a flood: {bound:.1f} ms with events_per_iter = 10, {free:.1f} ms without')
        if bound < 50 and bound * 2 < free:
            return
        must(attempts_left, f'{bound:.1f} ms with a bound, {free:.1f} ms without')


TESTS = [names_and_numbers, too_many_loops, a_blocked_pool, fair_rounds]

#!/usr/bin/python3
"""An administrator with slixmpp, for tests/interop/run: its XEP-0050 and XEP-0133 against our commands.

  slixmpp_admin.py JID PASSWORD ADDRESS PORT CA-FILE NEW-NAME     →   ok WHAT · failed WHY, a line each
"""
import asyncio
import sys

import slixmpp

PATIENCE = 20


class Admin(slixmpp.ClientXMPP):
    def __init__(self, jid, password, ca, new):
        super().__init__(jid, password)
        self.ca_certs, self.new = ca, f'{new}@{self.boundjid.domain}'
        for plugin in ('xep_0004', 'xep_0030', 'xep_0050', 'xep_0133'):
            self.register_plugin(plugin)
        self.add_event_handler('session_start', self.started)
        self.add_event_handler('failed_all_auth', lambda _: self.failed('login'))

    def failed(self, why):
        print('failed', why, flush=True)
        asyncio.get_event_loop().call_soon(sys.exit, 1)

    async def started(self, _):
        try:
            for part in (self.finds, self.adds_in_two_stages, self.goes_back, self.asks_admin_plugin, self.edits_admins, self.lists, self.is_refused):
                await asyncio.wait_for(part(), PATIENCE)
                print('ok', part.__name__, flush=True)
        except Exception as why:                                     # whatever it was is told
            self.failed(f'{part.__name__}: {type(why).__name__} {why}'.replace('\n', ' '))
            return
        print('ok all', flush=True)
        asyncio.get_event_loop().call_soon(sys.exit, 0)

    async def finds(self):
        """Service discovery, as its plugin reads it."""
        items = await self['xep_0050'].get_commands(self.boundjid.domain)
        nodes = {node for _, node, _ in items['disco_items']['items']}
        assert {'http://jabber.org/protocol/admin#add-user', 'jackdaw:user add'} <= nodes, nodes
        info = await self['xep_0030'].get_info(self.boundjid.domain, node='jackdaw:user add')
        assert ('automation', 'command-node', None, 'Adds an account') in info['disco_info']['identities'], info

    def flow(self, node, *steps):
        """Its own workflow: a step gets the answer and the session, and says what it does next."""
        done = asyncio.get_running_loop().create_future()
        left = list(steps)

        def next_step(iq, session):
            try:
                if left:
                    left.pop(0)(iq, session)
                else:
                    done.set_result(iq)
            except Exception as why:
                done.set_exception(why)

        def error(iq, session):
            done.set_exception(RuntimeError(f"{iq['error']['condition']}: {iq['error']['text']}"))
            self['xep_0050'].terminate_command(session)
        session = {'next': next_step, 'error': error}
        self['xep_0050'].start_command(self.boundjid.domain, node, session)
        session['again'] = next_step
        return done

    def answer(self, iq, session, values, how):
        form = iq['command']['form']
        for name, value in values.items():
            assert name in form.get_fields(), (name, list(form.get_fields()))
            form.get_fields()[name]['value'] = value
        form['type'] = 'submit'
        session['payload'], session['next'] = form, session['again']
        how(session)

    async def adds_in_two_stages(self):
        def first(iq, session):
            assert {'next', 'complete'} <= iq['command']['actions'], iq
            self.answer(iq, session, {'jid': self.new, 'password': 'secret'}, self['xep_0050'].continue_command)

        def second(iq, session):
            assert 'prev' in iq['command']['actions'] and 'next' not in iq['command']['actions'], iq
            self.answer(iq, session, {'email': 'new@example.com'}, self['xep_0050'].complete_command)
        iq = await self.flow('jackdaw:user add', first, second)
        assert iq['command']['status'] == 'completed' and iq['command']['form'].get_values()['result'] == 'added', iq

    async def goes_back(self):
        def first(iq, session):
            self.answer(iq, session, {'jid': self.new, 'password': 'secret'}, self['xep_0050'].continue_command)

        def second(iq, session):
            session['payload'], session['next'] = None, session['again']
            self['xep_0050'].continue_command(session, 'prev')

        def again(iq, session):
            assert str(iq['command']['form'].get_values()['jid']) == self.new, iq
            session['next'] = session['again']
            self['xep_0050'].cancel_command(session)
        iq = await self.flow('jackdaw:user add', first, second, again)
        assert iq['command']['status'] == 'canceled', iq

    async def asks_admin_plugin(self):
        """XEP-0133 by the plugin of that name."""
        done = asyncio.get_running_loop().create_future()
        self['xep_0133'].get_registered_users_num(session={'next': lambda iq, session: done.set_result(iq), 'error': lambda iq, session: done.set_exception(RuntimeError(str(iq)))})
        iq = await done
        assert int(iq['command']['form'].get_values()['registeredusersnum']) >= 2, iq

    async def edits_admins(self):
        def form(iq, session):
            assert self.boundjid.bare in iq['command']['form'].get_values()['adminjids'], iq
            self.answer(iq, session, {'adminjids': [self.boundjid.bare, self.new]}, self['xep_0050'].complete_command)
        iq = await self.flow('http://jabber.org/protocol/admin#edit-admin', form)
        assert iq['command']['status'] == 'completed', iq

    async def lists(self):
        iq = await self.flow('jackdaw:user list', lambda iq, session: self.answer(iq, session, {}, self['xep_0050'].complete_command))
        form = iq['command']['form']
        assert self.new in [item['jid'] for item in form['items']] and 'created' in form['reported'], iq

    async def is_refused(self):
        """What fails reaches its `error`, with words."""
        def form(iq, session):
            self.answer(iq, session, {'accountjid': self.new, 'password': 'x'}, self['xep_0050'].complete_command)
        try:
            await self.flow('http://jabber.org/protocol/admin#add-user', form)
        except RuntimeError as why:
            assert 'conflict' in str(why) and 'exists already' in str(why), why
        else:
            raise RuntimeError('the account was made twice')


jid, password, address, port, ca, new = sys.argv[1:]
admin = Admin(jid, password, ca, new)
admin.connect((address, int(port)), disable_starttls=False)
admin.process(forever=True)

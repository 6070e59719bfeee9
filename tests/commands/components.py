"""Components and the configuration: what is refused, and what a reload does to one that is connected."""
from asking import held, running
from component import Component
from server import DOMAIN
from xmppclient import Lost

GATEWAY, OTHER = f'gw.{DOMAIN}', f'other.{DOMAIN}'
SECTION = f'component "{GATEWAY}" {{ secret = "first" }}\n'
COMMON = 'component { secret = "common" }\n'


def come_in(server, name, secret):
    """Connected; or the condition with which it was refused."""
    component = Component(server.port, name, patience=5)
    try:
        return component.come_in(secret)
    except Lost:
        return None


def is_there(component):
    component.send(f"<iq type='get' id='p' from='{component.domain}' to='{DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>")
    return component.wait(lambda e: e is not None and e.get('id') == 'p') is not None


def reload(server, old, new):
    server.configure(server.configuration().replace(old, new, 1))
    return server.ask('reload')


def wrong_settings_are_refused(server, good):
    wrong = {
        f'component "{DOMAIN}" {{ secret = x }}': 'is a domain { } already',
        f'component "{OTHER}" {{ }}': 'has no secret',
        f'component "{OTHER}" {{ secret = "" }}': 'has no secret',
        'component "a b" { secret = x }': "is not a domain's name",
        'component "" { secret = x }': "is not a domain's name",
        f'component "{OTHER}" {{ secret = x;  secrets = y }}': 'did you mean',
        f'component "{OTHER}" {{ secret = x;  domains = [ "*.{DOMAIN}", "*{DOMAIN}" ] }}': 'neither a domain nor a pattern',
        f'component "{OTHER}" {{ secret = x;  domains = [ "{GATEWAY}" ] }}': 'named for two components',
    }
    for text, words in wrong.items():
        server.configure(good + text + '\n')
        code, answer = server.ask('reload')
        if code != 1 or words not in answer.get('error', ''):
            yield f'{text}: {code} {answer}'
    server.configure(good)


def a_reload_leaves_it(server, component):
    code, answer = reload(server, SECTION, SECTION.replace('}', ';  queue = 7 }'))
    if code or not is_there(component):
        yield f'{answer}, or it is gone'


def a_new_secret_ends_it(server, component):
    reload(server, 'secret = "first"', 'secret = "second"')
    if component.condition() != 'not-authorized':
        yield 'it goes on with the old secret'
    if come_in(server, GATEWAY, 'first') or not come_in(server, GATEWAY, 'second'):
        yield 'the old secret opens, or the new one doesn\'t'


def a_name_that_goes_ends_it(server):
    component = come_in(server, GATEWAY, 'second') or come_in(server, GATEWAY, 'second')
    text = server.configuration()
    server.configure(text[:text.index('component "')])
    server.ask('reload')
    if component.condition() != 'host-gone':
        yield 'it goes on without a section'


def a_common_secret_that_goes_ends_all(server):
    server.configure(server.configuration() + COMMON)
    server.ask('reload')
    component = come_in(server, OTHER, 'common')
    if not component:
        yield 'the common secret opens nothing'
        return
    reload(server, COMMON, '')
    if component.condition() != 'host-gone':
        yield 'it goes on without a secret'


def check(options):
    with running(options, 'components', top='limits { enabled = no }') as server:
        good = server.configuration() + SECTION
        held('settings of components that cannot be are refused', wrong_settings_are_refused(server, good))
        server.ask('reload')
        component = come_in(server, GATEWAY, 'first')
        held('a reload that says nothing of it leaves a component alone', a_reload_leaves_it(server, component))
        held('a component whose secret changes is ended', a_new_secret_ends_it(server, component))
        held('a component whose section goes is ended', a_name_that_goes_ends_it(server))
        held('all are ended whose common secret goes', a_common_secret_that_goes_ends_all(server))

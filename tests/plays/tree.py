"""What comes off a stream, as trees; and whether a tree is what a play expects.

A play writes what it expects as XML in which '…' stands for what doesn't
matter. The rules of the comparison are in README.md.
"""
import re
from xml.parsers import expat

CLIENT = 'jabber:client'
COMPONENT = 'jabber:component:accept'
STREAMS = 'http://etherx.jabber.org/streams'
STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams'
SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
XML = 'http://www.w3.org/XML/1998/namespace'
PREFIXES = {'stream': STREAMS, 'stanzas': STANZAS, 'sasl': SASL, 'tls': TLS}
MORE = '…'
DIFFERS = '≠'
NONE = '∅'
MORE_ATTRIBUTES = 'play-more'
QUIET_ATTRIBUTES = {'to', 'from', 'id', XML + ' lang'}                  # of a stanza: may come unmentioned
QUIET_CHILDREN = {('urn:xmpp:sid:0', 'stanza-id'), ('urn:xmpp:sid:0', 'origin-id'), ('urn:xmpp:delay', 'delay')}


class Element:
    def __init__(self, name, attributes):
        self.ns, self.name, self.prefix = (name.split(' ') + [''])[:3] if ' ' in name else ('', name, '')
        self.attributes = {' '.join(a.split(' ')[:2]): value for a, value in attributes.items()}
        self.inside = []                    # elements and strings

    @property
    def children(self):
        return [c for c in self.inside if isinstance(c, Element)]

    @property
    def text(self):
        return ''.join(c for c in self.inside if isinstance(c, str))

    def find(self, ns, name):
        return next((c for c in self.children if (c.ns, c.name) == (ns, name)), None)

    def get(self, name):
        return self.attributes.get(name)

    def show(self, around=CLIENT):
        space = '' if self.ns == around else f" xmlns='{self.ns}'"
        attributes = ''.join(f" {k.split(' ')[-1] if XML not in k else 'xml:' + k.split(' ')[-1]}='{escape(v)}'"
                             for k, v in self.attributes.items())
        inside = ''.join(escape(c) if isinstance(c, str) else c.show(self.ns) for c in self.inside)
        return f'<{self.name}{space}{attributes}' + (f'>{inside}</{self.name}>' if inside else '/>')


def escape(text):
    return text.replace('&', '&amp;').replace('<', '&lt;').replace("'", '&apos;')


class Builder:
    """Expat's events become elements; `done` is called with each that is complete at `depth`."""

    def __init__(self, depth, opened, done, closed, loose=lambda text: None, forbidden=lambda what: None):
        self.parser = expat.ParserCreate('UTF-8', ' ')
        self.parser.buffer_text = True
        self.parser.namespace_prefixes = True
        self.parser.CommentHandler = lambda text: forbidden('a comment')
        self.parser.ProcessingInstructionHandler = lambda target, text: forbidden('a processing instruction')
        self.parser.StartDoctypeDeclHandler = lambda *declared: forbidden('a document type')
        self.parser.XmlDeclHandler = lambda version, encoding, standalone: (
            forbidden('such a declaration') if standalone != -1 or encoding not in (None, 'UTF-8', 'utf-8') else None)
        self.loose = loose
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data
        self.depth, self.opened, self.done, self.closed = depth, opened, done, closed
        self.stack = []

    def start(self, name, attributes):
        element = Element(name, attributes)
        if len(self.stack) > self.depth:
            self.stack[-1].inside.append(element)
        elif len(self.stack) < self.depth:
            self.opened(element)
        self.stack.append(element)

    def end(self, _):
        element = self.stack.pop()
        if len(self.stack) == self.depth:
            self.done(element)
        elif len(self.stack) < self.depth:
            self.closed()

    def data(self, text):
        if len(self.stack) > self.depth:
            self.stack[-1].inside.append(text)
        else:
            self.loose(text)


def parse_pieces(text):
    """The elements of a play's text, which stand side by side."""
    found = []
    spaces = ' '.join(f"xmlns:{p}='{ns}'" for p, ns in PREFIXES.items())
    builder = Builder(1, lambda _: None, found.append, lambda: None)
    builder.parser.Parse(f"<play xmlns='{CLIENT}' {spaces}>{mark_more(text)}</play>".encode(), True)
    return found


def mark_more(text):
    """A '…' inside a start tag, but not inside a value, becomes an attribute."""
    def in_tag(tag):
        parts = re.split(r"""('[^']*'|"[^"]*")""", tag.group(0))
        return ''.join(p if i % 2 else p.replace(MORE, f" {MORE_ATTRIBUTES}=''") for i, p in enumerate(parts))
    return re.sub(r"""<[^!?/](?:[^<>'"]|'[^']*'|"[^"]*")*>""", in_tag, text)


class Matcher:
    """Compares, and takes what {$name} stands for."""

    def __init__(self, variables):
        self.variables = variables

    def stanza(self, expected, heard):
        taken = dict(self.variables)
        if not self.element(expected, heard, True):
            self.variables.clear()
            self.variables.update(taken)
            return False
        return True

    def element(self, expected, heard, is_stanza=False):
        if (expected.ns, expected.name) != (heard.ns, heard.name):
            return False
        return self.attributes(expected, heard, is_stanza) and self.inside(expected, heard, is_stanza)

    def attributes(self, expected, heard, is_stanza):
        wanted = dict(expected.attributes)
        more = wanted.pop(MORE_ATTRIBUTES, None) is not None
        for name, value in wanted.items():
            if value == NONE and name not in heard.attributes:
                continue
            if name not in heard.attributes or not self.value(value, heard.attributes[name]):
                return False
        quiet = QUIET_ATTRIBUTES if is_stanza else {'by'} if heard.name == 'error' else set()
        return more or all(a in wanted or a in quiet for a in heard.attributes)

    def inside(self, expected, heard, is_stanza):
        text = expected.text.strip()
        if not expected.children and text and text != MORE:
            return self.value(text, heard.text.strip()) and not heard.children
        more = MORE in text or (is_stanza and heard.get('type') == 'error')
        if not more and heard.text.strip():
            return False
        wanted, unwanted = [], []
        for child in expected.children:
            unwanted.extend(child.children) if child.name == 'without' else wanted.append(child)
        if any(self.element(u, h) for u in unwanted for h in heard.children):
            return False
        return self.children(wanted, heard.children, more, heard)

    def children(self, expected, heard, more, parent):
        if not expected:
            return more or all(self.is_quiet(c, parent) for c in heard)
        in_order = (parent.ns, parent.name) == (SASL, 'mechanisms')      # RFC 6120 §6.3.3: a list of preference
        for i, child in enumerate(heard):
            kept = dict(self.variables)
            if in_order and not more and i:
                return False
            left = heard[i + 1:] if in_order else heard[:i] + heard[i + 1:]
            if self.element(expected[0], child) and self.children(expected[1:], left, more, parent):
                return True
            self.variables.clear()
            self.variables.update(kept)
        return False

    @staticmethod
    def is_quiet(child, parent):
        if parent.name == 'error' or parent.ns == SASL:
            return child.name == 'text'
        return parent.ns == CLIENT and (child.ns, child.name) in QUIET_CHILDREN

    def value(self, expected, heard):
        if expected.startswith(DIFFERS):
            return not self.value(expected[1:], heard)
        pattern, names = '', []
        for part in re.split(r'(…|\{\$\w+\})', expected):
            name = part[2:-1] if part.startswith('{$') else None
            if part == MORE:
                pattern += '.*'
            elif name and name not in self.variables:
                pattern += '(.+)'
                names.append(name)
            else:
                pattern += re.escape(self.variables[name] if name else part)
        match = re.fullmatch(pattern, heard, re.DOTALL)
        if match:
            self.variables.update(zip(names, match.groups()))
        return match is not None

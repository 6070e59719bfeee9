/*
 * The namespaces that the server knows, each once.
 *
 * The parser interns them, so an element's ns is compared by its pointer.
 */
#pragma once

#define NAMESPACES(X) \
	X(NS_XML,            "http://www.w3.org/XML/1998/namespace") \
	X(NS_STREAMS,        "http://etherx.jabber.org/streams") \
	X(NS_CLIENT,         "jabber:client") \
	X(NS_SERVER,         "jabber:server") \
	X(NS_COMPONENT,      "jabber:component:accept") \
	X(NS_STREAM_ERRORS,  "urn:ietf:params:xml:ns:xmpp-streams") \
	X(NS_STANZA_ERRORS,  "urn:ietf:params:xml:ns:xmpp-stanzas") \
	X(NS_ERRORS,         "urn:xmpp:errors") \
	X(NS_TLS,            "urn:ietf:params:xml:ns:xmpp-tls") \
	X(NS_SASL,           "urn:ietf:params:xml:ns:xmpp-sasl") \
	X(NS_BIND,           "urn:ietf:params:xml:ns:xmpp-bind") \
	X(NS_SESSION,        "urn:ietf:params:xml:ns:xmpp-session") \
	X(NS_ROSTER,         "jabber:iq:roster") \
	X(NS_ROSTER_VERSION, "urn:xmpp:features:rosterver") \
	X(NS_PREAPPROVAL,    "urn:xmpp:features:pre-approval") \
	X(NS_REGISTER,       "jabber:iq:register") \
	X(NS_REGISTER_FEATURE, "http://jabber.org/features/iq-register") \
	X(NS_VERSION,        "jabber:iq:version") \
	X(NS_PRIVATE,        "jabber:iq:private") \
	X(NS_DISCO_INFO,     "http://jabber.org/protocol/disco#info") \
	X(NS_DISCO_ITEMS,    "http://jabber.org/protocol/disco#items") \
	X(NS_CAPS,           "http://jabber.org/protocol/caps") \
	X(NS_DATA,           "jabber:x:data") \
	X(NS_VALIDATE,       "http://jabber.org/protocol/xdata-validate") \
	X(NS_COMMANDS,       "http://jabber.org/protocol/commands") \
	X(NS_ADMIN,          "http://jabber.org/protocol/admin") \
	X(NS_RSM,            "http://jabber.org/protocol/rsm") \
	X(NS_VCARD,          "vcard-temp") \
	X(NS_OFFLINE,        "msgoffline") \
	X(NS_DELAY,          "urn:xmpp:delay") \
	X(NS_PING,           "urn:xmpp:ping") \
	X(NS_TIME,           "urn:xmpp:time") \
	X(NS_HINTS,          "urn:xmpp:hints") \
	X(NS_STANZA_ID,      "urn:xmpp:sid:0") \
	X(NS_SM,             "urn:xmpp:sm:3") \
	X(NS_LIMITS,         "urn:xmpp:stream-limits:0") \
	X(NS_CHAT_STATES,    "http://jabber.org/protocol/chatstates") \
	X(NS_RECEIPTS,       "urn:xmpp:receipts") \
	X(NS_CHANNEL_BINDING, "urn:xmpp:sasl-cb:0") \
	X(NS_PIE,            "urn:xmpp:pie:0") \
	X(NS_PIE_SCRAM,      "urn:xmpp:pie:0#scram") \
	X(NS_PORTABLE,       "https://jackdaw.im/portable") \
	X(NS_CALL,           "urn:jackdaw:call")

#define NAMESPACE_DECLARE(name, text) extern const char name[];
NAMESPACES(NAMESPACE_DECLARE)
#undef NAMESPACE_DECLARE

void ns_intern(void);                /* tells the parser of them; once, before threads start */

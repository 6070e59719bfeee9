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
	X(NS_SASL2,          "urn:xmpp:sasl:2") \
	X(NS_BIND2,          "urn:xmpp:bind:0") \
	X(NS_FAST,           "urn:xmpp:fast:0") \
	X(NS_UPGRADE,        "urn:xmpp:sasl:upgrade:0") \
	X(NS_SCRAM_UPGRADE,  "urn:xmpp:scram-upgrade:0") \
	X(NS_BIND,           "urn:ietf:params:xml:ns:xmpp-bind") \
	X(NS_SESSION,        "urn:ietf:params:xml:ns:xmpp-session") \
	X(NS_AUTH,           "jabber:iq:auth") \
	X(NS_AUTH_FEATURE,   "http://jabber.org/features/iq-auth") \
	X(NS_ROSTER,         "jabber:iq:roster") \
	X(NS_ROSTER_VERSION, "urn:xmpp:features:rosterver") \
	X(NS_PREAPPROVAL,    "urn:xmpp:features:pre-approval") \
	X(NS_REGISTER,       "jabber:iq:register") \
	X(NS_REGISTER_FEATURE, "http://jabber.org/features/iq-register") \
	X(NS_VERSION,        "jabber:iq:version") \
	X(NS_PRIVATE,        "jabber:iq:private") \
	X(NS_LAST,           "jabber:iq:last") \
	X(NS_DISCO_INFO,     "http://jabber.org/protocol/disco#info") \
	X(NS_DISCO_ITEMS,    "http://jabber.org/protocol/disco#items") \
	X(NS_CAPS,           "http://jabber.org/protocol/caps") \
	X(NS_CAPS2,          "urn:xmpp:caps") \
	X(NS_HASHES,         "urn:xmpp:hashes:2") \
	X(NS_DATA,           "jabber:x:data") \
	X(NS_VALIDATE,       "http://jabber.org/protocol/xdata-validate") \
	X(NS_COMMANDS,       "http://jabber.org/protocol/commands") \
	X(NS_ADMIN,          "http://jabber.org/protocol/admin") \
	X(NS_RSM,            "http://jabber.org/protocol/rsm") \
	X(NS_VCARD,          "vcard-temp") \
	X(NS_SEARCH,         "jabber:iq:search") \
	X(NS_OFFLINE,        "msgoffline") \
	X(NS_DELAY,          "urn:xmpp:delay") \
	X(NS_DELAY_LEGACY,   "jabber:x:delay") \
	X(NS_PING,           "urn:xmpp:ping") \
	X(NS_TIME,           "urn:xmpp:time") \
	X(NS_SIC,            "urn:xmpp:sic:1") \
	X(NS_JIDPREP,        "urn:xmpp:jidprep:1") \
	X(NS_BITS,           "urn:xmpp:bob") \
	X(NS_PIPELINING,     "urn:xmpp:features:pipelining") \
	X(NS_SHIM,           "http://jabber.org/protocol/shim") \
	X(NS_HINTS,          "urn:xmpp:hints") \
	X(NS_STANZA_ID,      "urn:xmpp:sid:0") \
	X(NS_SM,             "urn:xmpp:sm:3") \
	X(NS_LIMITS,         "urn:xmpp:stream-limits:0") \
	X(NS_CHAT_STATES,    "http://jabber.org/protocol/chatstates") \
	X(NS_RECEIPTS,       "urn:xmpp:receipts") \
	X(NS_MARKERS,        "urn:xmpp:chat-markers:0") \
	X(NS_CSI,            "urn:xmpp:csi:0") \
	X(NS_PUBSUB_EVENT,   "http://jabber.org/protocol/pubsub#event") \
	X(NS_CARBONS,        "urn:xmpp:carbons:2") \
	X(NS_CARBONS_RULES,  "urn:xmpp:carbons:rules:0") \
	X(NS_FORWARD,        "urn:xmpp:forward:0") \
	X(NS_MUC_USER,       "http://jabber.org/protocol/muc#user") \
	X(NS_INVITATION,     "jabber:x:conference") \
	X(NS_REAL_TIME_TEXT, "urn:xmpp:rtt:0") \
	X(NS_ATTENTION,      "urn:xmpp:attention:0") \
	X(NS_CHANNEL_BINDING, "urn:xmpp:sasl-cb:0") \
	X(NS_PIE,            "urn:xmpp:pie:0") \
	X(NS_PIE_SCRAM,      "urn:xmpp:pie:0#scram") \
	X(NS_SASLCERT,       "urn:xmpp:saslcert:1") \
	X(NS_PORTABLE,       "https://jackdaw.im/portable") \
	X(NS_CALL,           "urn:jackdaw:call")

#define NAMESPACE_DECLARE(name, text) extern const char name[];
NAMESPACES(NAMESPACE_DECLARE)
#undef NAMESPACE_DECLARE

void ns_intern(void);                /* tells the parser of them; once, before threads start */

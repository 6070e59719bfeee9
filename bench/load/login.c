/*
 * From a connection to a session: each step waits for the answer to the last,
 * as most clients do. Servers differ: in quotes, in what they offer, and some
 * old ones want a session to be asked for.
 */
#include "load.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void login_open(struct client *c)
{
	client_print(c, "<?xml version='1.0'?><stream:stream to='%s' version='1.0' xml:lang='en' xmlns='jabber:client'"
		" xmlns:stream='http://etherx.jabber.org/streams'>", options.domain);
	c->step = STEP_HEADER;
}

void login_begin(struct client *c)
{
	client_connect(c);
	if (c->fd < 0)
		return;
	if (c->tls == TLS_DIRECT)
		client_tls(c);
	else
		login_open(c);
}

static void plain(struct client *c)
{
	char text[160], encoded[256];
	int size = snprintf(text, sizeof text, "%cuser%u%c%s%s", 0, c->number, 0, options.password, c->is_wrong ? "?" : "");
	EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)text, size);
	client_print(c, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>", encoded);
	c->step = STEP_SUCCESS;
}

static void need(struct client *c, struct piece p, const char *words)
{
	if (!piece_has(p, words))
		die("user%u finds no %s in what is offered: %.*s", c->number, words, (int)p.size, p.at);
}

static void authenticate(struct client *c, struct piece p)
{
	if (c->mechanism == SCRAM)
		c->mechanism = piece_has(p, ">SCRAM-SHA-256<") ? SCRAM_SHA_256 : SCRAM_SHA_1;
	if (c->mechanism == PLAIN) {
		need(c, p, ">PLAIN<");
		plain(c);
		return;
	}
	need(c, p, c->mechanism == SCRAM_SHA_1 ? ">SCRAM-SHA-1<" : ">SCRAM-SHA-256<");
	scram_first(c);
	c->step = STEP_CHALLENGE;
}

/* RFC 3921's session is asked for only where it isn't said to be optional. */
static bool wants_session(struct piece p)
{
	const char *session = memmem(p.at, p.size, "<session", 8);
	if (!session)
		return false;
	struct piece rest = { session, (size_t)(p.at + p.size - session) };
	return !piece_has(rest, "<optional");
}

static void features(struct client *c, struct piece p)
{
	if (c->is_authenticated) {
		c->wants_session = wants_session(p);
		if (c->acks)
			need(c, p, "urn:xmpp:sm:3");
		if (c->session) {
			client_print(c, "<resume xmlns='urn:xmpp:sm:3' previd='%s' h='0'/>", c->session);
			c->step = STEP_RESUMED;
			return;
		}
		client_print(c, "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>load</resource></bind></iq>");
		c->step = STEP_BIND;
	} else if (c->tls == TLS_START && !c->ssl) {
		need(c, p, "<starttls");
		client_print(c, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
		c->step = STEP_PROCEED;
	} else {
		authenticate(c, p);
	}
}

static void ready(struct client *c)
{
	c->step = STEP_READY;
	options.mode->ready(c);
}

static void after_acks(struct client *c)
{
	if (!options.contacts) {
		ready(c);
		return;
	}
	client_say(c, "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
	c->step = STEP_ROSTER;
}

static void after_session(struct client *c)
{
	if (!c->acks) {
		after_acks(c);
		return;
	}
	client_print(c, "<enable xmlns='urn:xmpp:sm:3'%s/>", options.mode->resumes ? " resume='true'" : "");
	c->sent = 0;
	c->step = STEP_ENABLED;
}

static void after_bind(struct client *c)
{
	if (!c->wants_session) {
		after_session(c);
		return;
	}
	client_print(c, "<iq type='set' id='session'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>");
	c->step = STEP_SESSION;
}

static void expect(struct client *c, struct piece p, const char *beginning)
{
	if (!piece_is(p, beginning))
		die("user%u awaited %s and got %.*s", c->number, beginning, (int)(p.size < 400 ? p.size : 400), p.at);
}

static bool is_stanza(struct piece p)
{
	return piece_is(p, "<message") || piece_is(p, "<presence") || piece_is(p, "<iq");
}

/* XEP-0198: what is counted, asked and told. False: it is for the mode. */
static bool acks(struct client *c, struct piece p)
{
	if (is_stanza(p))
		c->received++;
	if (piece_is(p, "<a ")) {
		const char *h = piece_attribute(p, "h").at;
		c->acknowledged = (uint32_t)digits(&h);
	}
	if (!piece_is(p, "<r "))
		return false;
	client_print(c, "<a xmlns='urn:xmpp:sm:3' h='%u'/>", c->told = c->received);
	return true;
}

static void success(struct client *c, struct piece p)
{
	if (c->is_wrong && piece_is(p, "<failure")) {
		options.mode->refused(c);
		return;
	}
	expect(c, p, "<success");
	scram_end(c);
	c->is_authenticated = true;
	login_open(c);
}

static void take_session(struct client *c, struct piece p)
{
	struct piece id = piece_attribute(p, "id");
	if (!id.size)
		die("user%u can't resume: %.*s", c->number, (int)p.size, p.at);
	free(c->session);
	c->session = strndup(id.at, id.size);
}

void login_stanza(struct client *c, struct piece p)
{
	if (c->is_counting && acks(c, p))
		return;
	switch (c->step) {
	case STEP_HEADER:
		expect(c, p, "<stream:stream");
		c->step = STEP_FEATURES;
		break;
	case STEP_FEATURES:
		expect(c, p, "<stream:features");
		features(c, p);
		break;
	case STEP_PROCEED:
		expect(c, p, "<proceed");
		client_tls(c);
		break;
	case STEP_CHALLENGE:
		expect(c, p, "<challenge");
		scram_final(c, p);
		c->step = STEP_SUCCESS;
		break;
	case STEP_SUCCESS:
		success(c, p);
		break;
	case STEP_BIND:
		expect(c, p, "<iq");
		if (!piece_has(p, "<jid>"))
			die("user%u could not bind: %.*s", c->number, (int)p.size, p.at);
		after_bind(c);
		break;
	case STEP_SESSION:
		expect(c, p, "<iq");
		after_session(c);
		break;
	case STEP_ENABLED:
		expect(c, p, "<enabled");
		c->is_counting = true;
		if (options.mode->resumes)
			take_session(c, p);
		after_acks(c);
		break;
	case STEP_RESUMED:
		expect(c, p, "<resumed");
		c->is_counting = true;
		ready(c);
		break;
	case STEP_ROSTER:
		if (piece_is(p, "<iq"))
			ready(c);
		break;
	case STEP_READY:
		options.mode->stanza(c, p);
		break;
	}
}

/*
 * From a connection to a session: each step waits for the answer to the last,
 * as most clients do.
 */
#include "load.h"
#include <openssl/evp.h>
#include <stdio.h>
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
	if (options.tls == TLS_DIRECT)
		client_tls(c);
	else
		login_open(c);
}

static void authenticate(struct client *c)
{
	char text[160], encoded[256];
	if (options.scram) {
		scram_first(c);
		c->step = STEP_CHALLENGE;
		return;
	}
	int size = snprintf(text, sizeof text, "%cuser%u%c%s", 0, c->number, 0, options.password);
	EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)text, size);
	client_print(c, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>", encoded);
	c->step = STEP_SUCCESS;
}

static void features(struct client *c)
{
	if (c->is_authenticated) {
		client_print(c, "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>load</resource></bind></iq>");
		c->step = STEP_BIND;
	} else if (options.tls == TLS_START && !c->ssl) {
		client_print(c, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
		c->step = STEP_PROCEED;
	} else {
		authenticate(c);
	}
}

static void ready(struct client *c)
{
	c->step = STEP_READY;
	work_ready(c);
}

static void after_acks(struct client *c)
{
	if (!options.contacts) {
		ready(c);
		return;
	}
	client_print(c, "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
	c->step = STEP_ROSTER;
}

static void after_bind(struct client *c)
{
	if (!options.acks) {
		after_acks(c);
		return;
	}
	client_print(c, "<enable xmlns='urn:xmpp:sm:3'/>");
	c->step = STEP_ENABLED;
}

static void expect(struct client *c, struct piece p, const char *beginning)
{
	if (!piece_is(p, beginning))
		die("user%u awaited %s and got %.*s", c->number, beginning, (int)(p.size < 400 ? p.size : 400), p.at);
}

void login_stanza(struct client *c, struct piece p)
{
	switch (c->step) {
	case STEP_HEADER:
		expect(c, p, "<stream:stream");
		c->step = STEP_FEATURES;
		break;
	case STEP_FEATURES:
		expect(c, p, "<stream:features");
		features(c);
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
		expect(c, p, "<success");
		scram_end(c);
		c->is_authenticated = true;
		login_open(c);
		break;
	case STEP_BIND:
		expect(c, p, "<iq");
		if (!piece_has(p, "<jid>"))
			die("user%u could not bind: %.*s", c->number, (int)p.size, p.at);
		after_bind(c);
		break;
	case STEP_ENABLED:
		expect(c, p, "<enabled");
		after_acks(c);
		break;
	case STEP_ROSTER:
		if (piece_is(p, "<iq"))
			ready(c);
		break;
	case STEP_READY:
		work_stanza(c, p);
		break;
	}
}

/*
 * How a client gets in: step by step, or with everything from its first byte,
 * from <auth/> or from its last response to its first message in one write.
 */
#include "client.h"
#include "core/credentials.h"
#include "xmpp/base64.h"
#include "xmpp/ns.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void header(struct speaker *s)
{
	client_write(s, "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='" HOST "'>");
}

static const char *user(const struct speaker *s)
{
	static char name[64];
	snprintf(name, sizeof name, "%s", account_jids[s->account]);
	*strchr(name, '@') = '\0';
	return name;
}

static void auth_plain(struct speaker *s)
{
	struct arena *a = arena_new();
	char text[128];
	int size = snprintf(text, sizeof text, "%c%s%c%s", 0, user(s), 0, PASSWORD);
	client_write(s, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>", base64_encode(a, text, (size_t)size));
	arena_free(a);
}

/* --- SCRAM-SHA-256 (RFC 5802 §3, RFC 7677) --- */

static void auth_scram(struct speaker *s)
{
	struct arena *a = arena_new();
	snprintf(s->scram_first, sizeof s->scram_first, "n=%s,r=nonce%u", user(s), dice_below(1000000));
	const char *text = arena_printf(a, "n,,%s", s->scram_first);
	client_write(s, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>%s</auth>", base64_encode(a, text, strlen(text)));
	arena_free(a);
}

static const char *field(struct arena *a, const char *message, char name)
{
	for (const char *at = message; *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : "")
		if (at[0] == name && at[1] == '=')
			return arena_copy(a, at + 2, strcspn(at + 2, ","));
	return "";
}

static void hmac(const unsigned char *key, const void *data, size_t size, unsigned char out[32])
{
	unsigned length = 32;
	HMAC(EVP_sha256(), key, 32, data, size, out, &length);
}

static void respond(struct speaker *s, const struct xml *challenge)
{
	struct arena *a = arena_new();
	unsigned char salted[32], client[32], stored[32], signature[32];
	size_t size, salt_size;
	const char *words = xml_text(challenge, a);
	const char *server_first = (const char *)base64_decode(a, words, &size);
	const unsigned char *salt = (const unsigned char *)base64_decode(a, field(a, server_first, 's'), &salt_size);
	PKCS5_PBKDF2_HMAC(PASSWORD, (int)strlen(PASSWORD), salt, (int)salt_size, atoi(field(a, server_first, 'i')), EVP_sha256(), 32, salted);
	hmac(salted, "Client Key", 10, client);
	EVP_Digest(client, 32, stored, NULL, EVP_sha256(), NULL);
	const char *without = arena_printf(a, "c=biws,r=%s", field(a, server_first, 'r'));
	const char *all = arena_printf(a, "%s,%s,%s", s->scram_first, server_first, without);
	hmac(stored, all, strlen(all), signature);
	for (int i = 0; i < 32; i++)
		client[i] ^= signature[i];
	const char *final = arena_printf(a, "%s,p=%s", without, base64_encode(a, client, 32));
	client_write(s, "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</response>", base64_encode(a, final, strlen(final)));
	arena_free(a);
}

/* --- after it --- */

static void bind(struct speaker *s)
{
	client_write(s, "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>%s</resource></bind></iq>", s->resource);
}

static void greet(struct speaker *s)
{
	if (s->wants_acks) {
		client_write(s, "<enable xmlns='urn:xmpp:sm:3'%s/>", s->wants_resume ? " resume='true'" : "");
		s->has_enabled = true;
	}
	if (s->wants_roster)
		client_stanza(s, "<iq type='get' id='q%d'><query xmlns='jabber:iq:roster'/></iq>", client_question(s, true));
	if (s->wants_presence) {
		client_stanza(s, "<presence/>");
		s->is_available = true;
	}
}

static void resume(struct speaker *s)
{
	client_write(s, "<resume xmlns='urn:xmpp:sm:3' previd='%s' h='%u'/>", s->sm_id, s->taken);
}

static void all_the_rest(struct speaker *s)
{
	s->has_pipelined = true;
	header(s);
	if (s->is_resuming) {
		resume(s);
		return;
	}
	bind(s);
	greet(s);
	if (speakers_mood() == CHATTING)
		client_message(s);
}

void login_begin(struct speaker *s)
{
	header(s);
	if (s->login != PLAIN_FROM_HEADER)
		return;
	auth_plain(s);
	all_the_rest(s);
}

static void features(struct speaker *s)
{
	if (s->has_pipelined)
		return;
	if (s->is_authenticated && s->is_resuming)
		resume(s);
	else if (s->is_authenticated)
		bind(s);
	else if (s->login == SCRAM_BY_STEPS || s->login == SCRAM_FROM_RESPONSE)
		auth_scram(s);
	else
		auth_plain(s);
	if (s->login == PLAIN_FROM_AUTH && !s->is_authenticated)
		all_the_rest(s);
}

static void is_bound(struct speaker *s, const struct xml *iq)
{
	struct arena *a = arena_new();
	const char *type = xml_get(iq, "type");
	const char *jid = xml_child_text(xml_child(iq, NS_BIND, "bind"), NS_BIND, "jid", a);
	if (!type || strcmp(type, "result") != 0 || !jid) {
		client_close(s);
	} else {
		snprintf(s->jid, sizeof s->jid, "%s", jid);
		record->session[s->session].is_bound = true;
		snprintf(record->session[s->session].resource, sizeof record->session[0].resource, "%s", strchr(jid, '/') + 1);
		s->state = s->state == NEGOTIATING ? ON : s->state;
		if (!s->has_pipelined)
			greet(s);
	}
	arena_free(a);
}

bool login_element(struct speaker *s, const struct xml *el)
{
	const char *id = xml_get(el, "id");
	if (xml_is(el, NS_STREAMS, "features")) {
		features(s);
	} else if (xml_is(el, NS_SASL, "challenge")) {
		respond(s, el);
		if (s->login == SCRAM_FROM_RESPONSE)
			all_the_rest(s);
	} else if (xml_is(el, NS_SASL, "success")) {
		s->is_authenticated = true;
		xml_parser_restart(s->parser);
		if (!s->has_pipelined)
			header(s);
	} else if (xml_is(el, NS_SASL, "failure")) {
		client_close(s);
	} else if (xml_is(el, NS_CLIENT, "iq") && id && strcmp(id, "bind") == 0) {
		is_bound(s, el);
	} else {
		return false;
	}
	return true;
}

/* What nobody says is -1: less than any word of theirs. */
#include "core/auth_terms.h"
#include "core/source.h"
#include "xmpp/scram.h"
#include <string.h>

static int64_t number_said(const struct config_scope *s, const char *name)
{
	const struct config_value *v = config_said(s, name);
	return v ? v->number : -1;
}

void auth_terms_read(struct auth_terms *t, const struct config_scope *s)
{
	const struct config_value *mechanisms = s->kind == CONFIG_DOMAIN ? NULL : config_said(s, "auth.mechanisms");
	t->mechanisms = mechanisms ? mechanisms->list : NULL;
	t->plain_without_tls = (int)number_said(s, "auth.allow_plain_without_tls");
	t->legacy = (int)number_said(s, "auth.legacy");
	t->verifier_cache = number_said(s, "auth.verifier_cache");
}

void auth_terms_read_global(struct auth_terms *t, const struct config_scope *g)
{
	t->mechanisms = NULL;
	t->plain_without_tls = config_bool(g, "auth.allow_plain_without_tls");
	t->legacy = config_bool(g, "auth.legacy");
	t->verifier_cache = config_duration(g, "auth.verifier_cache");
}

/* Of all of these the smaller value is the stricter one. */
static int64_t stricter(int64_t global, int64_t one, int64_t other)
{
	if (one < 0 && other < 0)
		return global;
	if (one < 0 || other < 0)
		return one < 0 ? other : one;
	return one < other ? one : other;
}

struct auth_terms auth_terms_both(const struct auth_terms *global, const struct auth_terms *domain, const struct auth_terms *listener)
{
	static const struct auth_terms nothing = { NULL, -1, -1, -1 };
	if (!domain)
		domain = &nothing;
	return (struct auth_terms){
		.mechanisms = listener->mechanisms,
		.plain_without_tls = (int)stricter(global->plain_without_tls, domain->plain_without_tls, listener->plain_without_tls),
		.legacy = (int)stricter(global->legacy, domain->legacy, listener->legacy),
		.verifier_cache = stricter(global->verifier_cache, domain->verifier_cache, listener->verifier_cache),
	};
}

/* --- passwords --- */

/* A domain without SCRAM has keys all the same: who sends a password is checked by them. */
void password_terms_read(struct password_terms *t, const struct config_scope *domain)
{
	enum scram_hash hash;
	bool plus;
	*t = (struct password_terms){ .rounds = (unsigned)config_int(domain, "auth.scram_iterations") };
	for (const char *const *m = config_list(domain, "auth.mechanisms"); *m; m++) {
		if (scram_find(*m, &hash, &plus))
			t->hashes |= 1u << hash;
		if (strcmp(*m, "DIGEST-MD5") == 0 || strcmp(*m, "CRAM-MD5") == 0)
			t->keeps_clear = true;
	}
	if (source_names_store(config_text(domain, "auth.digest_md5.uri")))      /* another source has its own */
		t->keeps_clear = 1;
	if (!t->hashes)
		t->hashes = 1u << SCRAM_SHA_256;
}

/* The table of mechanisms, and which of them a stream is offered. */
#include "streams/mechanism.h"
#include "core/entrance.h"
#include <string.h>

static const struct mechanism *const all[] = {
	&mechanism_external,
	&mechanism_scram_sha_512_plus, &mechanism_scram_sha_512,
	&mechanism_scram_sha_256_plus, &mechanism_scram_sha_256,
	&mechanism_scram_sha_1_plus, &mechanism_scram_sha_1,
	&mechanism_gssapi, &mechanism_digest_md5, &mechanism_cram_md5,
	&mechanism_oauthbearer, &mechanism_plain, &mechanism_login,
	&mechanism_ht_exporter, &mechanism_ht_unique, &mechanism_ht_end_point, &mechanism_ht_none,
	&mechanism_anonymous,
};

const struct mechanism *mechanism_find(const char *name)
{
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

static bool has(const char *const *list, const char *name)
{
	for (; *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* DIGEST-MD5 that isn't listed is for those only for whom a source of passwords for it is named. */
static bool has_source(const struct host *host, const struct terms *terms, const struct mechanism *m)
{
	if (m->use == SOURCE_FOR_DIGEST_MD5 && host->digest_by_uri && !terms->sources[m->use] && !host->sources[m->use])
		return false;
	return !m->lives_on || (m->lives_on & source_abilities(source_for(terms->sources, host, m->use)));
}

/* Of what the domain lists. The listener may leave out some. */
static bool is_allowed(const struct host *host, const struct terms *terms, const struct mechanism *m)
{
	return (!terms->auth.mechanisms || has(terms->auth.mechanisms, m->name)) && has_source(host, terms, m);
}

bool mechanism_is_configured(struct c2s *c, const struct mechanism *m)
{
	const struct host *host = c2s_host(c);
	return host && has(host->mechanisms, m->name) && is_allowed(host, c2s_terms(c), m);
}

enum sasl_failure mechanism_lacks(struct c2s *c, const struct mechanism *m)
{
	const bool is_secure = c2s_is_secure(c);
	if ((m->needs & NEEDS_BINDING) && !conn_has_binding(c->conn))
		return SASL_INVALID_MECHANISM;
	if ((c2s_needs_tls(c) || m->needs & NEEDS_TLS) && !is_secure)
		return SASL_ENCRYPTION_REQUIRED;
	if ((m->needs & NEEDS_PRIVACY) && !c2s_may_plain(c))
		return SASL_ENCRYPTION_REQUIRED;
	return m->lacks ? m->lacks(c) : SASL_OK;
}

static bool is_safe(struct c2s *c)
{
	return !c2s_needs_tls(c) || c2s_is_secure(c);
}

bool mechanism_is_offered(struct c2s *c, const struct mechanism *m)
{
	return mechanism_is_configured(c, m) && mechanism_lacks(c, m) == SASL_OK;
}

static const struct mechanism *next(struct c2s *c, unsigned *place, unsigned token)
{
	const struct host *host = c2s_host(c);
	const struct terms *terms = c2s_terms(c);
	while (host && host->mechanisms[*place] && is_safe(c)) {
		const struct mechanism *m = mechanism_find(host->mechanisms[(*place)++]);
		if (m && (m->needs & NEEDS_TOKEN) == token && is_allowed(host, terms, m) && mechanism_lacks(c, m) == SASL_OK)
			return m;
	}
	return NULL;
}

const struct mechanism *mechanism_next(struct c2s *c, unsigned *place)
{
	return next(c, place, 0);
}

const struct mechanism *mechanism_next_fast(struct c2s *c, unsigned *place)
{
	return next(c, place, NEEDS_TOKEN);
}

bool mechanism_offers_binding(struct c2s *c)
{
	unsigned place = 0;
	const struct mechanism *m;
	while ((m = mechanism_next(c, &place)))
		if (m->needs & NEEDS_BINDING)
			return true;
	return false;
}

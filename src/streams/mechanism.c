/* The table of mechanisms, and which of them a stream is offered. */
#include "streams/mechanism.h"
#include "core/entrance.h"
#include <string.h>

static const struct mechanism *const all[] = {
	&mechanism_scram_sha_512_plus, &mechanism_scram_sha_512,
	&mechanism_scram_sha_256_plus, &mechanism_scram_sha_256,
	&mechanism_scram_sha_1_plus, &mechanism_scram_sha_1,
	&mechanism_gssapi, &mechanism_digest_md5, &mechanism_cram_md5,
	&mechanism_plain, &mechanism_login,
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

static bool is_served(struct c2s *c, const struct mechanism *m)
{
	return !m->lives_on || (m->lives_on & source_abilities(c2s_source(c, m->use)));
}

/* DIGEST-MD5 without being listed: where a source of passwords for it is named. */
static bool is_listed(struct c2s *c, const struct host *host, const struct mechanism *m)
{
	if (m->use == SOURCE_FOR_DIGEST_MD5 && (c2s_terms(c)->sources[m->use] || host->sources[m->use]))
		return true;
	return has(host->mechanisms, m->name) && !(m->use == SOURCE_FOR_DIGEST_MD5 && host->digest_by_uri);
}

/* The listener may leave out some of the domain's. */
bool mechanism_is_configured(struct c2s *c, const struct mechanism *m)
{
	const struct host *host = c2s_host(c);
	const char *const *listeners = c2s_terms(c)->auth.mechanisms;
	return host && is_listed(c, host, m) && (!listeners || has(listeners, m->name)) && is_served(c, m);
}

static bool is_to_be_had(struct c2s *c, const struct mechanism *m)
{
	if (c2s_needs_tls(c) && !c2s_is_secure(c))
		return false;
	if ((m->needs & NEEDS_BINDING) && !conn_has_binding(c->conn))
		return false;
	if ((m->needs & NEEDS_PRIVACY) && !c2s_may_plain(c))
		return false;
	return !m->may || m->may(c);
}

bool mechanism_is_offered(struct c2s *c, const struct mechanism *m)
{
	return mechanism_is_configured(c, m) && is_to_be_had(c, m);
}

const struct mechanism *mechanism_next(struct c2s *c, unsigned *place)
{
	const struct host *host = c2s_host(c);
	while (host && host->mechanisms[*place]) {
		const struct mechanism *m = mechanism_find(host->mechanisms[(*place)++]);
		if (m && mechanism_is_offered(c, m))
			return m;
	}
	return NULL;
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

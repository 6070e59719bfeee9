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

/* The listener may leave out some of the domain's. */
bool mechanism_is_configured(struct c2s *c, const struct mechanism *m)
{
	const struct host *host = c2s_host(c);
	const char *const *listeners = c2s_terms(c)->auth.mechanisms;
	return host && has(host->mechanisms, m->name) && (!listeners || has(listeners, m->name));
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

bool mechanism_is_offered(struct c2s *c, const struct mechanism *m)
{
	return mechanism_is_configured(c, m) && mechanism_lacks(c, m) == SASL_OK;
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

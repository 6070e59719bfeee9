/* The table of mechanisms, and which of them a stream is offered. */
#include "streams/mechanism.h"
#include "core/host.h"
#include <string.h>

static const struct mechanism *const all[] = {
	&mechanism_scram_sha_256_plus, &mechanism_scram_sha_256,
	&mechanism_scram_sha_1_plus, &mechanism_scram_sha_1,
	&mechanism_plain,
};

const struct mechanism *mechanism_find(const char *name)
{
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

static bool is_served(struct c2s *c, const struct mechanism *m)
{
	return !m->lives_on || (m->lives_on & source_abilities(c2s_source(c, m->use)));
}

bool mechanism_is_configured(struct c2s *c, const struct mechanism *m)
{
	const struct host *host = c2s_host(c);
	for (const char *const *name = host ? host->mechanisms : NULL; name && *name; name++)
		if (strcmp(*name, m->name) == 0)
			return is_served(c, m);
	return false;
}

static bool is_to_be_had(struct c2s *c, const struct mechanism *m)
{
	if (c2s_needs_tls(c) && !c2s_is_secure(c))
		return false;
	if ((m->needs & NEEDS_BINDING) && !c2s_is_secure(c))
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
		if (m && is_served(c, m) && is_to_be_had(c, m))
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

/* What a stream offers at each step (RFC 6120 §4.3.2), in the order of XEP-0170. */
#include "core/entrance.h"
#include "streams/auth.h"
#include "streams/c2s.h"
#include "streams/legacy.h"
#include "streams/sasl2.h"
#include "streams/signup.h"

static void before_login(struct c2s *c, struct arena *a, struct xml *features)
{
	if (c2s_offers_tls(c))
		xml_append(features, EL(a, NS_TLS, "starttls", c2s_needs_tls(c) ? EL(a, NS_TLS, "required") : NULL));
	auth_features(c, a, features);
	sasl2_features(c, a, features);
	legacy_features(c, a, features);
	signup_features(c, a, features);
}

static void after_login(struct c2s *c, struct arena *a, struct xml *features)
{
	if (!c->session) {
		xml_append(features, EL(a, NS_BIND, "bind"));
		xml_append(features, EL(a, NS_SESSION, "session", EL(a, NS_SESSION, "optional")));
	}
	xml_append(features, EL(a, NS_SM, "sm"));
	const struct host *host = c2s_host(c);
	for (unsigned i = 0; modules[i]; i++)
		if (modules[i]->stream_features && host_runs(host, i))
			modules[i]->stream_features(host, a, features);
}

/* XEP-0478: what a client must keep to on this stream. */
static struct xml *limits(struct c2s *c, struct arena *a)
{
	int64_t stanza = c->account ? c2s_limit(c, CLIENT_STANZA) : (int64_t)c2s_terms(c)->limits.stanza_before;
	int idle = (int)(c2s_terms(c)->idle_time / 1000);
	return EL(a, NS_LIMITS, "limits",
		EL(a, NS_LIMITS, "max-bytes", TEXT(a, arena_printf(a, "%lld", (long long)stanza))),
		idle ? EL(a, NS_LIMITS, "idle-seconds", TEXT(a, arena_printf(a, "%d", idle))) : NULL);
}

struct xml *c2s_features(struct c2s *c, struct arena *a)
{
	struct xml *features = EL(a, NS_STREAMS, "features");
	if (c->account)
		after_login(c, a, features);
	else
		before_login(c, a, features);
	xml_append(features, EL(a, NS_PIPELINING, "pipelining"));            /* XEP-0305 §4 */
	xml_append(features, limits(c, a));
	return features;
}

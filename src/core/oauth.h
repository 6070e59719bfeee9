/*
 * OAuth: by whose tokens a domain's users log in, as one snapshot says
 * (section auth.oauth). Read at start and at each reload; domains that name
 * the same files share what was read.
 */
#pragma once
#include "xmpp/jwt.h"

struct config_scope;
struct config_value;
struct certificates;

struct oauth_keys {
	struct jwks        set;
	const struct config_value *keys, *secret;    /* the settings that they are of */
	struct oauth_keys *next;
};

struct oauth {
	const struct oauth_keys *keys;
	struct jwt_terms   terms;
	const char        *configuration;    /* a URL that clients are told; NULL: none */
	bool               ends_sessions;    /* with their tokens */
	bool               makes_accounts;   /* for those whose token is good */
};

/* `known` is what was read so far; `all` notes what is to be watched. *oauth NULL: the scope names no keys. False: a file can't
 * be used. */
bool oauth_read(const struct oauth **oauth, struct oauth_keys **known, struct certificates *all, const struct config_scope *,
	const char *domain, struct fail *why);
void oauth_clear(struct oauth_keys *);

/*
 * Entity capabilities: one hash says what an entity can do (XEP-0115).
 *
 * `info` is a disco#info <query/>, our own or somebody's answer. Hashes go by
 * their names in XEP-0300: "sha-1", "sha-256".
 */
#pragma once
#include "base/arena.h"
#include "xml/xml.h"

enum caps_verdict {
	CAPS_RIGHT,                  /* the answer is what `ver` promised: keep it for everybody who shows this ver */
	CAPS_WRONG,                  /* not what was promised, or ill-formed (§5.4): of use to nobody */
	CAPS_UNKNOWN,                /* we don't know the hash: keep it for this JID alone */
};

const char *caps_string(struct arena *, const struct xml *info);     /* §5.1's S; NULL when ill-formed */
const char *caps_ver(struct arena *, const struct xml *info, const char *hash);   /* base64; NULL when ill-formed or the hash is unknown */
enum caps_verdict caps_check(struct arena *, const struct xml *info, const char *hash, const char *ver);

/*
 * Entity capabilities, the second way (XEP-0390): hashes of what an entity
 * says of itself, in which no word can pass for two.
 *
 * `info` is a disco#info <query/>, our own or somebody's answer; `lang` the
 * language of what is around it, "" when there is none (§4.1). Hashes go by
 * their names in XEP-0300.
 */
#pragma once
#include "xmpp/caps.h"

#define CAPS2_NODE "urn:xmpp:caps#"  /* and then "sha-256.", and the hash in base64: §4.3 */

const char *caps2_string(struct arena *, const struct xml *info, const char *lang);        /* §4.1; NULL: it can't be hashed */
const char *caps2_hash(struct arena *, const struct xml *info, const char *lang, const char *function);    /* base64; NULL: nor so */
/* §4.4: whether an answer is what the hash promised. Only one that is right may be kept under it, for anybody (§8.2). */
enum caps_verdict caps2_check(struct arena *, const struct xml *info, const char *lang, const char *function, const char *hash);
/* A hash's node apart, in the arena; false when it is none. A function's name may hold a dot. */
bool caps2_read_node(struct arena *, const char *node, const char **function, const char **hash);

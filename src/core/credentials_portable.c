/*
 * The keys of an account as XEP-0227 carries them.
 */
#include "core/credentials.h"
#include "core/portable.h"
#include "xmpp/base64.h"
#include "xmpp/ns.h"
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MOST = 10000000 };

static const char Q_KEYS[] = "SELECT hash, rounds, salt, stored, server FROM credential WHERE account = ?1 ORDER BY hash";
static const char Q_KEYS_ADD[] = "INSERT OR IGNORE INTO credential (account, hash, rounds, salt, stored, server) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

static struct xml *field(struct arena *a, const char *name, const struct row *row, unsigned column)
{
	size_t size;
	const void *bytes = row_blob(row, column, &size);
	return EL(a, NS_PIE_SCRAM, name, TEXT(a, base64_encode(a, bytes, size)));
}

static int64_t export(struct arena *a, struct xml *user, const struct rows *rows, const char *domain)
{
	for (const struct row *row = rows->first; row; row = row->next)
		xml_append(user, EL(a, NS_PIE_SCRAM, "scram-credentials", ATTR(a, "mechanism", row_text(row, 0)),
			EL(a, NS_PIE_SCRAM, "iter-count", TEXT(a, arena_printf(a, "%lld", (long long)row_int(row, 1)))),
			field(a, "salt", row, 2), field(a, "server-key", row, 4), field(a, "stored-key", row, 3)));
	return 0;
}

static bool read_bytes(struct arena *a, const struct xml *el, const char *name, size_t least, size_t most, struct value *to)
{
	size_t size = 0;
	const char *text = xml_child_text(el, NS_PIE_SCRAM, name, a);
	const void *bytes = text ? base64_decode(a, text, &size) : NULL;
	*to = value_blob(bytes, size);
	return bytes && size >= least && size <= most;
}

static enum import_verdict import(struct importing *in, const struct xml *child)
{
	enum scram_hash hash;
	bool plus;
	struct value salt, stored, server;
	if (!xml_is(child, NS_PIE_SCRAM, "scram-credentials"))
		return IMPORT_NOT_MINE;
	const char *mechanism = xml_get(child, "mechanism"), *count = xml_child_text(child, NS_PIE_SCRAM, "iter-count", in->arena);
	long rounds = count ? strtol(count, NULL, 10) : 0;
	if (!mechanism || !scram_find(mechanism, &hash, &plus) || plus || rounds < 1 || rounds > ROUNDS_MOST)
		return IMPORT_WRONG;
	size_t size = scram_size(hash);
	if (!read_bytes(in->arena, child, "salt", 1, SCRAM_SALT, &salt) || !read_bytes(in->arena, child, "stored-key", size, size, &stored)
	    || !read_bytes(in->arena, child, "server-key", size, size, &server))
		return IMPORT_WRONG;
	if (in->overwrites && !in->hashes)               /* an old password's keys of other hashes go */
		import_put(in, Q_CREDENTIAL_REMOVE, V(in->account)), import_put(in, Q_CLEAR_REMOVE, V(in->account));
	in->hashes |= 1u << hash;
	import_put(in, in->overwrites ? Q_CREDENTIAL_PUT : Q_KEYS_ADD, V(in->account), V(scram_mechanism(hash, false)), V((int64_t)rounds), salt, stored, server);
	return IMPORT_TAKEN;
}

const struct portable credentials_portable = { .query = Q_KEYS, .export = export, .import = import };

/* One set of statements for the server and for commands without one. */
#include "core/password_keys.h"
#include "base/random.h"

const char Q_CREDENTIAL_PUT[] = "INSERT OR REPLACE INTO credential (account, hash, rounds, salt, stored, server) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const char Q_CREDENTIAL_REMOVE[] = "DELETE FROM credential WHERE account = ?1";
const char Q_CLEAR_REMOVE[] = "DELETE FROM clear_password WHERE account = ?1";
static const char Q_CLEAR_PUT[] = "INSERT OR REPLACE INTO clear_password (account, host, password) VALUES (?1, ?2, ?3)";

#define PUT(put, with, sql, ...) put(with, sql, (const struct value[]){ __VA_ARGS__ }, sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value))

const struct password_terms *password_terms_usual(void)
{
	static const struct password_terms usual = { .hashes = 1u << SCRAM_SHA_256 | 1u << SCRAM_SHA_1, .rounds = 10000 };
	return &usual;
}

void password_keys_make(void *thing)
{
	struct password_keys *k = thing;
	unsigned char salt[SCRAM_SALT_USUAL];
	for (enum scram_hash hash = 0; hash < SCRAM_HASHES; hash++) {
		if (!(k->terms.hashes >> hash & 1))
			continue;
		random_fill(salt, sizeof salt);
		scram_keys_make(&k->keys[hash], hash, k->password, salt, sizeof salt, k->terms.rounds);
	}
}

void password_keys_write(const struct password_keys *k, int64_t account, const char *domain, password_put *put, void *with)
{
	PUT(put, with, Q_CREDENTIAL_REMOVE, V(account));
	for (enum scram_hash hash = 0; hash < SCRAM_HASHES; hash++) {
		const struct scram_keys *its = &k->keys[hash];
		if (k->terms.hashes >> hash & 1)
			PUT(put, with, Q_CREDENTIAL_PUT, V(account), V(scram_mechanism(hash, false)), V((int64_t)its->rounds),
				value_blob(its->salt, its->salt_size), value_blob(its->stored, scram_size(hash)), value_blob(its->server, scram_size(hash)));
	}
	PUT(put, with, Q_CLEAR_REMOVE, V(account));
	if (k->terms.keeps_clear)
		PUT(put, with, Q_CLEAR_PUT, V(account), V(domain), V(k->password));
}

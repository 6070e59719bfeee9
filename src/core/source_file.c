/*
 * file: a line for each user, in memory as a table.
 *
 *	# a comment
 *	romeo:secret
 *	juliet@example.com:{CLEAR}{starts with a brace
 *	nurse:{SCRAM-SHA-256}10000,c2FsdA==,StoredKey,ServerKey
 *
 * A name without a domain is that user of every domain. Keys are written as
 * `gsasl --mkpasswd` prints them; `:` and `$` may stand for the commas, as in
 * RFC 5803. A user with keys of several hashes has several lines.
 *
 * A file is read whole or not at all: with a wrong line in it the lines of
 * before stay in force.
 */
#include "core/source_inside.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/certificates.h"
#include "xmpp/base64.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BIGGEST = 256 << 20, MOST_ROUNDS = 10000000 };

struct line {                                /* a user */
	struct hash_node by_name;
	struct line     *next;
	const char      *name;               /* prepared: "romeo", or "romeo@example.com" */
	char            *clear;              /* NULL: it has none */
	const struct scram_keys *keys[SCRAM_HASHES];
};

struct table {
	struct arena    *arena;
	struct hash      by_name;
	struct line     *first;
	struct file_facts facts;
	unsigned         can;
	uint64_t         seen;
};

/* Guards each source's table: look-ups, and the exchange for a new one. Nothing is called but the hash and the arena. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct reading {
	struct table *table;
	const char   *path;
	unsigned      line;
	struct fail  *why;
};

static const char *const hash_names[SCRAM_HASHES] = { "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512" };
static const unsigned hash_bits[SCRAM_HASHES] = { SOURCE_SHA_1, SOURCE_SHA_256, SOURCE_SHA_512 };

#define wrong(r, words) fail((r)->why, "%s:%u: %s", (r)->path, (r)->line, words)

/* --- a line --- */

static bool read_bytes(struct reading *r, const char *text, unsigned char *to, size_t least, size_t most, size_t *size)
{
	const unsigned char *bytes = text ? base64_decode(r->table->arena, text, size) : NULL;
	if (!bytes || *size < least || *size > most)
		return false;
	memcpy(to, bytes, *size);
	return true;
}

static bool read_keys(struct reading *r, struct scram_keys *k, char *text)
{
	char *rest = NULL, *end = NULL;
	const char *rounds = strtok_r(text, ",:$", &rest);
	size_t size = scram_size(k->hash), got;
	unsigned long n = rounds ? strtoul(rounds, &end, 10) : 0;
	k->rounds = (unsigned)n;
	return rounds && !*end && n && n <= MOST_ROUNDS
	    && read_bytes(r, strtok_r(NULL, ",:$", &rest), k->salt, 1, SCRAM_SALT, &k->salt_size)
	    && read_bytes(r, strtok_r(NULL, ",:$", &rest), k->stored, size, size, &got)
	    && read_bytes(r, strtok_r(NULL, ",:$", &rest), k->server, size, size, &got);
}

static void note_facts(struct file_facts *f, const struct scram_keys *k)
{
	if (f->rounds[k->hash])
		return;
	f->rounds[k->hash] = k->rounds;
	f->salt_size[k->hash] = k->salt_size;
}

static bool take_keys(struct reading *r, struct line *user, enum scram_hash hash, char *text)
{
	struct scram_keys *k = ARENA_NEW(r->table->arena, struct scram_keys);
	k->hash = hash;
	if (user->keys[hash])
		return wrong(r, "this user has keys of this hash already, further up");
	if (!read_keys(r, k, text))
		return wrong(r, "behind {SCRAM-…} are wanted: the number of rounds, the salt, StoredKey and ServerKey in base64, with commas between");
	user->keys[hash] = k;
	note_facts(&r->table->facts, k);
	return true;
}

static bool take_clear(struct reading *r, struct line *user, const char *text)
{
	const char *password = jid_password(r->table->arena, text);
	if (user->clear)
		return wrong(r, "this user has a password already, further up");
	if (!password || !*password)
		return wrong(r, "the password is empty, or has characters that RFC 8265 forbids");
	user->clear = arena_string(r->table->arena, password);
	r->table->facts.has_clear = true;
	return true;
}

/* What stands in braces says how it is written. An unknown word is an error: someone's hash would be taken for the password itself. */
static bool take_value(struct reading *r, struct line *user, char *text)
{
	char *close = *text == '{' ? strchr(text, '}') : NULL;
	if (*text != '{')
		return take_clear(r, user, text);
	if (close)
		*close = '\0';
	if (close && strcmp(text + 1, "CLEAR") == 0)
		return take_clear(r, user, close + 1);
	for (int i = 0; close && i < SCRAM_HASHES; i++)
		if (strcmp(text + 1, hash_names[i]) == 0)
			return take_keys(r, user, (enum scram_hash)i, close + 1);
	return wrong(r, "in braces may stand CLEAR, SCRAM-SHA-1, SCRAM-SHA-256 or SCRAM-SHA-512; a password that begins with a brace is written behind {CLEAR}");
}

static const char *prepared_name(struct arena *a, const char *text)
{
	if (!strchr(text, '@'))
		return jid_local(a, text);
	const struct jid *jid = jid_parse(a, text);
	return jid && jid->local && !jid->resource ? jid->bare : NULL;
}

static struct line *user_of(struct table *t, const char *name)
{
	struct hash_node *n = hash_find(&t->by_name, name);
	if (n)
		return CONTAINER(n, struct line, by_name);
	struct line *user = ARENA_NEW(t->arena, struct line);
	user->name = name;
	user->next = t->first;
	t->first = user;
	hash_put(&t->by_name, &user->by_name, name);
	return user;
}

static bool read_line(struct reading *r, char *text)
{
	char *colon = strchr(text, ':');
	if (!text[strspn(text, " \t")] || *text == '#')
		return true;
	if (!colon)
		return wrong(r, "a line is user:password, and there is no colon");
	*colon = '\0';
	const char *name = prepared_name(r->table->arena, text);
	if (!name)
		return wrong(r, "before the colon stands no user's name");
	return take_value(r, user_of(r->table, name), colon + 1);
}

/* --- the file --- */

static void table_free(struct table *t)
{
	if (!t)
		return;
	for (struct line *user = t->first; user; user = user->next)
		if (user->clear)
			OPENSSL_cleanse(user->clear, strlen(user->clear));
	hash_clear(&t->by_name);
	arena_free(t->arena);
}

static bool read_lines(struct reading *r, char *text)
{
	for (char *end; *text; text = end) {
		r->line++;
		end = strchrnul(text, '\n');
		char *last = end > text && end[-1] == '\r' ? end - 1 : end;
		end += *end == '\n';
		*last = '\0';
		if (!read_line(r, text))
			return false;
	}
	return true;
}

static unsigned abilities_of(const struct table *t)
{
	const struct file_facts *f = &t->facts;
	unsigned can = SOURCE_KEYS | SOURCE_KNOWS | SOURCE_CHECK | (f->has_clear ? SOURCE_CLEAR : 0u);
	for (int i = 0; i < SCRAM_HASHES; i++)
		can |= f->has_clear || f->rounds[i] ? hash_bits[i] : 0u;
	return can;
}

static bool read_all(int fd, char *to, size_t size, size_t *got)
{
	ssize_t n = 1;
	while (*got < size && (n = read(fd, to + *got, size - *got)) > 0)
		*got += (size_t)n;
	return n >= 0;
}

static bool read_file(struct reading *r, int fd, size_t size)
{
	char *text = mem_new(size + 1);
	size_t got = 0;
	bool ok = read_all(fd, text, size, &got) || fail_errno(r->why, "cannot read %s", r->path);
	ok = ok && (!memchr(text, '\0', got) || fail(r->why, "%s is no text", r->path));
	ok = ok && read_lines(r, text);
	OPENSSL_cleanse(text, size);
	mem_free(text);
	return ok;
}

static void warn_of(const char *path, const struct stat *st)
{
	if (st->st_mode & (S_IROTH | S_IWOTH))
		log_problem("AUTH", "%s holds passwords, and everybody on this machine may %s it", path, st->st_mode & S_IWOTH ? "change" : "read");
}

static bool fill(struct reading *r, int fd)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return fail_errno(r->why, "cannot look at %s", r->path);
	if (!S_ISREG(st.st_mode) || st.st_size > BIGGEST)
		return fail(r->why, "%s is %s", r->path, S_ISREG(st.st_mode) ? "too large" : "no file");
	warn_of(r->path, &st);
	return read_file(r, fd, (size_t)st.st_size);
}

static struct table *table_read(const char *path, struct fail *why)
{
	struct arena *a = arena_new();
	struct table *t = ARENA_NEW(a, struct table);
	struct reading r = { t, path, 0, why };
	t->arena = a;
	t->seen = certificate_look(path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool ok = fd >= 0 ? fill(&r, fd) : fail_errno(why, "cannot open %s", path);
	if (fd >= 0)
		close(fd);
	t->can = abilities_of(t);
	if (ok)
		return t;
	table_free(t);
	return NULL;
}

/* --- the source --- */

static void put(struct source *s, struct table *fresh)
{
	pthread_mutex_lock(&lock);
	struct table *old = s->table;
	s->table = fresh;
	pthread_mutex_unlock(&lock);
	atomic_fetch_add_explicit(&s->version, 1, memory_order_relaxed);
	table_free(old);
}

static bool file_open(struct source *s, struct fail *why)
{
	s->table = table_read(s->rest, why);
	return s->table != NULL;
}

static void file_close(struct source *s)
{
	table_free(s->table);
}

static unsigned file_abilities(const struct source *s)
{
	pthread_mutex_lock(&lock);
	unsigned can = s->table->can;
	pthread_mutex_unlock(&lock);
	return can;
}

/* --- asking --- */

static const struct line *find(const struct table *t, const struct jid *jid)
{
	struct hash_node *n = hash_find(&t->by_name, jid->bare);
	n = n ? n : hash_find(&t->by_name, jid->local);
	return n ? CONTAINER(n, struct line, by_name) : NULL;
}

bool file_find(const struct source *s, struct arena *a, const struct jid *jid, struct file_user *to, struct file_facts *facts)
{
	*to = (struct file_user){ 0 };
	pthread_mutex_lock(&lock);
	const struct line *user = find(s->table, jid);
	*facts = s->table->facts;
	if (user)
		to->clear = arena_string(a, user->clear);
	for (int i = 0; user && i < SCRAM_HASHES; i++)
		if (user->keys[i]) {
			to->keys[i] = *user->keys[i];
			to->has |= 1u << i;
		}
	pthread_mutex_unlock(&lock);
	return user != NULL;
}

/* --- reading again --- */

struct looking { struct fail *why; bool is_well; };

static uint64_t seen(const struct source *s)
{
	pthread_mutex_lock(&lock);
	uint64_t number = s->table->seen;
	pthread_mutex_unlock(&lock);
	return number;
}

static void look_at(void *with, struct source *s)
{
	struct looking *l = with;
	struct fail why;
	if (s->kind != &source_file || certificate_look(s->rest) == seen(s))
		return;
	struct table *fresh = table_read(s->rest, &why);
	if (fresh)
		put(s, fresh);
	else if (l->is_well)
		l->is_well = fail(l->why, "%s", why.text);
	if (fresh)
		log_major("AUTH", "%s is read anew, because it changed", s->rest);
}

bool sources_look(const struct sources *in, struct fail *why)
{
	struct looking l = { why, true };
	sources_each(in, look_at, &l);
	return l.is_well;
}

const struct source_kind source_file = {
	.scheme = "file", .open = file_open, .close = file_close, .abilities = file_abilities,
};

/*
 * Every source of the process, by its URI, and which of them a snapshot names.
 *
 * What a source holds, a file's lines or programs that wait to be asked, lives
 * as long as some snapshot names it; so a reload that leaves it alone costs
 * nothing.
 */
#include "core/source_inside.h"
#include "base/check.h"
#include "base/mem.h"
#include "core/account.h"
#include "core/config.h"
#include "core/home.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MEMORY_OF_OTHERS = 60000 };           /* ms that another's yes is believed: it may take it back without telling us */

static const struct source_kind *const kinds[] = { &source_sqlite, &source_file, &source_exec, &source_pam, &source_http, &source_https };

/* Whoever says `sqlite:` of a listener means it, even where the domain says something else. */
static struct source the_store = { .magic = SOURCE_MAGIC };

/* Guards `all`, `made` and the shares of each; nothing is called and no other lock is taken while it is held. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct hash all;
static unsigned made;

/* --- one --- */

static const char *behind_scheme(const char *uri)
{
	const char *rest = strchr(uri, ':') + 1;
	if (strncmp(rest, "//", 2) == 0)             /* file:///etc/x, pam://service */
		rest += 2;
	return rest;
}

/* scheme://name:password@host: that is nobody's business. */
static char *shown(const char *uri)
{
	const char *start = strstr(uri, "://"), *at = start ? strchr(start, '@') : NULL;
	if (!at || at > start + 3 + strcspn(start + 3, "/?"))
		return mem_string(uri);
	return mem_printf("%.*s********%s", (int)(start + 3 - uri), uri, at);
}

static const struct source_kind *kind_of(const char *uri)
{
	size_t length = strcspn(uri, ":");
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strlen(kinds[i]->scheme) == length && strncasecmp(kinds[i]->scheme, uri, length) == 0)
			return kinds[i];
	return NULL;
}

static void source_free(struct source *s)
{
	if (s->kind->close)
		s->kind->close(s);
	s->magic = 0;
	mem_free(s->uri);
	mem_free(s->name);
	mem_free(s);
}

static struct source *source_new(const struct source_kind *kind, const char *uri, struct fail *why)
{
	struct source *s = NEW(struct source);
	s->magic = SOURCE_MAGIC;
	s->uri = mem_string(uri);
	s->name = shown(uri);
	s->rest = behind_scheme(s->uri);
	s->kind = kind;
	s->shares = 1;
	list_init(&s->waiting);
	list_init(&s->under_way);
	if (!kind->open || kind->open(s, why))
		return s;
	source_free(s);
	return NULL;
}

static struct source *find(const char *uri)
{
	pthread_mutex_lock(&lock);
	struct hash_node *n = hash_find(&all, uri);
	struct source *s = n ? CONTAINER(n, struct source, by_uri) : NULL;
	if (s)
		s->shares++;
	pthread_mutex_unlock(&lock);
	return s;
}

/* One thread at a time, at start or under the reload's lock: nobody else makes the same meanwhile. */
static struct source *find_or_make(const char *uri, struct fail *why)
{
	const struct source_kind *kind = kind_of(uri);
	struct source *s = find(uri);
	if (s)
		return s;
	if (!kind)
		return fail(why, "passwords can't be at %.*s: so far there are sqlite:, file:, exec:, pam:, http: and https:", (int)strcspn(uri, ":") + 1, uri), NULL;
	if (!(s = source_new(kind, uri, why)))
		return NULL;
	pthread_mutex_lock(&lock);
	s->number = ++made;
	hash_put(&all, &s->by_uri, s->uri);
	pthread_mutex_unlock(&lock);
	return s;
}

struct source *source_share(struct source *s)
{
	pthread_mutex_lock(&lock);
	s->shares++;
	pthread_mutex_unlock(&lock);
	return s;
}

void source_drop(struct source *s)
{
	pthread_mutex_lock(&lock);
	bool is_last = !--s->shares;
	if (is_last)
		hash_remove(&all, &s->by_uri);
	pthread_mutex_unlock(&lock);
	if (is_last)
		source_free(s);
}

bool source_is_forgotten(struct source *s)
{
	pthread_mutex_lock(&lock);
	bool is = s->shares == 1;
	pthread_mutex_unlock(&lock);
	return is;
}

bool source_names_store(const char *uri)
{
	return uri && strncasecmp(uri, "sqlite:", 7) == 0 && !*behind_scheme(uri);
}

/* --- those of a snapshot --- */

struct named {
	struct hash_node node;
	struct source   *source;             /* a share */
};

static struct named *find_named(const struct sources *in, const char *uri)
{
	struct hash_node *n = hash_find(&in->by_uri, uri);
	return n ? CONTAINER(n, struct named, node) : NULL;
}

bool sources_get(struct sources *in, const char *uri, struct source **source, struct fail *why)
{
	*source = NULL;
	if (!uri)
		return true;
	if (source_names_store(uri)) {
		*source = &the_store;
		return true;
	}
	struct named *n = find_named(in, uri);
	if (!n) {
		struct source *s = find_or_make(uri, why);
		if (!s)
			return false;
		n = NEW(struct named);
		n->source = s;
		hash_put(&in->by_uri, &n->node, s->uri);
	}
	*source = n->source;
	return true;
}

static bool let_go(struct hash_node *node, void *with)
{
	struct named *n = CONTAINER(node, struct named, node);
	hash_remove(with, node);
	source_drop(n->source);
	mem_free(n);
	return true;
}

void sources_clear(struct sources *in)
{
	hash_each(&in->by_uri, let_go, &in->by_uri);
	hash_clear(&in->by_uri);
}

struct each { void (*fn)(void *, struct source *); void *with; };

static bool tell(struct hash_node *node, void *with)
{
	const struct each *e = with;
	e->fn(e->with, CONTAINER(node, struct named, node)->source);
	return true;
}

void sources_each(const struct sources *in, void (*fn)(void *, struct source *), void *with)
{
	struct each e = { fn, with };
	struct hash by_uri = in->by_uri;             /* a view of it; nothing is put in or taken out */
	hash_each(&by_uri, tell, &e);
}

const char *source_file_of(const struct source *s)
{
	return s->kind == &source_file ? s->rest : NULL;
}

/* --- what they can --- */

unsigned source_abilities(const struct source *s)
{
	if (!s || s == &the_store)
		return SOURCE_KEYS | SOURCE_CLEAR | SOURCE_WRITES | SOURCE_KNOWS | SOURCE_SHA_1 | SOURCE_SHA_256 | SOURCE_SHA_512;      /* what the domain wants of it, it keeps */
	return s->kind->abilities ? s->kind->abilities(s) : s->kind->can;
}

struct source *source_of_host(const struct host *host, enum source_use use)
{
	struct source *s = host ? host->sources[use] : NULL;
	if (!s && host)
		s = host->sources[SOURCE_FOR_PLAIN];
	return s == &the_store ? NULL : s;
}

struct source *source_for(struct source *const listeners[SOURCE_USES], const struct host *host, enum source_use use)
{
	struct source *said = listeners[use];
	if (!said && !(use != SOURCE_FOR_PLAIN && host && host->sources[use]))
		said = listeners[SOURCE_FOR_PLAIN];
	return !said ? source_of_host(host, use) : said == &the_store ? NULL : said;
}

unsigned source_can(const struct host *host, enum source_use use)
{
	return source_abilities(source_of_host(host, use));
}

const char *source_name(const struct source *s)
{
	return s && s != &the_store ? s->name : "sqlite:";
}

const char *source_uri(const struct source *s)
{
	return s && s != &the_store ? s->uri : NULL;
}

struct source *source_asked(const struct turn *t, bool *ok)
{
	const char *uri = xml_get(t->stanza, "source");
	const struct sources *here = t->account->home->hosts->sources;
	struct named *n = uri && here ? find_named(here, uri) : NULL;
	*ok = !uri || n;
	return n ? n->source : NULL;
}

uint32_t source_stamp(const struct source *s)
{
	return s ? s->number << 16 ^ atomic_load_explicit(&s->version, memory_order_relaxed) : 0;
}

msec source_memory(const struct source *s, msec wish)
{
	return s && wish > MEMORY_OF_OTHERS && (source_abilities(s) & SOURCE_CHECK) && !s->table ? MEMORY_OF_OTHERS : wish;
}

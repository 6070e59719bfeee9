/*
 * The line without its hash is what is hashed, behind the hash of the line
 * before: SHA-256(previous, line up to the hash). Lines are made on the loop
 * that serves commands; a worker numbers, chains and writes them, one batch at
 * a time. Without loops it is done at once.
 */
#include "core/audit.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/command_words.h"
#include "core/home.h"
#include "xmpp/datetime.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGEST = 32, LINE_MOST = 1 << 20 };
static const char hash_field[] = ",\"hash\":\"", line_end[] = "\"}\n";
static const char no_hash[AUDIT_HASH + 1] = "0000000000000000000000000000000000000000000000000000000000000000";

struct waiting { struct waiting *next; json_t *line; };

static struct {
	char *path, *head_path;              /* NULL: there is no trail */
	struct waiting *first, **last;       /* the loop's */
	bool is_working;
	/* The worker's while one works: */
	struct waiting *batch;
	int fd;                              /* -1: none */
	uint64_t number;
	char hash[AUDIT_HASH + 1];           /* of the last line */
	bool is_failing;
} trail = { .fd = -1 };

const char *audit_path(struct arena *a, const struct config *config)
{
	const struct config_scope *g = config_global(config);
	const char *path = config_text(g, "audit.file");
	if (!config_bool(g, "audit.enabled"))
		return NULL;
	return path ? path : arena_printf(a, "%s/audit.log", config_data_dir(config));
}

/* --- the chain --- */

static void hash_line(const char *previous, const char *line, size_t size, char to[AUDIT_HASH + 1])
{
	unsigned char digest[DIGEST];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
	EVP_DigestUpdate(ctx, previous, AUDIT_HASH);
	EVP_DigestUpdate(ctx, line, size);
	EVP_DigestFinal_ex(ctx, digest, NULL);
	EVP_MD_CTX_free(ctx);
	for (int i = 0; i < DIGEST; i++)
		snprintf(to + 2 * i, 3, "%02x", digest[i]);
}

/* The line without its hash and what follows; 0: it has none. */
static size_t hashed_part(const char *line, size_t size)
{
	size_t tail = sizeof hash_field - 1 + AUDIT_HASH + sizeof line_end - 1;
	if (size <= tail || memcmp(line + size - tail, hash_field, sizeof hash_field - 1) != 0)
		return 0;
	return memcmp(line + size - (sizeof line_end - 1), line_end, sizeof line_end - 1) == 0 ? size - tail : 0;
}

static bool read_line(const char *line, size_t size, uint64_t *number, char previous[AUDIT_HASH + 1], char hash[AUDIT_HASH + 1])
{
	size_t part = hashed_part(line, size);
	json_t *object = part ? json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *before = json_string_value(json_object_get(object, "previous"));
	*number = (uint64_t)json_integer_value(json_object_get(object, "n"));
	bool ok = before && strlen(before) == AUDIT_HASH && *number;
	if (ok)
		memcpy(previous, before, AUDIT_HASH + 1);
	snprintf(hash, AUDIT_HASH + 1, "%.*s", AUDIT_HASH, ok ? line + part + sizeof hash_field - 1 : "");
	json_decref(object);
	return ok;
}

static bool read_head(const char *path, uint64_t *number, char hash[AUDIT_HASH + 1])
{
	FILE *f = fopen(path, "re");
	unsigned long long n = 0;
	bool ok = f && fscanf(f, "%llu %64s", &n, hash) == 2 && strlen(hash) == AUDIT_HASH;
	*number = n;
	if (f)
		fclose(f);
	return ok;
}

/* --- writing --- */

static void failing(const char *what, const char *path)
{
	if (!trail.is_failing)
		log_major("AUDIT", "%s %s: %s. Acts are not written down", what, path, strerror(errno));
	trail.is_failing = true;
}

/* A file that was moved away is followed by a new one. */
static bool open_file(void)
{
	struct stat here, open_one;
	if (trail.fd >= 0 && stat(trail.path, &here) == 0 && fstat(trail.fd, &open_one) == 0 && here.st_ino == open_one.st_ino && here.st_dev == open_one.st_dev)
		return true;
	if (trail.fd >= 0)
		close(trail.fd);
	trail.fd = open(trail.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (trail.fd < 0)
		failing("cannot open", trail.path);
	return trail.fd >= 0;
}

static void add_line(struct buf *out, json_t *object)
{
	char hash[AUDIT_HASH + 1];
	json_object_set_new(object, "n", json_integer((json_int_t)++trail.number));
	json_object_set_new(object, "previous", json_string(trail.hash));
	char *text = json_dumps(object, JSON_COMPACT);
	size_t size = strlen(text) - 1;      /* without its brace */
	hash_line(trail.hash, text, size, hash);
	buf_add(out, text, size);
	buf_add(out, hash_field, sizeof hash_field - 1);
	buf_add(out, hash, AUDIT_HASH);
	buf_add(out, line_end, sizeof line_end - 1);
	memcpy(trail.hash, hash, sizeof hash);
	free(text);
}

static bool write_head(void)
{
	char *fresh = mem_printf("%s.new", trail.head_path);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && dprintf(fd, "%llu %s\n", (unsigned long long)trail.number, trail.hash) > 0 && fdatasync(fd) == 0;
	if (fd >= 0)
		close(fd);
	ok = ok && rename(fresh, trail.head_path) == 0;
	mem_free(fresh);
	return ok;
}

static struct waiting *drop(struct waiting *w)
{
	struct waiting *next = w->next;
	json_decref(w->line);
	mem_free(w);
	return next;
}

/* All, or none. */
static bool write_lines(const struct buf *out)
{
	struct stat before;
	if (fstat(trail.fd, &before) == 0 && write(trail.fd, buf_start(out), buf_length(out)) == (ssize_t)buf_length(out) && fdatasync(trail.fd) == 0)
		return true;
	failing("cannot write", trail.path);
	if (ftruncate(trail.fd, before.st_size) < 0)
		failing("cannot cut", trail.path);
	return false;
}

/* What can't be written is gone; the chain goes on from what was. */
static void write_batch(void *with)
{
	struct buf out = { 0 };
	uint64_t number = trail.number;
	char hash[AUDIT_HASH + 1];
	memcpy(hash, trail.hash, sizeof hash);
	for (struct waiting *w = trail.batch; w; w = drop(w))
		add_line(&out, w->line);
	trail.batch = NULL;
	bool ok = open_file() && write_lines(&out);
	if (!ok) {
		trail.number = number;
		memcpy(trail.hash, hash, sizeof hash);
	} else if (!write_head())
		failing("cannot write", trail.head_path);
	else
		trail.is_failing = false;
	buf_clear(&out);
}

static void begin_batch(void);

static void batch_written(void *with)
{
	trail.is_working = false;
	if (trail.first)
		begin_batch();
}

static void begin_batch(void)
{
	trail.batch = trail.first;
	trail.first = NULL;
	trail.last = &trail.first;
	if (!loop_here()) {
		write_batch(NULL);
		return;
	}
	trail.is_working = true;
	loop_work(write_batch, batch_written, NULL);
}

void audit_act(const char *who, const char *face, const char *command, json_t *arguments, const char *error)
{
	if (!trail.path) {
		json_decref(arguments);
		return;
	}
	struct arena *a = arena_new();
	struct waiting *w = NEW(struct waiting);
	w->line = json_pack("{s:n, s:s, s:s, s:s, s:s, s:o*, s:s, s:s*}", "n", "time", datetime_print_msec(a, clock_wall()), "who", who ? who : "",
		"face", face ? face : "", "command", command, "arguments", arguments, "outcome", error ? "failed" : "done", "error", error);
	arena_free(a);
	if (!w->line)                        /* words that are no UTF-8 */
		w->line = json_pack("{s:n, s:s, s:s, s:s}", "n", "who", who ? who : "", "command", command, "outcome", error ? "failed" : "done");
	*trail.last = w;
	trail.last = &w->next;
	if (!trail.is_working)
		begin_batch();
}

static bool is_secret(const struct command_arg *arg)
{
	return arg->flags & (ARG_HIDDEN | ARG_ASKED) || strstr(arg->name, "PASSWORD");
}

void audit_command(const struct command_run *run)
{
	json_t *arguments = json_object();
	const struct command_arg *args = run->command->args;
	struct arena *a = arena_new();
	for (size_t i = 0; args && args[i].name; i++)
		if (run->values[i])
			json_object_set_new(arguments, args[i].name, is_secret(&args[i]) ? json_string("[hidden]") : *run->values[i] ? json_string(run->values[i]) : json_true());
	audit_act(run->asker->who, run->asker->face, command_name(a, run->command), arguments, run->error);
	arena_free(a);
}

/* --- where it had come to --- */

struct tail { uint64_t number; char hash[AUDIT_HASH + 1]; bool is_there; };

/* A process that ended in the middle of a line: nobody was told of it. */
static void cut_half_line(const char *path, off_t at)
{
	log_problem("AUDIT", "%s ended with half a line: cut off", path);
	if (truncate(path, at) < 0)
		failing("cannot cut", path);
}

static struct tail last_line(const char *path)
{
	struct tail t = { 0 };
	char previous[AUDIT_HASH + 1], *line = NULL;
	size_t room = 0;
	FILE *f = fopen(path, "re");
	if (f && fseek(f, -LINE_MOST, SEEK_END) < 0)
		rewind(f);
	off_t whole = 0;
	bool is_half = false;
	for (ssize_t n; f && (n = getline(&line, &room, f)) > 0; whole = is_half ? whole : ftello(f)) {
		struct tail this = { .is_there = true };
		is_half = line[n - 1] != '\n';
		if (read_line(line, (size_t)n, &this.number, previous, this.hash))
			t = this;
	}
	free(line);
	if (f)
		fclose(f);
	if (is_half)
		cut_half_line(path, whole);
	return t;
}

void audit_begin(const char *path)
{
	char hash[AUDIT_HASH + 1] = "";
	if (!path || trail.path)
		return;
	trail.path = mem_string(path);
	trail.head_path = mem_printf("%s.head", path);
	trail.last = &trail.first;
	struct tail t = last_line(path);
	bool has_head = read_head(trail.head_path, &trail.number, hash);
	bool is_ahead = t.is_there && t.number > trail.number;           /* the process ended between the line and its head */
	if (has_head && t.is_there && !is_ahead && strcmp(t.hash, hash) != 0)
		log_major("AUDIT", "%s doesn't end as it did: its last line is %llu, and should be %llu", path, (unsigned long long)t.number,
			(unsigned long long)trail.number);
	if (!has_head || is_ahead)
		trail.number = t.is_there ? t.number : 0;
	memcpy(trail.hash, has_head && !is_ahead ? hash : t.is_there ? t.hash : no_hash, sizeof trail.hash);
}

/* --- looking through it --- */

struct head { uint64_t number; char hash[AUDIT_HASH + 1]; bool is_there, fits; };

static bool check_line(struct audit_found *found, struct head *head, const char *name, const char *line, size_t size, struct fail *why)
{
	uint64_t number;
	char previous[AUDIT_HASH + 1], hash[AUDIT_HASH + 1], ought[AUDIT_HASH + 1];
	if (!read_line(line, size, &number, previous, hash))
		return fail(why, "%s: behind line %llu there is something that is no line of a trail, or half of one", name, (unsigned long long)found->last);
	if (found->lines && (number != found->last + 1 || strcmp(previous, found->hash) != 0))
		return fail(why, "%s: line %llu doesn't follow line %llu: something between them was removed, added or moved", name,
			(unsigned long long)number, (unsigned long long)found->last);
	if (!found->lines && number == 1 && strcmp(previous, no_hash) != 0)
		return fail(why, "%s: the first line was changed", name);
	hash_line(previous, line, hashed_part(line, size), ought);
	if (strcmp(ought, hash) != 0)
		return fail(why, "%s: line %llu was changed", name, (unsigned long long)number);
	found->first = found->lines++ ? found->first : number;
	found->last = number;
	memcpy(found->hash, hash, sizeof hash);
	head->fits |= head->is_there && head->number == number && strcmp(head->hash, hash) == 0;
	return true;
}

static bool check_file(struct audit_found *found, struct head *head, const char *name, struct fail *why)
{
	char *line = NULL;
	size_t room = 0;
	FILE *f = fopen(name, "re");
	bool ok = f || fail_errno(why, "cannot read %s", name);
	for (ssize_t n; ok && (n = getline(&line, &room, f)) > 0; )
		ok = check_line(found, head, name, line, (size_t)n, why);
	free(line);
	if (f)
		fclose(f);
	return ok;
}

bool audit_verify(const char *const *files, size_t count, struct audit_found *found, struct fail *why)
{
	struct head head = { 0 };
	char *path = mem_printf("%s.head", files[count - 1]);
	head.is_there = read_head(path, &head.number, head.hash);
	mem_free(path);
	*found = (struct audit_found){ .has_head = head.is_there };
	for (size_t i = 0; i < count; i++)
		if (!check_file(found, &head, files[i], why))
			return false;
	if (head.is_there && !head.fits)
		return fail(why, "%s: its last line is %llu, and there were %llu: the end is missing, or another trail's", files[count - 1],
			(unsigned long long)found->last, (unsigned long long)head.number);
	return true;
}

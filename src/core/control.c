/*
 * One question of a connection runs at a time; its further lines wait in the
 * buffer, and the connection is read no further. A peer that goes away before
 * its answer (closing its sending side counts) leaves the run to end by
 * itself.
 *
 * A long answer comes in parts, {"part":"base64"}, before it; the handler goes
 * on when the socket has taken them.
 */
#include "core/control.h"
#include "base/check.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/command_words.h"
#include "core/config.h"
#include "net/conn.h"
#include "xmpp/base64.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CONTROL_MAGIC = 0x6374726c, LINGER = 5000, CONNECTIONS = 64, WORDS = 64, QUEUED = 64 * 1024 };

struct control {
	unsigned     magic;
	struct list  link;
	struct conn *conn;                   /* NULL: the peer has gone */
	struct command_asker asker;
	char         who[32];
	struct buf   in;
	size_t       searched;               /* bytes of it without a line's end */
	bool         is_running;             /* a command is under way */
	struct command_run *run;             /* the one under way, once it sends parts */
	void       (*taken)(struct command_run *);   /* waits until parts are taken */
	bool         is_posted;              /* look_whether_taken is on its way */
	bool         is_inside;              /* its lines are being gone through: not freed before that is left */
};

static struct listener *listener;
static struct list controls;
static unsigned control_count;
static bool is_stopping;

/* Frees what nobody refers to any more; else reads on when it may. */
static void look_again(struct control *c)
{
	if (c->conn && !c->is_running)
		conn_resume(c->conn);
	else if (c->conn)
		conn_pause(c->conn);
	if (c->conn || c->is_running || c->is_inside || c->is_posted)
		return;
	list_remove(&c->link);
	control_count--;
	buf_clear(&c->in);
	c->magic = 0;
	mem_free(c);
}

static void hang_up(struct control *c)
{
	conn_close(c->conn, LINGER);
	c->conn = NULL;
}

/* --- answers --- */

static int write_some(const char *bytes, size_t size, void *with)
{
	conn_write(with, bytes, size);
	return 0;
}

static void write_answer(struct control *c, json_t *answer)
{
	json_dump_callback(answer, write_some, c->conn, JSON_COMPACT);
	conn_write(c->conn, "\n", 1);
	json_decref(answer);
}

static void refuse(struct control *c, const char *why)
{
	write_answer(c, json_pack("{s:b, s:s}", "ok", 0, "error", why));
}

static void go_on(struct control *);

static void finished(struct command_run *run, void *with)
{
	struct control *c = with;
	CHECK(c, CONTROL_MAGIC);
	c->is_running = false;
	c->run = NULL;
	c->taken = NULL;
	if (c->conn)
		write_answer(c, command_answer(run));
	if (c->conn && is_stopping)
		hang_up(c);
	go_on(c);
}

/* --- parts --- */

static void part(struct command_run *run, const void *bytes, size_t size, void *with)
{
	struct control *c = with;
	CHECK(c, CONTROL_MAGIC);
	c->run = run;
	struct arena *a = arena_new();
	const char *text = base64_encode(a, bytes, size);
	conn_write(c->conn, "{\"part\":\"", 9);
	conn_write(c->conn, text, strlen(text));
	conn_write(c->conn, "\"}\n", 3);
	arena_free(a);
}

/* The run may end in it, and we with the run: not before it is left. */
static void tell_taken(struct control *c)
{
	void (*fn)(struct command_run *) = c->taken;
	if (!fn || (c->conn && conn_queued(c->conn) > QUEUED))
		return;
	c->taken = NULL;
	c->is_inside = true;
	fn(c->run);
	c->is_inside = false;
}

static void look_whether_taken(void *thing)
{
	struct control *c = thing;
	CHECK(c, CONTROL_MAGIC);
	c->is_posted = false;
	tell_taken(c);
	go_on(c);
}

static void when_taken(struct command_run *run, void (*fn)(struct command_run *), void *with)
{
	struct control *c = with;
	CHECK(c, CONTROL_MAGIC);
	c->run = run;
	c->taken = fn;
	if (!c->is_posted)
		post(loop_here(), look_whether_taken, c);
	c->is_posted = true;
}

/* --- questions --- */

static bool read_words(const json_t *question, const char *words[WORDS], size_t *count)
{
	const json_t *args = json_object_get(question, "args");
	*count = json_array_size(args);
	if (!*count || *count > WORDS)
		return false;
	for (size_t i = 0; i < *count; i++)
		if (!(words[i] = json_string_value(json_array_get(args, i))))
			return false;
	return true;
}

/* Without its arguments: there may be passwords among them. */
static void log_question(const char *noun, const char *verb)
{
	const struct command *command = command_find(noun, verb);
	log_low("CONTROL", "%s%s%s", command ? command->noun : "an unknown command", command && command->verb ? " " : "",
		command && command->verb ? command->verb : "");
}

static void run(struct control *c, const json_t *question)
{
	const char *words[WORDS];
	size_t count;
	if (!read_words(question, words, &count)) {
		refuse(c, "a question is {\"args\":[\"…\"],\"stdin\":\"…\"}");
		return;
	}
	log_question(words[0], count > 1 ? words[1] : NULL);
	c->is_running = true;
	command_start(words, count, json_string_value(json_object_get(question, "stdin")), NULL, &c->asker, c);
}

static void take_line(struct control *c, const char *line, size_t size)
{
	json_error_t error;
	json_t *question = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
	if (question)
		run(c, question);
	else
		refuse(c, "that is no JSON");
	json_decref(question);
}

/* False: no whole line is there. */
static bool next_line(struct control *c)
{
	size_t length = buf_length(&c->in);
	const char *end = length > c->searched ? memchr(buf_start(&c->in) + c->searched, '\n', length - c->searched) : NULL;
	c->searched = end ? 0 : length;
	if (!end)
		return false;
	size_t size = (size_t)(end - buf_start(&c->in));
	take_line(c, buf_start(&c->in), size);
	explicit_bzero(buf_start(&c->in), size);     /* it may hold passwords */
	buf_take(&c->in, size + 1);
	return true;
}

static void go_on(struct control *c)
{
	if (c->is_inside)
		return;
	c->is_inside = true;
	while (c->conn && !c->is_running && next_line(c))
		;
	if (c->conn && !c->is_running && buf_length(&c->in) > CONTROL_LINE) {
		refuse(c, "the line is too long");
		hang_up(c);
	}
	c->is_inside = false;
	look_again(c);
}

/* --- the socket --- */

static size_t input(void *with, const char *bytes, size_t size)
{
	struct control *c = with;
	CHECK(c, CONTROL_MAGIC);
	buf_add(&c->in, bytes, size);
	go_on(c);
	return size;
}

static void written(void *with, uint64_t total)
{
	struct control *c = with;
	CHECK(c, CONTROL_MAGIC);
	if (!c->taken)
		return;
	tell_taken(c);
	go_on(c);
}

static void ended(void *with, enum conn_end why, const char *words)
{
	struct control *c = with;
	CHECK(c, CONTROL_MAGIC);
	conn_free(c->conn);
	c->conn = NULL;
	c->is_inside = true;
	if (c->run)
		command_leave(c->run);
	if (c->run)
		tell_taken(c);
	c->is_inside = false;
	look_again(c);
}

static const struct conn_owner control_owner = { .input = input, .written = written, .ended = ended };

static bool may_ask(const struct conn *conn, uid_t *user)
{
	if (!conn_peer_user(conn, user))
		return false;
	if (*user == 0 || *user == geteuid())
		return true;
	log_problem("CONTROL", "user %lu was turned away", (unsigned long)*user);
	return false;
}

static void accepted(void *with, struct conn *conn)
{
	uid_t user;
	if (control_count >= CONNECTIONS || !may_ask(conn, &user)) {
		conn_abort(conn);
		return;
	}
	struct control *c = NEW(struct control);
	c->magic = CONTROL_MAGIC;
	c->conn = conn;
	snprintf(c->who, sizeof c->who, "uid %lu", (unsigned long)user);
	c->asker = (struct command_asker){ finished, part, when_taken, c->who, "control socket" };
	list_append(&controls, &c->link);
	control_count++;
	conn_own(conn, &control_owner, c);
}

const char *control_path(struct arena *a, const struct config *config)
{
	const char *path = config_text(config_global(config), "control_socket");
	return path ? path : arena_printf(a, "%s/control.sock", config_data_dir(config));
}

bool control_open(const struct config *config, struct fail *why)
{
	struct arena *a = arena_new();
	struct listen_options options = { .address = arena_printf(a, "unix:%s", control_path(a, config)), .file_mode = 0600 };
	listener = listener_open(&options, why);
	arena_free(a);
	return listener != NULL;
}

void control_start(void)
{
	is_stopping = false;
	list_init(&controls);
	listener_start(listener, accepted, NULL);
}

void control_stop(void)
{
	is_stopping = true;
	listener_close(listener);
	listener = NULL;
	LIST_EACH(&controls, struct control, link, c) {
		c->is_inside = true;
		if (c->is_running && c->run)
			command_leave(c->run);           /* what goes on and on ends */
		c->is_inside = false;
		if (!c->is_running && c->conn)
			hang_up(c);
		look_again(c);
	}
}

/*
 * A run lies in its own arena and ends in `finished`, whoever waits for it.
 */
#include "core/command.h"
#include "base/check.h"
#include "base/mem.h"
#include "core/audit.h"
#include "core/command_may.h"
#include "core/command_words.h"
#include "core/host.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void end(struct command_run *run)
{
	if (run->command && run->command->is_act)
		audit_command(run);
	run->asker->finished(run, run->with);
	json_decref(run->rows);
	arena_free(run->arena);
}

static const char *const *copy_words(struct arena *a, const char *const *args, size_t count)
{
	const char **copies = arena_alloc(a, (count + 1) * sizeof *copies);
	for (size_t i = 0; i < count; i++)
		copies[i] = arena_string(a, args[i]);
	return copies;
}

static bool is_allowed(struct command_run *run, const struct command_from *from)
{
	struct fail why;
	if (!from || !from->jid || command_may(hosts_here(), run->command, run->values, from->jid, &why))
		return true;
	command_refuse(run, FORBIDDEN, "%s", why.text);
	return false;
}

static void run_it(struct command_run *run, const struct command_from *from)
{
	if (!run->command->run || run->command->where == COMMAND_PROGRAM)
		command_fail(run, "%s is no command for a running server", run->command->noun);
	else if (is_allowed(run, from))
		run->command->run(run);
}

static struct command_run *run_new(const char *input, const struct command_from *from, const struct command_asker *asker, void *with)
{
	struct arena *a = arena_new();
	struct command_run *run = ARENA_NEW(a, struct command_run);
	run->arena = a;
	run->rows = json_array();
	run->input = arena_string(a, input ? input : "");
	run->direct = from ? from->direct : NULL;
	run->file = from ? arena_string(a, from->file) : NULL;
	run->asker = asker;
	run->with = with;
	return run;
}

static void begin(struct command_run *run, const struct command_words *words, bool is_right, const struct command_from *from)
{
	run->command = words->command;
	memcpy(run->values, words->values, sizeof run->values);
	if (is_right)
		run_it(run, from);
	else
		command_misused(run, "%s", words->error);
}

void command_start(const char *const *args, size_t count, const char *input, const struct command_from *from,
	const struct command_asker *asker, void *with)
{
	struct command_run *run = run_new(input, from, asker, with);
	struct command_words words;
	bool is_right = command_read(run->arena, copy_words(run->arena, args, count), count, &words);
	begin(run, &words, is_right, from);
}

void command_start_with(const struct command *command, const char *const *values, const char *input, const struct command_from *from,
	const struct command_asker *asker, void *with)
{
	struct command_run *run = run_new(input, from, asker, with);
	struct command_words words = { .command = command };
	for (size_t i = 0; command->args && command->args[i].name; i++)
		words.values[i] = arena_string(run->arena, values[i]);
	bool is_right = command_check(run->arena, &words);
	begin(run, &words, is_right, from);
}

/* Files are the client's, and lines without end need one that reads them. */
bool command_is_remote(const struct command *c)
{
	for (size_t i = 0; c->args && c->args[i].name; i++)
		if (c->args[i].flags & (ARG_TO_FILE | ARG_FROM_FILE))
			return false;
	return c->run && !c->is_local && (c->where == COMMAND_SERVER || c->where == COMMAND_STORE);
}

void command_leave(struct command_run *run)
{
	run->is_alone = true;
	if (run->left)
		run->left(run);
}

/* What isn't UTF-8, as a file's name may be, has its strange bytes replaced. */
json_t *command_string(const char *text)
{
	json_t *string = text ? json_string(text) : json_null();
	if (string)
		return string;
	char *plain = mem_string(text);
	for (char *c = plain; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	string = json_string(plain);
	mem_free(plain);
	return string;
}

json_t *command_answer(const struct command_run *run)
{
	json_t *answer = json_pack("{s:b}", "ok", run->error == NULL);
	if (run->error)
		json_object_set_new(answer, "error", command_string(run->error));
	if (run->is_misused)
		json_object_set_new(answer, "usage", json_true());
	if (run->words)
		json_object_set_new(answer, "words", command_string(run->words));
	if (run->more)
		json_object_set_new(answer, "more", json_integer(run->more));
	if (!run->error || json_array_size(run->rows))
		json_object_set(answer, "rows", run->rows);
	return answer;
}

const char *command_get(const struct command_run *run, const char *name)
{
	const struct command_arg *args = run->command->args;
	for (size_t i = 0; args && args[i].name; i++)
		if (strcmp(args[i].name, name) == 0)
			return run->values[i];
	BUG("an argument that its command doesn't declare");
}

/* --- rows --- */

static void put(struct command_run *run, const char *name, json_t *value)
{
	size_t count = json_array_size(run->rows);
	ASSERT(count > 0);
	json_object_set_new(json_array_get(run->rows, count - 1), name, value ? value : json_null());
}

void command_row(struct command_run *run)
{
	json_array_append_new(run->rows, json_object());
}

void command_text(struct command_run *run, const char *name, const char *text)
{
	put(run, name, command_string(text));
}

void command_number(struct command_run *run, const char *name, int64_t number)
{
	put(run, name, json_integer(number));
}

void command_yes(struct command_run *run, const char *name, bool yes)
{
	put(run, name, json_boolean(yes));
}

void command_time(struct command_run *run, const char *name, int64_t wall)
{
	char text[32];
	time_t seconds = wall / 1000;
	struct tm tm;
	gmtime_r(&seconds, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	command_text(run, name, text);
}

void command_json(struct command_run *run, const char *name, json_t *value)
{
	put(run, name, value);
}

struct sorted { const char *key; json_t *row; };

static int compare(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	return strcmp(x->key, y->key);
}

void command_sort(struct command_run *run, const char *name)
{
	size_t count = json_array_size(run->rows);
	struct sorted *sorted = arena_alloc(run->arena, (count + 1) * sizeof *sorted);
	for (size_t i = 0; i < count; i++) {
		json_t *row = json_array_get(run->rows, i);
		const char *key = json_string_value(json_object_get(row, name));
		sorted[i] = (struct sorted){ key ? key : "", json_incref(row) };
	}
	qsort(sorted, count, sizeof *sorted, compare);
	json_array_clear(run->rows);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(run->rows, sorted[i].row);
}

/* --- parts --- */

bool command_part(struct command_run *run, const void *bytes, size_t size)
{
	if (run->is_alone || !run->asker->part)
		return false;
	run->asker->part(run, bytes, size, run->with);
	return true;
}

void command_when_taken(struct command_run *run, void (*fn)(struct command_run *))
{
	run->asker->when_taken(run, fn, run->with);
}

/* --- the end --- */

void command_say(struct command_run *run, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	run->words = arena_vprintf(run->arena, format, list);
	va_end(list);
}

void command_done(struct command_run *run)
{
	end(run);
}

void command_fail(struct command_run *run, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	run->error = arena_vprintf(run->arena, format, list);
	va_end(list);
	end(run);
}

void command_refuse(struct command_run *run, enum stanza_error condition, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	run->error = arena_vprintf(run->arena, format, list);
	va_end(list);
	run->condition = condition;
	end(run);
}

void command_misused(struct command_run *run, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	run->error = arena_vprintf(run->arena, format, list);
	va_end(list);
	run->is_misused = true;
	run->condition = BAD_REQUEST;
	end(run);
}

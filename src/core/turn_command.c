/*
 * The hop lies in its turn's arena: the turn waits, so nobody else touches it.
 * What the run found is shared by count, which jansson keeps atomically.
 */
#include "core/turn_command.h"
#include "base/check.h"
#include "core/host.h"
#include "core/turn_out.h"

struct hop {
	struct turn          *turn;
	const struct command *command;
	const char           *values[COMMAND_ARGS];
	const char           *input, *host;  /* the turn's, by its name */
	struct command_from   from;
	struct command_asker  asker;
	command_found        *found;
	void                 *with;
	json_t               *answer;
	enum stanza_error     condition;
};

static void back(void *thing)                                    /* at the turn's home */
{
	struct hop *hop = thing;
	struct turn *t = hop->turn;
	json_t *answer = hop->answer;
	t->account->mailbox.reading--;
	t->out->is_waiting = false;
	t->host = hop->host ? host_find(hop->host) : NULL;
	enum stanza_error verdict = hop->found(t, &(struct command_outcome){ hop->command, answer, hop->condition }, hop->with);
	if (!t->out->is_waiting)
		turn_go_on(t, verdict);
	json_decref(answer);
}

static void finished(struct command_run *run, void *with)
{
	struct hop *hop = with;
	hop->answer = command_answer(run);
	hop->condition = run->condition;
	post(hop->turn->account->home->loop, back, hop);
}

static void start(void *thing)                                   /* on the first loop */
{
	struct hop *hop = thing;
	command_start_with(hop->command, hop->values, hop->input, &hop->from, &hop->asker, hop);
}

enum stanza_error turn_command(struct turn *t, const struct command *command, const char *const *values, const char *input,
	command_found *found, void *with)
{
	struct hop *hop = ARENA_NEW(t->arena, struct hop);
	ASSERT(!t->out->writes && t->from);
	hop->turn = t;
	hop->command = command;
	for (size_t i = 0; command->args && command->args[i].name; i++)
		hop->values[i] = values[i];
	hop->input = input;
	hop->host = t->host ? arena_string(t->arena, t->host->name) : NULL;
	hop->from.jid = t->from->bare;
	hop->asker = (struct command_asker){ .finished = finished, .who = t->from->bare, .face = "ad-hoc command" };
	hop->found = found;
	hop->with = with;
	t->out->is_waiting = true;
	t->account->mailbox.reading++;       /* the account stays as long */
	post(home_number(0)->loop, start, hop);
	return HANDLED;
}

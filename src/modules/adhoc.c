/*
 * XEP-0050 Ad-Hoc Commands, the protocol.
 *
 * A host is asked, at the asker's home. What XEP-0050 calls a session is a
 * *dialogue* here: it lies with the asker's account, belongs to one of its
 * clients, and is forgotten when it has ended, after a time, or when newer
 * ones need the room. The work is a hop to the first loop (turn_command),
 * before which the dialogue ends, so that nothing is done twice.
 *
 *   execute ─→ form ─→ next, prev ─→ complete ─→ the command runs, once or for each address ─→ completed
 *        └──────────── a node without forms ─────────┘
 */
#include "modules/adhoc.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/account.h"
#include "core/command_may.h"
#include "core/command_words.h"
#include "core/host.h"
#include "modules/modules.h"
#include "xmpp/form.h"
#include <stdio.h>
#include <string.h>

enum { REMEMBERED = 16, ID = 16 };           /* dialogues that are over, of an account; bytes of an id */

struct dialogue {
	struct list   link;
	struct arena *arena;         /* NULL: it is over, and only its id is known */
	char          id[2 * ID + 1];
	const char   *node, *jid, *domain;   /* who asks, with its resource; who was asked */
	unsigned      stage;
	const struct xml *submitted[ADHOC_STAGES];
	msec          until;
};

struct dialogues {                   /* of an account: live, oldest first */
	struct list list;
	unsigned    open, over;
};

/* --- nodes --- */

static const char table_prefix[] = "jackdaw:";

size_t adhoc_nodes(struct arena *a, struct adhoc_node **nodes)
{
	size_t most = admin_node_count(), count = 0;
	for (size_t i = 0; commands[i]; i++)
		most++;
	*nodes = arena_alloc(a, (most + 1) * sizeof **nodes);
	while (admin_node_at(count, &(*nodes)[count]))
		count++;
	for (const struct command *const *c = commands; *c; c++)
		if (command_is_remote(*c))
			(*nodes)[count++] = (struct adhoc_node){ arena_printf(a, "%s%s", table_prefix, command_name(a, *c)), (*c)->help, *c, NULL };
	return count;
}

bool adhoc_node_find(struct arena *a, const char *name, struct adhoc_node *node)
{
	struct adhoc_node *nodes;
	size_t count = adhoc_nodes(a, &nodes);
	for (size_t i = 0; i < count; i++)
		if (strcmp(nodes[i].node, name) == 0) {
			*node = nodes[i];
			return true;
		}
	return false;
}

unsigned adhoc_stages(const struct adhoc_node *n)
{
	return n->admin ? admin_stages(n->admin) : table_stages(n->command);
}

const struct command *adhoc_now(const struct adhoc_node *n)
{
	return n->admin ? admin_now(n->admin) : NULL;
}

struct xml *adhoc_form(const struct adhoc_asked *asked, unsigned stage)
{
	return asked->node->admin ? admin_form(asked) : table_form(asked, stage);
}

struct adhoc_run *adhoc_runs(const struct adhoc_asked *asked, const char **fault)
{
	return asked->node->admin ? admin_runs(asked, fault) : table_runs(asked);
}

int64_t adhoc_result(const struct adhoc_asked *asked, const struct adhoc_run *run, const struct command_outcome *outcome, struct xml **form)
{
	return asked->node->admin ? admin_result(asked, run, outcome, form) : table_result(asked, outcome, form);
}

const char *adhoc_text(struct arena *a, const json_t *value)
{
	if (json_is_string(value))
		return arena_string(a, json_string_value(value));
	if (json_is_integer(value))
		return arena_printf(a, "%lld", (long long)json_integer_value(value));
	return json_is_boolean(value) ? json_is_true(value) ? "1" : "0" : NULL;
}

/* --- dialogues --- */

static struct dialogues *dialogues_of(struct account *account)
{
	struct dialogues *all = account_live(account, &mod_adhoc);
	if (!all) {
		all = NEW(struct dialogues);
		list_init(&all->list);
		account_set_live(account, &mod_adhoc, all);
	}
	return all;
}

static void forget(struct dialogues *all, struct dialogue *d)
{
	all->open -= d->arena != NULL;
	all->over -= d->arena == NULL;
	arena_free(d->arena);
	list_remove(&d->link);
	mem_free(d);
}

static void free_all(void *thing)
{
	struct dialogues *all = thing;
	LIST_EACH(&all->list, struct dialogue, link, d)
		forget(all, d);
	mem_free(all);
}

/* Its id is known for a while, so that who uses it again hears that it is over. */
static void end(struct dialogues *all, struct dialogue *d)
{
	if (!d->arena)
		return;
	arena_free(d->arena);
	d->arena = NULL;
	all->open--;
	all->over++;
}

/* Those whose time has come; and with one too many the oldest. */
static void sweep(struct dialogues *all, unsigned most)
{
	LIST_EACH(&all->list, struct dialogue, link, d)
		if (d->arena && (d->until <= clock_now() || all->open > most))
			end(all, d);
	LIST_EACH(&all->list, struct dialogue, link, old)
		if (!old->arena && all->over > REMEMBERED)
			forget(all, old);
}

static struct dialogue *dialogue_new(struct turn *t, const char *node)
{
	struct dialogues *all = dialogues_of(t->account);
	struct dialogue *d = NEW(struct dialogue);
	unsigned char bytes[ID];
	random_fill(bytes, sizeof bytes);
	for (size_t i = 0; i < ID; i++)
		snprintf(d->id + 2 * i, 3, "%02x", bytes[i]);
	d->arena = arena_new();
	d->node = arena_string(d->arena, node);
	d->jid = arena_string(d->arena, t->from->full);
	d->domain = arena_string(d->arena, t->host->name);
	d->until = clock_now() + host_int(t->host, &mod_adhoc, "session_time");
	list_append(&all->list, &d->link);
	all->open++;
	sweep(all, (unsigned)host_int(t->host, &mod_adhoc, "sessions"));
	return d;
}

static struct dialogue *find(struct turn *t, const char *id)
{
	struct dialogues *all = dialogues_of(t->account);
	sweep(all, all->open);
	LIST_EACH(&all->list, struct dialogue, link, d)
		if (strcmp(d->id, id) == 0)
			return d;
	return NULL;
}

/* One client's, with one host, about one node (§3.3). */
static bool is_theirs(const struct turn *t, const struct dialogue *d, const char *node)
{
	return strcmp(d->jid, t->from->full) == 0 && strcmp(d->domain, t->host->name) == 0 && strcmp(d->node, node) == 0;
}

/* The client went. */
static enum stanza_error gone(struct turn *t)
{
	struct dialogues *all = account_live(t->account, &mod_adhoc);
	if (!all)
		return OK;
	LIST_EACH(&all->list, struct dialogue, link, d)
		if (d->arena && strcmp(d->jid, t->from->full) == 0)
			end(all, d);
	return OK;
}

/* --- errors, §4.4 --- */

/* With what was asked, without its payload: by `sessionid` clients find what the error is about. */
static enum stanza_error refuse_as(struct turn *t, enum stanza_error error, const char *condition, const char *text)
{
	struct arena *a = t->arena;
	struct xml *asked = EL(a, NS_COMMANDS, "command", NULL);
	for (const char *const *name = (const char *const []){ "node", "sessionid", "action", NULL }; *name; name++)
		xml_set(a, asked, *name, xml_get(t->payload, *name));
	return turn_refuse_with(t, error, text, condition ? EL(a, NS_COMMANDS, condition, NULL) : NULL, asked);
}

static enum stanza_error refuse(struct turn *t, const char *condition, const char *text)
{
	return refuse_as(t, strcmp(condition, "session-expired") == 0 ? NOT_ALLOWED : BAD_REQUEST, condition, text);
}

/* --- answers --- */

static struct xml *answer(struct turn *t, const char *node, const char *id, const char *status)
{
	struct xml *command = EL(t->arena, NS_COMMANDS, "command", ATTR(t->arena, "node", node), ATTR(t->arena, "sessionid", arena_string(t->arena, id)),
		ATTR(t->arena, "status", status));
	xml_set_lang(t->arena, command, "en");
	return command;
}

static void add_note(struct turn *t, struct xml *command, const char *type, const char *text)
{
	if (text)
		xml_append(command, EL(t->arena, NS_COMMANDS, "note", ATTR(t->arena, "type", type), TEXT(t->arena, text)));
}

static struct adhoc_asked asked_of(struct turn *t, const struct adhoc_node *node)
{
	return (struct adhoc_asked){ .arena = t->arena, .node = node, .domain = arena_string(t->arena, t->host->name), .rows = host_int(t->host, &mod_adhoc, "rows") };
}

/* What may be done next: everything that is needed was asked in the first stage. */
static struct xml *actions(struct arena *a, unsigned stage, unsigned stages)
{
	return EL(a, NS_COMMANDS, "actions", ATTR(a, "execute", "complete"),
		stage > 0 ? EL(a, NS_COMMANDS, "prev", NULL) : NULL,
		stage + 1 < stages ? EL(a, NS_COMMANDS, "next", NULL) : NULL,
		EL(a, NS_COMMANDS, "complete", NULL));
}

static enum stanza_error show(struct turn *t, const struct adhoc_node *node, struct dialogue *d, const json_t *now)
{
	struct arena *a = t->arena;
	struct adhoc_asked asked = asked_of(t, node);
	asked.now = now;
	struct xml *command = answer(t, node->node, d->id, "executing"), *form = adhoc_form(&asked, d->stage);
	if (d->submitted[d->stage])
		form_refill(a, form, d->submitted[d->stage]);
	xml_append(command, actions(a, d->stage, adhoc_stages(node)));
	xml_append(command, form);
	turn_reply(t, command);
	return OK;
}

/* --- running --- */

struct job {
	struct adhoc_node  node;
	struct adhoc_asked asked;
	const char        *id;
	struct adhoc_run  *at;               /* the one under way */
	struct xml        *form;             /* of the answer so far; NULL: none */
	const char        *words, *errors;   /* for notes; NULL: none */
	enum stanza_error  condition;        /* of the first that failed */
	unsigned           done, failed;
	int64_t            more;
};

static enum stanza_error finish(struct turn *t, struct job *job)
{
	struct arena *a = t->arena;
	if (!job->done && job->failed == 1 && job->condition != OK)
		return refuse_as(t, job->condition, job->condition == BAD_REQUEST ? "bad-payload" : NULL, job->errors);
	struct xml *command = answer(t, job->node.node, job->id, "completed");
	xml_append(command, job->form);
	add_note(t, command, "error", job->errors);
	add_note(t, command, "warn", job->more ? arena_printf(a, "%lld more were left out.", (long long)job->more) : NULL);
	add_note(t, command, "info", job->words ? job->words : !job->form && !job->errors ? "Done." : NULL);
	turn_reply(t, command);
	return OK;
}

static const char *join(struct arena *a, const char *before, const char *text)
{
	return before && text ? arena_printf(a, "%s\n%s", before, text) : text ? arena_string(a, text) : before;
}

static void take(struct turn *t, struct job *job, const struct command_outcome *outcome)
{
	const char *error = json_string_value(json_object_get(outcome->answer, "error"));
	if (!json_is_true(json_object_get(outcome->answer, "ok"))) {
		if (!job->failed++)
			job->condition = outcome->condition;
		job->errors = join(t->arena, job->errors, error);
		return;
	}
	job->done++;
	job->more += adhoc_result(&job->asked, job->at, outcome, &job->form);
	job->words = join(t->arena, job->words, json_string_value(json_object_get(outcome->answer, "words")));
}

static enum stanza_error ran(struct turn *t, const struct command_outcome *outcome, void *with)
{
	struct job *job = with;
	take(t, job, outcome);
	job->at = job->at->next;
	return job->at ? turn_command(t, job->node.command, job->at->values, NULL, ran, job) : finish(t, job);
}

/* Either all of it may be done, or nothing is. */
static bool may_run(const struct turn *t, const struct adhoc_node *node, const struct adhoc_run *runs, struct fail *why)
{
	for (; runs; runs = runs->next)
		if (!command_may(hosts_here(), node->command, runs->values, t->from->bare, why))
			return false;
	return true;
}

static enum stanza_error run(struct turn *t, const struct adhoc_node *node, struct dialogue *d)
{
	struct job *job = ARENA_NEW(t->arena, struct job);
	const char *fault = NULL;
	struct fail why;
	job->node = *node;
	job->asked = asked_of(t, &job->node);
	for (unsigned i = 0; i < ADHOC_STAGES; i++)
		job->asked.submitted[i] = d->submitted[i] ? xml_clone(t->arena, d->submitted[i]) : NULL;
	job->id = arena_string(t->arena, d->id);
	job->at = adhoc_runs(&job->asked, &fault);
	if (!job->at)
		return refuse(t, "bad-payload", arena_printf(t->arena, "%s doesn't fit", fault ? fault : "the form"));
	if (!may_run(t, node, job->at, &why)) {
		log_problem("ADHOC", "%s asked for %s: %s", t->from->full, node->node, why.text);
		return refuse_as(t, FORBIDDEN, NULL, arena_string(t->arena, why.text));
	}
	end(dialogues_of(t->account), d);
	return turn_command(t, node->command, job->at->values, NULL, ran, job);
}

/* --- actions, §3.4 --- */

enum action { EXECUTE, CANCEL, PREV, NEXT, COMPLETE, UNKNOWN };

static enum action action_of(const struct turn *t)
{
	static const char *const names[] = { "execute", "cancel", "prev", "next", "complete" };
	const char *word = xml_get(t->payload, "action");
	for (unsigned i = 0; word && i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], word) == 0)
			return (enum action)i;
	return word ? UNKNOWN : EXECUTE;
}

/* §3.5.1: a form that is to be cancelled counts as submitted. NULL: it fits, and is kept. */
static const char *take_form(struct turn *t, const struct adhoc_node *node, struct dialogue *d)
{
	struct adhoc_asked asked = asked_of(t, node);
	const struct xml *form = form_find(t->payload, NULL, t->arena);
	if (form && !form_is(form, FORM_SUBMIT) && !form_is(form, FORM_CANCEL))
		return "the form's type";
	const char *fault = form_fault(adhoc_form(&asked, d->stage), form, t->arena);
	if (!fault && form)
		d->submitted[d->stage] = xml_clone(d->arena, form);
	return fault;
}

static enum stanza_error step(struct turn *t, const struct adhoc_node *node, struct dialogue *d, enum action action)
{
	bool is_next = action == NEXT;
	if (is_next && d->stage + 1 >= adhoc_stages(node))
		return refuse(t, "bad-action", NULL);
	const char *fault = take_form(t, node, d);
	if (fault)
		return refuse(t, "bad-payload", arena_printf(t->arena, "%s doesn't fit", fault));
	if (!is_next)
		return run(t, node, d);
	d->stage++;
	return show(t, node, d, NULL);
}

static enum stanza_error cancel(struct turn *t, const struct adhoc_node *node, struct dialogue *d)
{
	turn_reply(t, answer(t, node->node, d->id, "canceled"));
	end(dialogues_of(t->account), d);
	return OK;
}

static enum stanza_error go_on(struct turn *t, const struct adhoc_node *node, const char *id, enum action action)
{
	struct dialogue *d = find(t, id);
	if (d && !d->arena)
		return refuse(t, "session-expired", NULL);
	if (!d || !is_theirs(t, d, node->node))
		return refuse(t, "bad-sessionid", NULL);
	if (action == CANCEL)
		return cancel(t, node, d);
	if (action != PREV)
		return step(t, node, d, action);
	if (!d->stage)
		return refuse(t, "bad-action", NULL);
	d->stage--;
	return show(t, node, d, NULL);
}

/* --- the beginning --- */

static enum stanza_error found_now(struct turn *t, const struct command_outcome *outcome, void *with)
{
	const struct adhoc_node *node = with;
	if (outcome->condition != OK || !t->host)
		return refuse_as(t, t->host ? outcome->condition : ITEM_NOT_FOUND, NULL, NULL);
	return show(t, node, dialogue_new(t, node->node), json_object_get(outcome->answer, "rows"));
}

static enum stanza_error begin(struct turn *t, struct adhoc_node *node, enum action action)
{
	const struct command *now = adhoc_now(node);
	const char *values[COMMAND_ARGS] = { NULL };
	if (action != EXECUTE)
		return refuse(t, "bad-action", "It hasn't begun");
	if (!adhoc_stages(node))
		return run(t, node, dialogue_new(t, node->node));
	if (!now)
		return show(t, node, dialogue_new(t, node->node), NULL);
	for (size_t i = 0; now->args && now->args[i].name; i++)
		if (now->args[i].flags & ARG_DOMAIN)
			values[i] = t->host->name;
	return turn_command(t, now, values, NULL, found_now, node);
}

/* §3.7. Our words are English: who asks for others is told; who only speaks them gets what there is. */
static bool is_our_language(const struct turn *t)
{
	const char *lang = xml_lang(t->payload);
	return !lang || !*lang || strncasecmp(lang, "en", 2) == 0;
}

static bool may_see(const struct turn *t, const struct adhoc_node *node)
{
	return node->command && command_may_see(hosts_here(), node->command, t->host->name, t->from->bare);
}

static enum stanza_error command(struct turn *t)
{
	const char *name = xml_get(t->payload, "node"), *id = xml_get(t->payload, "sessionid");
	struct adhoc_node *node = ARENA_NEW(t->arena, struct adhoc_node);
	enum action action = action_of(t);
	if (!name || !*name)
		return BAD_REQUEST;
	if (!adhoc_node_find(t->arena, name, node))
		return refuse_as(t, ITEM_NOT_FOUND, NULL, NULL);
	if (!may_see(t, node))
		return refuse_as(t, FORBIDDEN, NULL, NULL);
	if (action == UNKNOWN)
		return refuse(t, "malformed-action", NULL);
	if (!is_our_language(t))
		return refuse(t, "bad-locale", NULL);
	return id ? go_on(t, node, id, action) : begin(t, node, action);
}

/* --- service discovery, §2.1, §2.2 --- */

static struct xml *identity(struct arena *a, const char *type, const char *name)
{
	return EL(a, NS_DISCO_INFO, "identity", ATTR(a, "category", "automation"), ATTR(a, "type", type), ATTR(a, "name", name));
}

static struct xml *feature(struct arena *a, const char *var)
{
	return EL(a, NS_DISCO_INFO, "feature", ATTR(a, "var", var));
}

/* Everybody sees what he may run: most see nothing, and that costs nothing. */
static struct xml *list(struct turn *t)
{
	static const struct command least = { .may = MAY_DOMAIN_ADMIN, .concerns = "" };
	struct arena *a = t->arena;
	struct adhoc_node *nodes;
	struct xml *query = EL(a, NS_DISCO_ITEMS, "query", NULL);
	bool may_any = may_see(t, &(struct adhoc_node){ .command = &least });
	size_t count = may_any ? adhoc_nodes(a, &nodes) : 0;
	for (size_t i = 0; i < count; i++)
		if (may_see(t, &nodes[i]))
			xml_append(query, EL(a, NS_DISCO_ITEMS, "item", ATTR(a, "jid", t->host->name), ATTR(a, "node", nodes[i].node), ATTR(a, "name", nodes[i].title)));
	return query;
}

bool adhoc_disco(struct turn *t, const char *name, bool wants_items, struct xml **query, enum stanza_error *error)
{
	struct arena *a = t->arena;
	struct adhoc_node node;
	*query = NULL;
	*error = FORBIDDEN;
	if (!host_has(t->host, &mod_adhoc))
		return false;
	if (strcmp(name, NS_COMMANDS) == 0) {
		*query = wants_items ? list(t) : EL(a, NS_DISCO_INFO, "query", identity(a, "command-list", "Commands"), feature(a, NS_COMMANDS));
		return true;
	}
	if (!adhoc_node_find(a, name, &node))
		return false;
	if (may_see(t, &node))
		*query = wants_items ? EL(a, NS_DISCO_ITEMS, "query", NULL)
			: EL(a, NS_DISCO_INFO, "query", identity(a, "command-node", node.title), feature(a, NS_COMMANDS), feature(a, NS_DATA));
	return true;
}

const struct module mod_adhoc = {
	.name      = "adhoc",
	.title     = "Ad-Hoc Commands",
	.xep       = 50,
	.features  = FEATURES(NS_COMMANDS),
	.iqs       = IQS({ NS_COMMANDS, "command", IQ_SET, TO_HOST, command }),
	.hooks     = HOOKS(ON_SESSION_GONE(AT_DELIVER, gone)),
	.options   = OPTIONS(
		{ "sessions", OPTION_INT, "10", "Dialogues of one account at a time; a further one ends the oldest", 1, 1000 },
		{ "session_time", OPTION_DURATION, "10min", "How long a dialogue may take", 1000, 86400000 },
		{ "rows", OPTION_INT, "1000", "Rows of an answer; what is left out is counted", 1, 100000 }),
	.live_free = free_all,
};

/*
 * XEP-0133 Service Administration: its nodes and fields, each a mapping onto a
 * command of the table, which does the work and knows who may.
 *
 * A command is about the domain that was asked. Where a field may hold several
 * addresses, the command runs once for each.
 */
#include "core/command_words.h"
#include "modules/adhoc.h"
#include "xmpp/form.h"
#include "xmpp/ns.h"
#include <stdlib.h>
#include <string.h>

enum {
	NEEDED = 1,
	EACH   = 2,                  /* the command runs once for each value */
	NOW    = 4,                  /* shows what is, which admin_node.now tells */
	PAGE   = 8,                  /* how many rows; "none" is what an answer may hold */
	AGAIN  = 16,                 /* when it is given, the same as the field before it */
};

struct admin_field {
	const char *var, *label;
	enum field_kind kind;
	const char *arg;             /* the command's; NULL: it stays here */
	unsigned    flags;
	const char *options;         /* "25 50" */
};

struct admin_answer {                /* a field of the answer */
	const char *var, *label;
	enum field_kind kind;
	const char *field;           /* of the command's rows, a value for each; NULL: the address that was given */
};

struct admin_node {
	const char *name, *node, *title, *instructions;
	const char *noun, *verb;
	const char *arg, *value;     /* an argument that is always so; NULL: none */
	const char *now_verb, *now_field;    /* the command of this noun that tells what is, and the field of its rows */
	const struct admin_field *fields;    /* NULL: it runs at once */
	const struct admin_answer *answers;  /* NULL: nothing is told but that it is done */
	bool has_roster;             /* the answer is a roster for each account */
};

#define NODE(name) name, "http://jabber.org/protocol/admin#" name
#define ASKS(...) .fields = (const struct admin_field[]){ __VA_ARGS__, { NULL } }
#define TELLS(...) .answers = (const struct admin_answer[]){ __VA_ARGS__, { NULL } }
#define ACCOUNT(label) { "accountjid", label, FIELD_JID_SINGLE, "JID", NEEDED }
#define ACCOUNTS(label) { "accountjids", label, FIELD_JID_MULTI, "JID", NEEDED | EACH }
#define MAX_ITEMS { "max_items", "Maximum number of items to show", FIELD_LIST_SINGLE, "--max N", PAGE, "25 50 75 100 150 200 none" }
#define TEXT_OF(var, label, arg, flags) { var, label, FIELD_TEXT_MULTI, arg, flags }
#define DELAY(label) { "delay", label, FIELD_LIST_SINGLE, "--delay SECONDS", 0, "30 60 90 120 180 240 300" }

/* §4, in its order; §4.6 is retracted. */
static const struct admin_node nodes[] = {
	{ NODE("add-user"), "Add a user", "Fill out this form to add a user.", "user", "add",
	  ASKS(ACCOUNT("The Jabber ID for the account to be added"),
		{ "password", "The password for this account", FIELD_TEXT_PRIVATE, "-p PASSWORD", NEEDED },
		{ "password-verify", "Retype the password", FIELD_TEXT_PRIVATE, NULL, AGAIN },
		{ "email", "Email address", FIELD_TEXT_SINGLE, "--email ADDRESS" },
		{ "given_name", "Given name", FIELD_TEXT_SINGLE, "--given-name NAME" },
		{ "surname", "Family name", FIELD_TEXT_SINGLE, "--surname NAME" }) },
	{ NODE("delete-user"), "Delete users", "Fill out this form to delete users.", "user", "remove",
	  ASKS(ACCOUNTS("The Jabber IDs to delete")) },
	{ NODE("disable-user"), "Disable users", "Fill out this form to disable users.", "user", "disable",
	  ASKS(ACCOUNTS("The Jabber IDs to disable")) },
	{ NODE("reenable-user"), "Re-enable users", "Fill out this form to re-enable users.", "user", "enable",
	  ASKS(ACCOUNTS("The Jabber IDs to re-enable")) },
	{ NODE("end-user-session"), "End user sessions", "A Jabber ID with a resource ends that session, one without all of the user's.", "session", "kick",
	  ASKS(ACCOUNTS("The Jabber IDs for which to end sessions")) },
	{ NODE("change-user-password"), "Change a user's password", "Fill out this form to change a user's password.", "user", "passwd",
	  ASKS(ACCOUNT("The Jabber ID for this account"), { "password", "The password for this account", FIELD_TEXT_PRIVATE, "-p PASSWORD", NEEDED }) },
	{ NODE("get-user-roster"), "Get users' rosters", "Fill out this form to get users' rosters.", "user", "roster",
	  ASKS(ACCOUNTS("The Jabber IDs for which to retrieve the roster")), .has_roster = true },
	{ NODE("get-user-lastlogin"), "Get users' last login times", "Fill out this form to get users' last login times.", "user", "show",
	  ASKS(ACCOUNTS("The Jabber IDs for which to retrieve the last login time")),
	  TELLS({ "accountjids", "Account", FIELD_JID_MULTI, NULL }, { "lastlogin", "Last login", FIELD_TEXT_SINGLE, "last_login" }) },
	{ NODE("user-stats"), "Get a user's statistics", "Fill out this form to gather user statistics.", "user", "show",
	  ASKS(ACCOUNT("The Jabber ID for statistics")),
	  TELLS({ "ipaddresses", "IP addresses", FIELD_LIST_MULTI, "addresses" }, { "rostersize", "Roster size", FIELD_TEXT_SINGLE, "contacts" },
		{ "onlineresources", "Online resources", FIELD_TEXT_MULTI, "resources" },
		{ "stanzaspersecond", "Stanzas per second", FIELD_TEXT_SINGLE, "stanzas_per_second" },
		{ "loginsperminute", "Logins per minute", FIELD_TEXT_SINGLE, "logins_per_minute" }) },
	{ NODE("edit-blacklist"), "Edit the blacklist", "The entities with whom communications are disallowed.", "access", "set", "LIST", "deny", "list", "deny",
	  ASKS({ "blacklistjids", "The blacklist", FIELD_JID_MULTI, "JIDS", NOW }) },
	{ NODE("edit-whitelist"), "Edit the whitelist", "The entities with whom communications are allowed; none: with all.", "access", "set", "LIST", "allow", "list", "allow",
	  ASKS({ "whitelistjids", "The whitelist", FIELD_JID_MULTI, "JIDS", NOW }) },
	{ NODE("get-registered-users-num"), "Get the number of registered users", NULL, "user", "count",
	  TELLS({ "registeredusersnum", "The number of registered users", FIELD_TEXT_SINGLE, "registered" }) },
	{ NODE("get-disabled-users-num"), "Get the number of disabled users", NULL, "user", "count",
	  TELLS({ "disabledusersnum", "The number of disabled users", FIELD_TEXT_SINGLE, "disabled" }) },
	{ NODE("get-online-users-num"), "Get the number of online users", NULL, "user", "count",
	  TELLS({ "onlineusersnum", "The number of online users", FIELD_TEXT_SINGLE, "online" }) },
	{ NODE("get-active-users-num"), "Get the number of active users", NULL, "user", "count",
	  TELLS({ "activeusersnum", "The number of active users", FIELD_TEXT_SINGLE, "active" }) },
	{ NODE("get-idle-users-num"), "Get the number of idle users", NULL, "user", "count",
	  TELLS({ "idleusersnum", "The number of idle users", FIELD_TEXT_SINGLE, "idle" }) },
	{ NODE("get-registered-users-list"), "Get the list of registered users", "Fill out this form to request the registered users of this service.",
	  "user", "list", ASKS(MAX_ITEMS), TELLS({ "registereduserjids", "The list of all users", FIELD_JID_MULTI, "jid" }) },
	{ NODE("get-disabled-users-list"), "Get the list of disabled users", "Fill out this form to request the disabled users of this service.",
	  "user", "list", "--disabled", "", ASKS(MAX_ITEMS), TELLS({ "disableduserjids", "The list of all disabled users", FIELD_JID_MULTI, "jid" }) },
	{ NODE("get-online-users-list"), "Get the list of online users", "Fill out this form to request the online users of this service.",
	  "user", "online", ASKS(MAX_ITEMS), TELLS({ "onlineuserjids", "The list of all online users", FIELD_JID_MULTI, "jid" }) },
	{ NODE("get-active-users"), "Get the list of active users", "Fill out this form to request the active users of this service.",
	  "user", "online", "--state STATE", "active", ASKS(MAX_ITEMS), TELLS({ "activeuserjids", "The list of active users", FIELD_JID_MULTI, "jid" }) },
	{ NODE("get-idle-users"), "Get the list of idle users", "Fill out this form to request the idle users of this service.",
	  "user", "online", "--state STATE", "idle", ASKS(MAX_ITEMS), TELLS({ "activeuserjids", "The list of idle users", FIELD_JID_MULTI, "jid" }) },
	{ NODE("announce"), "Make an announcement", "Fill out this form to make an announcement to all who are logged in.", "announce", NULL,
	  ASKS(TEXT_OF("announcement", "Announcement", "TEXT", NEEDED)) },
	{ NODE("set-motd"), "Set the message of the day", "Fill out this form to set the message of the day.", "motd", "set",
	  ASKS(TEXT_OF("motd", "Message of the day", "TEXT", NEEDED)) },
	{ NODE("edit-motd"), "Edit the message of the day", "Who has seen it isn't shown it again.", "motd", "edit", NULL, NULL, "show", "text",
	  ASKS(TEXT_OF("motd", "Message of the day", "TEXT", NEEDED | NOW)) },
	{ NODE("delete-motd"), "Delete the message of the day", NULL, "motd", "delete" },
	{ NODE("set-welcome"), "Set the welcome message", "Fill out this form to set the welcome message for this service.", "welcome", "set", NULL, NULL, "show", "text",
	  ASKS(TEXT_OF("welcome", "Welcome message", "TEXT", NEEDED | NOW)) },
	{ NODE("delete-welcome"), "Delete the welcome message", NULL, "welcome", "delete" },
	{ NODE("edit-admin"), "Edit the list of administrators", "The entities who have administrative privileges in this domain.", "admin", "set", NULL, NULL, "list", "jid",
	  ASKS({ "adminjids", "The admin list", FIELD_JID_MULTI, "JIDS", NOW }) },
	{ NODE("restart"), "Restart the service", "Fill out this form to restart the service.", "restart", NULL,
	  ASKS(DELAY("Time delay before restarting, in seconds"), TEXT_OF("announcement", "Announcement", "--announce TEXT", 0)) },
	{ NODE("shutdown"), "Shut down the service", "Fill out this form to shut down the service.", "stop", NULL,
	  ASKS(DELAY("Time delay before shutting down, in seconds"), TEXT_OF("announcement", "Announcement", "--announce TEXT", 0)) },
};

size_t admin_node_count(void)
{
	return sizeof nodes / sizeof *nodes;
}

bool admin_node_at(size_t at, struct adhoc_node *node)
{
	if (at >= admin_node_count())
		return false;
	*node = (struct adhoc_node){ nodes[at].node, nodes[at].title, command_find(nodes[at].noun, nodes[at].verb), &nodes[at] };
	return true;
}

unsigned admin_stages(const struct admin_node *n)
{
	return n->fields != NULL;
}

const struct command *admin_now(const struct admin_node *n)
{
	return n->now_verb ? command_find(n->noun, n->now_verb) : NULL;
}

/* --- the form --- */

static void add_options(struct arena *a, struct xml *field, const char *words)
{
	for (const char *w = words; w && *w; w += strcspn(w, " "), w += *w == ' ') {
		char *word = arena_copy(a, w, strcspn(w, " "));
		form_add_option(a, field, word, word);
	}
}

/* A text of several lines, or a row for each value. */
static void add_now(struct arena *a, struct xml *field, const json_t *rows, const char *name)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		char *rest = (char *)(uintptr_t)adhoc_text(a, json_object_get(json_array_get(rows, i), name));
		for (char *line = rest ? strsep(&rest, "\n") : NULL; line; line = strsep(&rest, "\n"))
			form_add_value(a, field, line);
	}
}

struct xml *admin_form(const struct adhoc_asked *asked)
{
	const struct admin_node *n = asked->node->admin;
	struct arena *a = asked->arena;
	struct xml *form = form_new(a, FORM_ASK, NS_ADMIN, n->title, n->instructions);
	for (const struct admin_field *f = n->fields; f->var; f++) {
		struct xml *field = form_add(a, form, f->kind, f->var, f->label, NULL);
		if (f->flags & NEEDED)
			form_require(a, field);
		if (f->flags & NOW)
			add_now(a, field, asked->now, n->now_field);
		add_options(a, field, f->options);
	}
	return form;
}

/* --- its submission --- */

static void set(struct adhoc_run *run, const struct command *c, const char *arg, const char *value)
{
	run->values[command_index(c, arg)] = value;
}

static const char *value_of(const struct adhoc_asked *asked, const struct admin_field *f)
{
	const char *text = form_lines(asked->submitted[0], f->var, asked->arena);
	if (text && !*text)
		text = NULL;
	if (f->flags & PAGE && (!text || strcmp(text, "none") == 0 || strtoll(text, NULL, 10) > asked->rows))
		return arena_printf(asked->arena, "%lld", (long long)asked->rows);
	return text;
}

/* What doesn't depend on an address. */
static struct adhoc_run *run_new(const struct adhoc_asked *asked, const char **fault)
{
	const struct admin_node *n = asked->node->admin;
	const struct command *c = asked->node->command;
	struct adhoc_run *run = ARENA_NEW(asked->arena, struct adhoc_run);
	const char *before = NULL;
	for (size_t i = 0; c->args && c->args[i].name; i++)
		if (c->args[i].flags & ARG_DOMAIN)
			run->values[i] = asked->domain;
	if (n->arg)
		set(run, c, n->arg, n->value);
	for (const struct admin_field *f = n->fields; f && f->var; f++) {
		const char *value = value_of(asked, f);
		if (f->flags & AGAIN && value && strcmp(value, before ? before : "") != 0)
			*fault = f->var;
		if (f->flags & NOW && !form_field(asked->submitted[0], f->var))
			*fault = f->var;             /* XEP-0004 §3.5: what is left out stays as it is, and there is nothing else here */
		if (f->arg && !(f->flags & EACH))
			set(run, c, f->arg, value);
		before = value;
	}
	return run;
}

static const struct admin_field *each_of(const struct admin_node *n)
{
	for (const struct admin_field *f = n->fields; f && f->var; f++)
		if (f->flags & EACH)
			return f;
	return NULL;
}

static bool is_before(const char *const *values, size_t count, const char *value)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(values[i], value) == 0)
			return true;
	return false;
}

/* XEP-0004 §3.3: an address that is there twice counts once. */
static struct adhoc_run *run_for_each(const struct adhoc_asked *asked, const struct admin_field *f, const struct adhoc_run *model)
{
	const char **values;
	struct adhoc_run *first = NULL, **last = &first;
	size_t count = form_values(asked->submitted[0], f->var, asked->arena, &values);
	for (size_t i = 0; i < count; i++) {
		if (is_before(values, i, values[i]))
			continue;
		struct adhoc_run *run = ARENA_NEW(asked->arena, struct adhoc_run);
		*run = *model;
		run->about = values[i];
		set(run, asked->node->command, f->arg, values[i]);
		*last = run;
		last = &run->next;
	}
	return first;
}

struct adhoc_run *admin_runs(const struct adhoc_asked *asked, const char **fault)
{
	const struct admin_field *each = each_of(asked->node->admin);
	*fault = NULL;
	struct adhoc_run *run = run_new(asked, fault);
	if (*fault)
		return NULL;
	return each ? run_for_each(asked, each, run) : run;
}

/* --- the answer --- */

static struct xml *result_of(struct arena *a, struct xml **form, const char *title)
{
	if (!*form)
		*form = form_new(a, FORM_RESULT, NS_ADMIN, title, NULL);
	return *form;
}

static struct xml *field_of(struct arena *a, struct xml *form, const struct admin_answer *answer)
{
	struct xml *field = (struct xml *)(uintptr_t)form_field(form, answer->var);
	return field ? field : form_add(a, form, answer->kind, answer->var, answer->label, NULL);
}

/* A text of several lines is several values. */
static void add_values(struct arena *a, struct xml *field, const char *text)
{
	char *rest = text && *text ? arena_string(a, text) : NULL;
	for (char *line = rest ? strsep(&rest, "\n") : NULL; line; line = strsep(&rest, "\n"))
		form_add_value(a, field, line);
}

static struct xml *roster_item(struct arena *a, const json_t *row)
{
	struct xml *item = EL(a, NS_ROSTER, "item", ATTR(a, "jid", adhoc_text(a, json_object_get(row, "contact"))),
		ATTR(a, "name", adhoc_text(a, json_object_get(row, "name"))), ATTR(a, "subscription", adhoc_text(a, json_object_get(row, "subscription"))),
		ATTR(a, "ask", adhoc_text(a, json_object_get(row, "ask"))));
	char *rest = (char *)(uintptr_t)adhoc_text(a, json_object_get(row, "groups"));
	for (char *line = rest && *rest ? strsep(&rest, "\n") : NULL; line; line = strsep(&rest, "\n"))
		xml_append(item, EL(a, NS_ROSTER, "group", TEXT(a, line)));
	return item;
}

/* §4.8 */
static void add_roster(const struct adhoc_asked *asked, struct xml *form, const char *jid, const json_t *rows)
{
	struct arena *a = asked->arena;
	struct xml *query = EL(a, NS_ROSTER, "query", NULL);
	add_values(a, field_of(a, form, &(struct admin_answer){ "accountjids", "Account", FIELD_JID_MULTI, NULL }), jid);
	for (size_t i = 0; i < json_array_size(rows) && i < (size_t)asked->rows; i++)
		xml_append(query, roster_item(a, json_array_get(rows, i)));
	xml_append(form, query);
}

int64_t admin_result(const struct adhoc_asked *asked, const struct adhoc_run *run, const struct command_outcome *outcome, struct xml **form)
{
	struct arena *a = asked->arena;
	const struct admin_node *n = asked->node->admin;
	const json_t *rows = json_object_get(outcome->answer, "rows");
	int64_t more = json_integer_value(json_object_get(outcome->answer, "more"));
	if (n->has_roster)
		add_roster(asked, result_of(a, form, n->title), run->about, rows);
	for (const struct admin_answer *answer = n->answers; answer && answer->var; answer++) {
		struct xml *field = field_of(a, result_of(a, form, n->title), answer);
		if (!answer->field)
			add_values(a, field, run->about);
		for (size_t i = 0; answer->field && i < json_array_size(rows); i++)
			add_values(a, field, adhoc_text(a, json_object_get(json_array_get(rows, i), answer->field)));
	}
	return more;
}

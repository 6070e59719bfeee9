/*
 * Any command of the table as forms.
 *
 * A field is an argument: "JID" becomes `jid`, "--tls MODE" `tls`, and
 * "-p PASSWORD" `password`. What is needed is asked for in the first stage and
 * what may be left out in a second one, which needs not be opened. An act
 * without arguments asks whether it is meant.
 */
#include "modules/adhoc.h"
#include "base/check.h"
#include "xmpp/form.h"
#include "xmpp/form_validate.h"
#include "xmpp/ns.h"
#include <ctype.h>
#include <string.h>

static const struct command_arg none[] = { { NULL, NULL, 0 } };

static const struct command_arg *args_of(const struct command *c)
{
	return c->args ? c->args : none;
}

unsigned command_index(const struct command *c, const char *arg)
{
	for (unsigned i = 0; args_of(c)[i].name; i++)
		if (strcmp(args_of(c)[i].name, arg) == 0)
			return i;
	BUG("an argument that its command doesn't declare");
}

/* --- arguments as fields --- */

static bool is_option(const struct command_arg *arg)
{
	return arg->name[0] == '-';
}

/* What reads a file or a long input isn't for forms. */
static bool is_asked(const struct command_arg *arg)
{
	return !(arg->flags & ARG_INPUT);
}

static bool is_needed(const struct command_arg *arg)
{
	return arg->flags & ARG_ASKED || !(is_option(arg) || arg->flags & ARG_OPTIONAL);
}

static char *var_of(struct arena *a, const struct command_arg *arg)
{
	const char *blank = strchr(arg->name, ' ');
	const char *word = !is_option(arg) ? arg->name : arg->name[1] == '-' ? arg->name + 2 : blank ? blank + 1 : arg->name + 1;
	char *var = arena_copy(a, word, strcspn(word, " "));
	for (char *c = var; *c; c++)
		*c = (char)(*c == '-' ? '_' : tolower((unsigned char)*c));
	return var;
}

static enum field_kind kind_of(const struct command_arg *arg)
{
	if (arg->words)
		return FIELD_LIST_SINGLE;
	if (is_option(arg) && !strchr(arg->name, ' '))
		return FIELD_BOOLEAN;
	if (arg->flags & (ARG_ASKED | ARG_HIDDEN))
		return FIELD_TEXT_PRIVATE;
	if (arg->flags & ARG_LINES)
		return FIELD_TEXT_MULTI;
	return strcmp(arg->name, "JID") == 0 ? FIELD_JID_SINGLE : FIELD_TEXT_SINGLE;
}

static void add_options(struct arena *a, struct xml *field, const char *words)
{
	for (const char *w = words; w && *w; w += strcspn(w, " "), w += *w == ' ')
		form_add_option(a, field, NULL, arena_copy(a, w, strcspn(w, " ")));
}

static void add_field(const struct adhoc_asked *asked, struct xml *form, const struct command_arg *arg)
{
	struct arena *a = asked->arena;
	enum field_kind kind = kind_of(arg);
	const char *preset = arg->flags & ARG_DOMAIN ? asked->domain : kind == FIELD_BOOLEAN ? "0" : NULL;
	struct xml *field = form_add(a, form, kind, var_of(a, arg), arg->help, preset);
	add_options(a, field, arg->words);
	if (arg->flags & ARG_NUMBER)
		form_validate(a, field, "xs:integer", arena_printf(a, "%lld", (long long)arg->least), arena_printf(a, "%lld", (long long)arg->most));
	if (is_needed(arg))
		form_require(a, field);
}

/* --- stages --- */

static unsigned count(const struct command *c, bool needed)
{
	unsigned n = 0;
	for (const struct command_arg *arg = args_of(c); arg->name; arg++)
		n += is_asked(arg) && is_needed(arg) == needed;
	return n;
}

unsigned table_stages(const struct command *c)
{
	unsigned stages = (count(c, true) > 0) + (count(c, false) > 0);
	return stages ? stages : c->is_act;
}

static bool is_in_stage(const struct command *c, const struct command_arg *arg, unsigned stage)
{
	return is_asked(arg) && (table_stages(c) == 1 || is_needed(arg) == (stage == 0));
}

struct xml *table_form(const struct adhoc_asked *asked, unsigned stage)
{
	const struct command *c = asked->node->command;
	struct xml *form = form_new(asked->arena, FORM_ASK, ADHOC_FORM, asked->node->title,
		args_of(c)->name ? "What this is to be done with." : "Is this to be done?");
	for (const struct command_arg *arg = args_of(c); arg->name; arg++)
		if (is_in_stage(c, arg, stage))
			add_field(asked, form, arg);
	return form;
}

/* --- submissions as values --- */

static const char *value_of(const struct adhoc_asked *asked, const struct command_arg *arg, unsigned stage)
{
	struct arena *a = asked->arena;
	const struct xml *form = asked->submitted[stage];
	const char *var = var_of(a, arg);
	bool yes = false;
	if (kind_of(arg) == FIELD_BOOLEAN)
		return form_read_bool(form, var, &yes, a) && yes ? "" : NULL;
	if (!form)
		return arg->flags & ARG_DOMAIN ? asked->domain : NULL;          /* the stage that would have said it wasn't opened */
	const char *text = form_lines(form, var, a);
	return text && *text ? text : NULL;
}

struct adhoc_run *table_runs(const struct adhoc_asked *asked)
{
	const struct command *c = asked->node->command;
	struct adhoc_run *run = ARENA_NEW(asked->arena, struct adhoc_run);
	for (unsigned i = 0; args_of(c)[i].name; i++) {
		const struct command_arg *arg = &args_of(c)[i];
		if (is_asked(arg))
			run->values[i] = value_of(asked, arg, is_in_stage(c, arg, 0) ? 0 : 1);
		if (arg->flags & ARG_MOST && !run->values[i])
			run->values[i] = arena_printf(asked->arena, "%lld", (long long)asked->rows);
	}
	return run;
}

/* --- answers --- */

static const char *row_text_of(struct arena *a, const json_t *row)
{
	const char *name, *text = "";
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)row, name, value) {
		const char *its = adhoc_text(a, value);
		if (its)
			text = arena_printf(a, "%s%s%s: %s", text, *text ? ", " : "", name, its);
	}
	return text;
}

static void add_lines(struct arena *a, struct xml *form, const struct command_field *f, const json_t *rows)
{
	struct xml *field = form_add(a, form, FIELD_TEXT_MULTI, f->name, f->help, NULL);
	for (size_t i = 0; i < json_array_size(rows); i++)
		form_add_value(a, field, row_text_of(a, json_array_get(rows, i)));
}

static void add_value(struct arena *a, struct xml *form, const struct command_field *f, const json_t *row, bool with_label)
{
	const json_t *value = json_object_get(row, f->name);
	const char *text = adhoc_text(a, value);
	if (json_is_array(value))
		add_lines(a, form, f, value);
	else if (text && strchr(text, '\n'))
		form_add_lines(a, form, f->name, with_label ? f->help : NULL, text);
	else if ((f->type & FIELD_TYPES) == FIELD_YES)
		form_add(a, form, FIELD_BOOLEAN, f->name, with_label ? f->help : NULL, text);
	else
		form_add(a, form, FIELD_TEXT_SINGLE, f->name, with_label ? f->help : NULL, text);
}

/* XEP-0004 §3.4: beside these there is nothing, not even a FORM_TYPE. */
static void add_items(struct arena *a, struct xml *form, const struct command_field *fields, const json_t *rows, size_t most)
{
	struct xml *reported = form_part(a, form, "reported");
	for (const struct command_field *f = fields; f->name; f++)
		form_add(a, reported, (f->type & FIELD_TYPES) == FIELD_YES ? FIELD_BOOLEAN : FIELD_TEXT_SINGLE, f->name, f->help, NULL);
	for (size_t i = 0; i < json_array_size(rows) && i < most; i++) {
		struct xml *item = form_part(a, form, "item");
		for (const struct command_field *f = fields; f->name; f++)
			add_value(a, item, f, json_array_get(rows, i), false);
	}
}

int64_t table_result(const struct adhoc_asked *asked, const struct command_outcome *outcome, struct xml **form)
{
	struct arena *a = asked->arena;
	const struct command *c = outcome->command;
	const json_t *rows = json_object_get(outcome->answer, "rows");
	size_t found = json_array_size(rows);
	if (!c->fields || (!found && json_object_get(outcome->answer, "words")))
		return 0;
	const bool is_card = found == 1 && (c->is_card || c->is_act);
	*form = form_new(a, FORM_RESULT, is_card ? ADHOC_FORM : NULL, is_card ? asked->node->title : NULL, NULL);
	if (is_card)
		for (const struct command_field *f = c->fields; f->name; f++)
			add_value(a, *form, f, json_array_get(rows, 0), true);
	else
		add_items(a, *form, c->fields, rows, (size_t)asked->rows);
	return found > (size_t)asked->rows ? (int64_t)found - asked->rows : 0;
}

/* Elements in NS_DATA, made and read; nothing is kept outside the tree. */
#include "xmpp/form.h"
#include "xmpp/form_validate.h"
#include "xmpp/jid.h"
#include "xmpp/ns.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[FORM_KINDS] = {
	[FORM_ASK] = "form", [FORM_SUBMIT] = "submit", [FORM_CANCEL] = "cancel", [FORM_RESULT] = "result",
};

static const struct {
	const char *name;
	bool several;                /* XEP-0004 §3.2: may have more than one value */
	bool listed;                 /* its values are among its options */
	bool is_jid;
	bool is_line;                /* has no line feeds */
} fields[FIELD_KINDS] = {
	[FIELD_BOOLEAN]      = { "boolean" },
	[FIELD_FIXED]        = { "fixed" },
	[FIELD_HIDDEN]       = { "hidden",      .several = true },
	[FIELD_JID_MULTI]    = { "jid-multi",   .several = true, .is_jid = true },
	[FIELD_JID_SINGLE]   = { "jid-single",  .is_jid = true },
	[FIELD_LIST_MULTI]   = { "list-multi",  .several = true, .listed = true },
	[FIELD_LIST_SINGLE]  = { "list-single", .listed = true },
	[FIELD_TEXT_MULTI]   = { "text-multi",  .several = true },
	[FIELD_TEXT_PRIVATE] = { "text-private", .is_line = true },
	[FIELD_TEXT_SINGLE]  = { "text-single",  .is_line = true },
};

/* Building. */

static struct xml *words(struct arena *a, const char *name, const char *text)
{
	return text ? EL(a, NS_DATA, name, TEXT(a, text)) : NULL;
}

struct xml *form_new(struct arena *a, enum form_kind kind, const char *about, const char *title, const char *instructions)
{
	struct xml *form = EL(a, NS_DATA, "x",
		ATTR(a, "type", kinds[kind]),
		words(a, "title", title),
		words(a, "instructions", instructions));
	if (about)
		form_add(a, form, FIELD_HIDDEN, "FORM_TYPE", NULL, about);
	return form;
}

struct xml *form_part(struct arena *a, struct xml *form, const char *name)
{
	struct xml *part = EL(a, NS_DATA, name);
	xml_append(form, part);
	return part;
}

struct xml *form_add(struct arena *a, struct xml *form, enum field_kind kind, const char *var, const char *label, const char *value)
{
	struct xml *field = EL(a, NS_DATA, "field",
		ATTR(a, "var", var),
		ATTR(a, "type", fields[kind].name),
		ATTR(a, "label", label),
		words(a, "value", value));
	xml_append(form, field);
	return field;
}

struct xml *form_add_bool(struct arena *a, struct xml *form, const char *var, const char *label, bool value)
{
	return form_add(a, form, FIELD_BOOLEAN, var, label, value ? "1" : "0");
}

struct xml *form_add_number(struct arena *a, struct xml *form, const char *var, const char *label, int64_t value)
{
	return form_add(a, form, FIELD_TEXT_SINGLE, var, label, arena_printf(a, "%" PRId64, value));
}

struct xml *form_add_lines(struct arena *a, struct xml *form, const char *var, const char *label, const char *text)
{
	struct xml *field = form_add(a, form, FIELD_TEXT_MULTI, var, label, NULL);
	char *rest = arena_string(a, text);
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		form_add_value(a, field, line);
	return field;
}

void form_add_value(struct arena *a, struct xml *field, const char *value)
{
	xml_append(field, words(a, "value", value));
}

void form_add_option(struct arena *a, struct xml *field, const char *label, const char *value)
{
	xml_append(field, EL(a, NS_DATA, "option", ATTR(a, "label", label), words(a, "value", value)));
}

void form_require(struct arena *a, struct xml *field)
{
	xml_append(field, EL(a, NS_DATA, "required"));
}

/* Reading. */

const struct xml *form_find(const struct xml *parent, const char *about, struct arena *a)
{
	const struct xml *form = xml_child(parent, NS_DATA, "x");
	for (; form; form = xml_next(form, NS_DATA, "x")) {
		const char *found = about ? form_about(form, a) : NULL;
		if (!about || (found && strcmp(found, about) == 0))
			return form;
	}
	return NULL;
}

static bool has_type(const struct xml *el, const char *type)
{
	const char *found = xml_get(el, "type");
	return found && strcmp(found, type) == 0;
}

bool form_is(const struct xml *form, enum form_kind kind)
{
	return xml_is(form, NS_DATA, "x") && has_type(form, kinds[kind]);
}

/* XEP-0068: what is submitted needs no types; elsewhere FORM_TYPE counts only when it is hidden. */
const char *form_about(const struct xml *form, struct arena *a)
{
	const struct xml *field = form_field(form, "FORM_TYPE");
	bool untyped = form_is(form, FORM_SUBMIT) && !xml_get(field, "type");
	if (!untyped && !has_type(field, "hidden"))
		return NULL;
	return xml_child_text(field, NS_DATA, "value", a);
}

const struct xml *form_field(const struct xml *form, const char *var)
{
	const struct xml *field = xml_child(form, NS_DATA, "field");
	for (; field; field = xml_next(field, NS_DATA, "field")) {
		const char *found = xml_get(field, "var");
		if (found && strcmp(found, var) == 0)
			return field;
	}
	return NULL;
}

const char *form_value(const struct xml *form, const char *var, struct arena *a)
{
	return xml_child_text(form_field(form, var), NS_DATA, "value", a);
}

size_t form_field_values(const struct xml *field, struct arena *a, const char ***values)
{
	size_t count = 0;
	*values = arena_alloc(a, (xml_count(field, NS_DATA, "value") + 1) * sizeof **values);
	const struct xml *value = xml_child(field, NS_DATA, "value");
	for (; value; value = xml_next(value, NS_DATA, "value"))
		(*values)[count++] = xml_text(value, a);
	return count;
}

size_t form_values(const struct xml *form, const char *var, struct arena *a, const char ***values)
{
	return form_field_values(form_field(form, var), a, values);
}

const char *form_lines(const struct xml *form, const char *var, struct arena *a)
{
	const char **values;
	const struct xml *field = form_field(form, var);
	size_t count = form_field_values(field, a, &values), size = 1;
	for (size_t i = 0; i < count; i++)
		size += strlen(values[i]) + 1;

	char *text = arena_bytes(a, size), *to = text;
	for (size_t i = 0; i < count; i++) {
		if (i)
			*to++ = '\n';
		to = stpcpy(to, values[i]);
	}
	*to = '\0';
	return field ? text : NULL;
}

static bool read_bool(const char *text, bool *value)
{
	*value = strcmp(text, "1") == 0 || strcmp(text, "true") == 0;
	return *value || strcmp(text, "0") == 0 || strcmp(text, "false") == 0;
}

bool form_read_bool(const struct xml *form, const char *var, bool *value, struct arena *a)
{
	bool found;
	const char *text = form_value(form, var, a);
	if (!text)
		return true;
	if (!read_bool(text, &found))
		return false;
	*value = found;
	return true;
}

bool form_read_number(const struct xml *form, const char *var, int64_t least, int64_t most, int64_t *value, struct arena *a)
{
	char *end;
	const char *text = form_value(form, var, a);
	if (!text)
		return true;
	if (!*text || strspn(text, "-0123456789") != strlen(text))
		return false;                /* strtoll would forgive white space and a plus */

	errno = 0;
	int64_t number = strtoll(text, &end, 10);
	if (*end || errno || number < least || number > most)
		return false;
	*value = number;
	return true;
}

/* Fitting. */

static enum field_kind kind_of(const struct xml *field)
{
	for (enum field_kind k = 0; k < FIELD_KINDS; k++)
		if (has_type(field, fields[k].name))
			return k;
	return FIELD_TEXT_SINGLE;            /* XEP-0004 §3.3: so for none, and for what we don't know */
}

static bool is_option(const struct xml *field, const char *value, struct arena *a)
{
	const struct xml *option = xml_child(field, NS_DATA, "option");
	for (; option; option = xml_next(option, NS_DATA, "option")) {
		const char *text = xml_child_text(option, NS_DATA, "value", a);
		if (text && strcmp(text, value) == 0)
			return true;
	}
	return false;
}

static bool value_fits(const struct xml *field, enum field_kind kind, const char *value, struct arena *a)
{
	bool ignored;
	if (kind == FIELD_BOOLEAN && !read_bool(value, &ignored))
		return false;
	if (fields[kind].is_line && strpbrk(value, "\r\n"))
		return false;
	if (fields[kind].is_jid && !jid_parse(a, value))
		return false;
	if (fields[kind].listed && !is_option(field, value, a) && !form_is_open(field))
		return false;
	return form_value_fits(field, value, a);
}

/* Clients that show an empty line send it: of what need not be there, it isn't. */
static bool is_left_out(const struct xml *field, const char **values, size_t count, struct arena *a)
{
	return !count || (count == 1 && !*values[0] && !is_option(field, "", a));
}

static bool fits(const struct xml *field, const struct xml *submitted, struct arena *a)
{
	const char **values;
	enum field_kind kind = kind_of(field);
	size_t count = form_field_values(submitted, a, &values);
	if (is_left_out(field, values, count, a))
		return !xml_child(field, NS_DATA, "required");
	if ((count > 1 && !fields[kind].several) || (kind == FIELD_LIST_MULTI && !form_count_fits(field, count)))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!value_fits(field, kind, values[i], a))
			return false;
	return true;
}

/* XEP-0068: what says that it is something else isn't an answer to this. */
static bool is_about_another(const struct xml *asked, const struct xml *submitted, struct arena *a)
{
	const char *ours = form_about(asked, a), *theirs = form_about(submitted, a);
	return ours && theirs && strcmp(ours, theirs) != 0;
}

const char *form_fault(const struct xml *asked, const struct xml *submitted, struct arena *a)
{
	const struct xml *field = xml_child(asked, NS_DATA, "field");
	if (is_about_another(asked, submitted, a))
		return "FORM_TYPE";
	for (; field; field = xml_next(field, NS_DATA, "field")) {
		const char *var = xml_get(field, "var");
		if (var && kind_of(field) != FIELD_FIXED && !fits(field, form_field(submitted, var), a))
			return var;
	}
	return NULL;
}

/* Filling in. */

static void set_values(struct arena *a, struct xml *field, const struct xml *submitted)
{
	const char **values;
	const struct xml *old;
	size_t count = form_field_values(submitted, a, &values);
	while ((old = xml_child(field, NS_DATA, "value")))
		xml_remove(field, old);
	for (size_t i = 0; i < count; i++)
		form_add_value(a, field, arena_string(a, values[i]));
}

void form_refill(struct arena *a, struct xml *form, const struct xml *submitted)
{
	const struct xml *field = xml_child(form, NS_DATA, "field");
	for (; field; field = xml_next(field, NS_DATA, "field")) {
		const char *var = xml_get(field, "var");
		const struct xml *its = var ? form_field(submitted, var) : NULL;
		if (its && kind_of(field) != FIELD_TEXT_PRIVATE)
			set_values(a, (struct xml *)(uintptr_t)field, its);
	}
}

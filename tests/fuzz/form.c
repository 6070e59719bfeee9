/*
 * Two forms, what was asked and what came back, each any XML: reading crashes
 * on none, and what form_fault lets pass is what it says.
 *
 * The first line is the form that was asked, the rest what was submitted. A
 * second reader, simpler and slower, judges the verdict: where it finds
 * something that may not be, form_fault must have found something too.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/check.h"
#include "xml/parser.h"
#include "xmpp/form.h"
#include "xmpp/jid.h"
#include "xmpp/ns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_type(const struct xml *field, const char *type)
{
	const char *its = xml_get(field, "type");
	return its && strcmp(its, type) == 0;
}

static bool is_among(const struct xml *field, const char *value, struct arena *a)
{
	for (const struct xml *o = xml_child(field, NS_DATA, "option"); o; o = xml_next(o, NS_DATA, "option")) {
		const char *its = xml_child_text(o, NS_DATA, "value", a);
		if (its && strcmp(its, value) == 0)
			return true;
	}
	return false;
}

/* Something that no submission of this field may have. */
static bool is_wrong(const struct xml *field, const struct xml *submitted, struct arena *a)
{
	const char **values;
	bool yes, is_list = is_type(field, "list-single") || is_type(field, "list-multi"), is_checked = xml_child(field, NS_VALIDATE, "validate");
	size_t count = form_values(submitted, xml_get(field, "var"), a, &values);
	if (xml_child(field, NS_DATA, "required") && !count)
		return true;
	if (count == 1 && !*values[0])
		return false;                        /* it counts as left out, or as an option */
	if (is_type(field, "boolean") && !form_read_bool(submitted, xml_get(field, "var"), &yes, a))
		return true;
	for (size_t i = 0; i < count; i++)
		if ((is_type(field, "jid-single") || is_type(field, "jid-multi") ? !jid_parse(a, values[i]) : false)
		    || (is_list && !is_checked && !is_among(field, values[i], a)))
			return true;
	return count > 1 && (is_type(field, "boolean") || is_type(field, "text-single") || is_type(field, "list-single") || is_type(field, "jid-single"));
}

static void judge(const struct xml *asked, const struct xml *submitted, struct arena *a)
{
	const char *fault = form_fault(asked, submitted, a);
	for (const struct xml *f = xml_child(asked, NS_DATA, "field"); f && !fault; f = xml_next(f, NS_DATA, "field"))
		if (xml_get(f, "var") && !is_type(f, "fixed"))
			ASSERT(!is_wrong(f, submitted, a));
}

/* What is shown again has the values that were said, and can be printed and read. */
static void fill(struct xml *asked, const struct xml *submitted, struct arena *a)
{
	const char **said, **shown;
	form_refill(a, asked, submitted);
	for (const struct xml *f = xml_child(asked, NS_DATA, "field"); f; f = xml_next(f, NS_DATA, "field")) {
		const struct xml *its = xml_get(f, "var") ? form_field(submitted, xml_get(f, "var")) : NULL;
		size_t count = form_field_values(its, a, &said);
		ASSERT(!its || is_type(f, "text-private") || form_field_values(f, a, &shown) == count);
	}
	const char *text = xml_string(a, asked, NS_CLIENT);
	ASSERT(xml_same(xml_parse(a, text, strlen(text), NS_CLIENT), asked));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ns_intern();
	struct arena *a = arena_new();
	const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
	size_t first = line ? (size_t)(line - data) : size;
	struct xml *asked = xml_parse(a, (const char *)data, first, NS_DATA);
	const struct xml *submitted = line ? xml_parse(a, (const char *)line + 1, size - first - 1, NS_DATA) : NULL;
	int64_t number = 0;
	if (asked) {
		form_about(asked, a);
		form_find(asked, "urn:x", a);
		form_lines(asked, "v", a);
		form_read_number(asked, "v", -5, 5, &number, a);
		judge(asked, submitted, a);
		fill(asked, submitted, a);
	}
	arena_free(a);
	return 0;
}

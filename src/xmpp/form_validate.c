/*
 * A datatype is a way to put a value on a scale, or not; a range compares on
 * that scale.
 */
#include "xmpp/form_validate.h"
#include "xmpp/datetime.h"
#include "xmpp/ns.h"
#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* --- saying it --- */

static struct xml *validate_of(struct arena *a, struct xml *field, const char *datatype)
{
	struct xml *v = (struct xml *)(uintptr_t)xml_child(field, NS_VALIDATE, "validate");
	if (!v) {
		v = EL(a, NS_VALIDATE, "validate", ATTR(a, "datatype", datatype));
		xml_append(field, v);
	}
	return v;
}

void form_validate(struct arena *a, struct xml *field, const char *datatype, const char *least, const char *most)
{
	struct xml *how = least || most ? EL(a, NS_VALIDATE, "range", ATTR(a, "min", least), ATTR(a, "max", most)) : EL(a, NS_VALIDATE, "basic", NULL);
	xml_append(validate_of(a, field, datatype), how);
}

void form_validate_open(struct arena *a, struct xml *field, const char *datatype)
{
	xml_append(validate_of(a, field, datatype), EL(a, NS_VALIDATE, "open", NULL));
}

void form_validate_regex(struct arena *a, struct xml *field, const char *pattern)
{
	xml_append(validate_of(a, field, "xs:string"), EL(a, NS_VALIDATE, "regex", TEXT(a, pattern)));
}

void form_validate_list(struct arena *a, struct xml *field, unsigned least, unsigned most)
{
	xml_append(validate_of(a, field, "xs:string"), EL(a, NS_VALIDATE, "list-range",
		least ? ATTR(a, "min", arena_printf(a, "%u", least)) : NULL, most ? ATTR(a, "max", arena_printf(a, "%u", most)) : NULL));
}

/* --- scales --- */

typedef bool scale_function(const char *text, double *place);

static bool is_integer(const char *text)
{
	text += *text == '-' || *text == '+';
	return *text && !text[strspn(text, "0123456789")];
}

static bool integer(const char *text, double *place)
{
	*place = strtod(text, NULL);
	return is_integer(text);
}

/* Doubles aren't exact up there. */
static bool long_integer(const char *text, double *place)
{
	errno = 0;
	*place = (double)strtoll(text, NULL, 10);
	return is_integer(text) && !errno;
}

static bool decimal(const char *text, double *place)
{
	const char *at = text + (*text == '-' || *text == '+');
	size_t whole = strspn(at, "0123456789"), part = at[whole] == '.' ? strspn(at + whole + 1, "0123456789") : 0;
	*place = strtod(text, NULL);
	return whole + part && !at[whole + (at[whole] == '.') + part];
}

static bool floating(const char *text, double *place)
{
	char *end;
	if (!*text || text[strspn(text, "+-.0123456789eE")])
		return strcmp(text, "INF") == 0 || strcmp(text, "-INF") == 0 || strcmp(text, "NaN") == 0;
	*place = strtod(text, &end);
	return end > text && !*end;
}

static bool date_time(const char *text, double *place)
{
	msec at;
	bool ok = datetime_parse(text, &at);
	*place = ok ? (double)at : 0;
	return ok;
}

static bool date(const char *text, double *place)
{
	msec at;
	bool ok = datetime_parse_date(text, &at);
	*place = ok ? (double)at : 0;
	return ok;
}

static bool time_of_day(const char *text, double *place)
{
	msec at;
	bool ok = datetime_parse_time(text, &at);
	*place = ok ? (double)at : 0;
	return ok;
}

static bool boolean(const char *text, double *place)
{
	return strcmp(text, "1") == 0 || strcmp(text, "0") == 0 || strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
}

/* RFC 5646: parts of one to eight letters or digits; the first has letters only. */
static bool language(const char *text, double *place)
{
	for (bool is_first = true;; is_first = false) {
		size_t size = 0;
		while (is_first ? isalpha((unsigned char)text[size]) : isalnum((unsigned char)text[size]))
			size++;
		if (size < 1 || size > 8 || (text[size] && text[size] != '-'))
			return false;
		if (!text[size])
			return true;
		text += size + 1;
	}
}

static bool uri(const char *text, double *place)
{
	return !text[strcspn(text, " \t\r\n<>\"{}|\\^`")];
}

static const struct datatype {
	const char *name;
	scale_function *scale;
	double least, most;          /* both 0: any */
} datatypes[] = {
	{ "xs:byte", integer, -128, 127 },
	{ "xs:short", integer, -32768, 32767 },
	{ "xs:int", integer, -2147483648.0, 2147483647.0 },
	{ "xs:long", long_integer },
	{ "xs:integer", integer },
	{ "xs:decimal", decimal },
	{ "xs:double", floating },
	{ "xs:dateTime", date_time },
	{ "xs:date", date },
	{ "xs:time", time_of_day },
	{ "xs:boolean", boolean },
	{ "xs:language", language },
	{ "xs:anyURI", uri },
};

static const struct datatype *datatype_of(const struct xml *validate)
{
	const char *name = xml_get(validate, "datatype");
	for (size_t i = 0; name && i < sizeof datatypes / sizeof *datatypes; i++)
		if (strcmp(datatypes[i].name, name) == 0)
			return &datatypes[i];
	return NULL;
}

/* --- looking --- */

static bool is_within(const struct datatype *type, const struct xml *range, double place)
{
	double edge;
	const char *least = xml_get(range, "min"), *most = xml_get(range, "max");
	if (type->most > type->least && (place < type->least || place > type->most))
		return false;
	if (least && type->scale(least, &edge) && place < edge)
		return false;
	return !(most && type->scale(most, &edge) && place > edge);
}

static bool matches(const char *pattern, const char *value, struct arena *a)
{
	regex_t regex;
	if (regcomp(&regex, arena_printf(a, "^(%s)$", pattern), REG_EXTENDED | REG_NOSUB) != 0)
		return true;                 /* §4.1: a method that isn't understood */
	bool ok = regexec(&regex, value, 0, NULL, 0) == 0;
	regfree(&regex);
	return ok;
}

bool form_value_fits(const struct xml *field, const char *value, struct arena *a)
{
	const struct xml *validate = xml_child(field, NS_VALIDATE, "validate");
	const struct datatype *type = datatype_of(validate);
	const char *pattern = xml_child_text(validate, NS_VALIDATE, "regex", a);
	double place = 0;
	if (type && (!type->scale(value, &place) || !is_within(type, xml_child(validate, NS_VALIDATE, "range"), place)))
		return false;
	return !pattern || matches(pattern, value, a);
}

/* §3.2: with a range or a pattern, a list is open too. */
bool form_is_open(const struct xml *field)
{
	const struct xml *validate = xml_child(field, NS_VALIDATE, "validate");
	return xml_child(validate, NS_VALIDATE, "open") || xml_child(validate, NS_VALIDATE, "range") || xml_child(validate, NS_VALIDATE, "regex");
}

bool form_count_fits(const struct xml *field, size_t count)
{
	const struct xml *range = xml_child(xml_child(field, NS_VALIDATE, "validate"), NS_VALIDATE, "list-range");
	const char *least = xml_get(range, "min"), *most = xml_get(range, "max");
	return !(least && count < strtoul(least, NULL, 10)) && !(most && count > strtoul(most, NULL, 10));
}

/*
 * S is the identities, the features and the forms, each sorted by bytes and
 * each word followed by '<' (§5.1); ver is its hash.
 *
 * A word that itself holds a '<' could pass for two, and so dress up one
 * entity's answer as another's with the same hash. We write such words as the
 * XEP says, but never believe an answer that holds one.
 */
#include "xmpp/caps.h"
#include "base/buf.h"
#include "xmpp/base64.h"
#include "xmpp/form.h"
#include "xmpp/ns.h"
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct words {                       /* several strings; kept in an arena */
	const char **at;
	size_t count;
};

static int by_bytes(const void *a, const void *b)        /* i;octet: strcmp compares unsigned bytes */
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort(struct words *w)
{
	if (w->count)
		qsort(w->at, w->count, sizeof *w->at, by_bytes);
}

static bool has_twins(const struct words *sorted)
{
	for (size_t i = 1; i < sorted->count; i++)
		if (strcmp(sorted->at[i - 1], sorted->at[i]) == 0)
			return true;
	return false;
}

static void add(struct buf *s, const char *word)
{
	buf_add(s, word, strlen(word));
	buf_byte(s, '<');
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* Identities are sorted by their parts, not by the whole: '/' isn't the smallest byte. */
struct identity {
	const char *part[4];         /* category, type, language, name */
};

static int by_parts(const void *a, const void *b)
{
	const struct identity *x = a, *y = b;
	int order = 0;
	for (int i = 0; i < 4 && !order; i++)
		order = strcmp(x->part[i], y->part[i]);
	return order;
}

static struct identity read_identity(const struct xml *el)
{
	return (struct identity){ { or_empty(xml_get(el, "category")), or_empty(xml_get(el, "type")),
		or_empty(xml_lang(el)), or_empty(xml_get(el, "name")) } };
}

static bool add_identities(struct arena *a, struct buf *s, const struct xml *info)
{
	size_t count = 0;
	struct identity *all = arena_alloc(a, xml_count(info, NS_DISCO_INFO, "identity") * sizeof *all + 1);
	const struct xml *el = xml_child(info, NS_DISCO_INFO, "identity");
	for (; el; el = xml_next(el, NS_DISCO_INFO, "identity"))
		all[count++] = read_identity(el);
	if (count)
		qsort(all, count, sizeof *all, by_parts);

	for (size_t i = 0; i < count; i++) {
		const char *const *part = all[i].part;
		if (i && by_parts(&all[i - 1], &all[i]) == 0)
			return false;
		add(s, arena_printf(a, "%s/%s/%s/%s", part[0], part[1], part[2], part[3]));
	}
	return true;
}

static bool add_features(struct arena *a, struct buf *s, const struct xml *info)
{
	struct words vars = { arena_alloc(a, xml_count(info, NS_DISCO_INFO, "feature") * sizeof(char *) + 1) };
	const struct xml *el = xml_child(info, NS_DISCO_INFO, "feature");
	for (; el; el = xml_next(el, NS_DISCO_INFO, "feature"))
		vars.at[vars.count++] = or_empty(xml_get(el, "var"));
	sort(&vars);
	for (size_t i = 0; i < vars.count; i++)
		add(s, vars.at[i]);
	return !has_twins(&vars);
}

/* A field's or a form's share of S. They are built apart, as strings, and sorted by what they begin with. */
static const char *taken(struct arena *a, struct buf *s)
{
	const char *text = arena_copy(a, buf_length(s) ? buf_start(s) : "", buf_length(s));
	buf_clear(s);
	return text;
}

struct share {
	const char *name, *text;
	size_t place;                /* fields of one name stay in their order */
};

static int by_name(const void *a, const void *b)
{
	const struct share *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	return order ? order : x->place < y->place ? -1 : 1;
}

static const char *field_text(struct arena *a, const struct xml *field, const char *var)
{
	struct buf s = { 0 };
	struct words values = { 0 };
	values.count = form_field_values(field, a, &values.at);
	sort(&values);
	add(&s, var);
	for (size_t i = 0; i < values.count; i++)
		add(&s, values.at[i]);
	return taken(a, &s);
}

static const char *form_text_of(struct arena *a, const struct xml *form, const char *about)
{
	struct buf s = { 0 };
	size_t count = 0;
	struct share *fields = arena_alloc(a, xml_count(form, NS_DATA, "field") * sizeof *fields + 1);
	const struct xml *field = xml_child(form, NS_DATA, "field");
	for (; field; field = xml_next(field, NS_DATA, "field")) {
		const char *var = or_empty(xml_get(field, "var"));
		if (strcmp(var, "FORM_TYPE") != 0) {
			fields[count] = (struct share){ var, field_text(a, field, var), count };
			count++;
		}
	}
	if (count)
		qsort(fields, count, sizeof *fields, by_name);

	add(&s, about);
	for (size_t i = 0; i < count; i++)
		buf_add(&s, fields[i].text, strlen(fields[i].text));
	return taken(a, &s);
}

enum about { ABOUT_NOTHING, ABOUT_ONE, ABOUT_SEVERAL };

/* §5.4: a form without a hidden FORM_TYPE doesn't count; one with two different ones spoils the whole. */
static enum about form_type(struct arena *a, const struct xml *form, const char **about)
{
	const char **values;
	const struct xml *field = form_field(form, "FORM_TYPE");
	const char *type = xml_get(field, "type");
	if (!type || strcmp(type, "hidden") != 0)
		return ABOUT_NOTHING;
	size_t count = form_field_values(field, a, &values);
	for (size_t i = 1; i < count; i++)
		if (strcmp(values[0], values[i]) != 0)
			return ABOUT_SEVERAL;
	*about = count ? values[0] : NULL;
	return count ? ABOUT_ONE : ABOUT_NOTHING;
}

static bool add_forms(struct arena *a, struct buf *s, const struct xml *info)
{
	size_t count = 0;
	const char *about = NULL;
	struct share *forms = arena_alloc(a, xml_count(info, NS_DATA, "x") * sizeof *forms + 1);
	const struct xml *form = xml_child(info, NS_DATA, "x");
	for (; form; form = xml_next(form, NS_DATA, "x")) {
		enum about kind = form_type(a, form, &about);
		if (kind == ABOUT_SEVERAL)
			return false;
		if (kind == ABOUT_ONE) {
			forms[count] = (struct share){ about, form_text_of(a, form, about), count };
			count++;
		}
	}
	if (count)
		qsort(forms, count, sizeof *forms, by_name);

	for (size_t i = 0; i < count; i++) {
		if (i && strcmp(forms[i - 1].name, forms[i].name) == 0)
			return false;
		buf_add(s, forms[i].text, strlen(forms[i].text));
	}
	return true;
}

const char *caps_string(struct arena *a, const struct xml *info)
{
	struct buf s = { 0 };
	bool ok = add_identities(a, &s, info) && add_features(a, &s, info) && add_forms(a, &s, info);
	const char *text = taken(a, &s);
	return ok ? text : NULL;
}

static const EVP_MD *find_hash(const char *name)
{
	if (strcmp(name, "sha-1") == 0)
		return EVP_sha1();
	if (strcmp(name, "sha-256") == 0)
		return EVP_sha256();
	return NULL;
}

const char *caps_ver(struct arena *a, const struct xml *info, const char *hash)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	const EVP_MD *md = find_hash(hash);
	const char *text = md ? caps_string(a, info) : NULL;
	if (!text || !EVP_Digest(text, strlen(text), digest, &size, md, NULL))
		return NULL;
	return base64_encode(a, digest, size);
}

/* Does any word of the answer, at any depth, hold what should only stand between them? */
static bool has_separator(const struct xml *el)
{
	for (const struct xml *attr = el->attrs; attr; attr = attr->next)
		if (strchr(attr->text, '<'))
			return true;
	for (const struct xml *child = el->first; child; child = child->next)
		if (child->name ? has_separator(child) : strchr(child->text, '<') != NULL)
			return true;
	return false;
}

enum caps_verdict caps_check(struct arena *a, const struct xml *info, const char *hash, const char *ver)
{
	if (!find_hash(hash))
		return CAPS_UNKNOWN;
	const char *made = has_separator(info) ? NULL : caps_ver(a, info, hash);
	return made && strcmp(made, ver) == 0 ? CAPS_RIGHT : CAPS_WRONG;
}

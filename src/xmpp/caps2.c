/*
 * Each word ends with 0x1F, each identity and field with 0x1E, each form with
 * 0x1D, each of the three parts with 0x1C: bytes that XML can't carry. What
 * stands beside one another is sorted by bytes, ends and all.
 */
#include "xmpp/caps2.h"
#include "base/buf.h"
#include "xmpp/form.h"
#include "xmpp/hashes.h"
#include "xmpp/ns.h"
#include <stdlib.h>
#include <string.h>

enum { PART = 0x1C, FORM, GROUP, WORD };

struct shares {                      /* strings that are sorted before they are joined */
	const char **at;
	size_t count;
};

static struct shares shares_of(struct arena *a, const struct xml *parent, const char *ns, const char *name)
{
	return (struct shares){ arena_alloc(a, (xml_count(parent, ns, name) + 1) * sizeof(char *)), 0 };
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_word(struct buf *s, const char *word)
{
	if (word)
		buf_add(s, word, strlen(word));
	buf_byte(s, WORD);
}

static const char *taken(struct arena *a, struct buf *s)
{
	const char *text = arena_copy(a, buf_start(s), buf_length(s));
	buf_clear(s);
	return text;
}

static const char *joined(struct arena *a, const char *before, struct shares *shares, char end)
{
	struct buf s = { 0 };
	if (before)
		add_word(&s, before);
	if (shares->count)
		qsort(shares->at, shares->count, sizeof *shares->at, by_bytes);
	for (size_t i = 0; i < shares->count; i++)
		buf_add(&s, shares->at[i], strlen(shares->at[i]));
	buf_byte(&s, end);
	return taken(a, &s);
}

static const char *features(struct arena *a, const struct xml *info)
{
	struct shares vars = shares_of(a, info, NS_DISCO_INFO, "feature");
	for (const struct xml *el = xml_child(info, NS_DISCO_INFO, "feature"); el; el = xml_next(el, NS_DISCO_INFO, "feature")) {
		struct buf s = { 0 };
		add_word(&s, xml_get(el, "var"));
		vars.at[vars.count++] = taken(a, &s);
	}
	return joined(a, NULL, &vars, PART);
}

static const char *identity(struct arena *a, const struct xml *el, const char *lang)
{
	struct buf s = { 0 };
	add_word(&s, xml_get(el, "category"));
	add_word(&s, xml_get(el, "type"));
	add_word(&s, xml_lang(el) ? xml_lang(el) : lang);
	add_word(&s, xml_get(el, "name"));
	buf_byte(&s, GROUP);
	return taken(a, &s);
}

static const char *identities(struct arena *a, const struct xml *info, const char *lang)
{
	struct shares all = shares_of(a, info, NS_DISCO_INFO, "identity");
	for (const struct xml *el = xml_child(info, NS_DISCO_INFO, "identity"); el; el = xml_next(el, NS_DISCO_INFO, "identity"))
		all.at[all.count++] = identity(a, el, lang);
	return joined(a, NULL, &all, PART);
}

static const char *field(struct arena *a, const struct xml *el)
{
	const char **values;
	const char *var = xml_get(el, "var");
	struct shares words;
	words.count = form_field_values(el, a, &values);
	words.at = arena_alloc(a, (words.count + 1) * sizeof *words.at);
	for (size_t i = 0; i < words.count; i++) {
		struct buf s = { 0 };
		add_word(&s, values[i]);
		words.at[i] = taken(a, &s);
	}
	return joined(a, var ? var : "", &words, GROUP);
}

static const char *form(struct arena *a, const struct xml *x)
{
	struct shares fields = shares_of(a, x, NS_DATA, "field");
	for (const struct xml *el = xml_child(x, NS_DATA, "field"); el; el = xml_next(el, NS_DATA, "field"))
		fields.at[fields.count++] = field(a, el);
	return joined(a, NULL, &fields, FORM);
}

static const char *forms(struct arena *a, const struct xml *info)
{
	struct shares all = shares_of(a, info, NS_DATA, "x");
	for (const struct xml *x = xml_child(info, NS_DATA, "x"); x; x = xml_next(x, NS_DATA, "x"))
		all.at[all.count++] = form(a, x);
	return joined(a, NULL, &all, PART);
}

/* §4.1, its first three steps. */
static bool may_be_hashed(const struct xml *info, struct arena *a)
{
	for (const struct xml *el = xml_first(info); el; el = xml_next(el, NULL, NULL)) {
		bool is_form = xml_is(el, NS_DATA, "x");
		if (!is_form && !xml_is(el, NS_DISCO_INFO, "identity") && !xml_is(el, NS_DISCO_INFO, "feature"))
			return false;
		if (is_form && (xml_child(el, NS_DATA, "reported") || xml_child(el, NS_DATA, "item") || !form_about(el, a)))
			return false;
	}
	return true;
}

const char *caps2_string(struct arena *a, const struct xml *info, const char *lang)
{
	if (!may_be_hashed(info, a))
		return NULL;
	return arena_printf(a, "%s%s%s", features(a, info), identities(a, info, xml_lang(info) ? xml_lang(info) : lang), forms(a, info));
}

const char *caps2_hash(struct arena *a, const struct xml *info, const char *lang, const char *function)
{
	const char *text = caps2_string(a, info, lang);
	return text ? hash_base64(a, function, text, strlen(text)) : NULL;
}

enum caps_verdict caps2_check(struct arena *a, const struct xml *info, const char *lang, const char *function, const char *hash)
{
	if (!hash_base64(a, function, "", 0))
		return CAPS_UNKNOWN;
	const char *made = caps2_hash(a, info, lang, function);
	return made && strcmp(made, hash) == 0 ? CAPS_RIGHT : CAPS_WRONG;
}

bool caps2_read_node(struct arena *a, const char *node, const char **function, const char **hash)
{
	size_t length = strlen(CAPS2_NODE);
	const char *dot = strncmp(node, CAPS2_NODE, length) == 0 ? strrchr(node + length, '.') : NULL;
	if (!dot || dot == node + length || !dot[1])
		return false;
	*function = arena_copy(a, node + length, (size_t)(dot - node) - length);
	*hash = arena_string(a, dot + 1);
	return true;
}

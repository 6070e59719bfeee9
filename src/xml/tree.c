/*
 * Namespaces in XML 1.0. Attributes lie side by side behind their element, its
 * declarations too, so that duplicates are found among neighbours; only those
 * that aren't declarations are linked.
 */
#include "xml/tree.h"
#include <string.h>
#include "base/hash.h"
#include "xml/known.h"
#include "xml/value.h"

enum { LEAF = offsetof(struct xml, attrs), FEW = 8 };

static const char declared[] = "http://www.w3.org/2000/xmlns/";   /* the namespace of declarations; nobody may use it */

static bool wrong(enum xml_fault *fault, enum xml_fault what)
{
	*fault = what;
	return false;
}

static inline bool is_word(const char *at, size_t size, const char *word)
{
	return size == strlen(word) && memcmp(at, word, size) == 0;
}

static bool is_declaration(const struct lex_name *n)
{
	return n->prefix ? is_word(n->at, n->prefix, "xmlns") : is_word(n->at, n->size, "xmlns");
}

static struct xml *leaf(struct xml *el, size_t i)
{
	return (struct xml *)((char *)(el + 1) + i * LEAF);
}

static const char *lookup(const struct tree *t, const char *prefix, size_t size)
{
	if (is_word(prefix, size, "xml"))
		return known_xml;
	for (const struct tree_bind *b = t->inside.binds; b; b = b->next)
		if (b->size == size && memcmp(b->prefix, prefix, size) == 0)
			return b->ns;
	return NULL;
}

/* The rules of Namespaces in XML 1.0 §3 and §2.2: what is reserved, and that no prefix is taken back. */
static bool may_declare(const char *prefix, const char *ns)
{
	bool is_xml = strcmp(ns, known_xml) == 0;
	if (strcmp(prefix, "xml") == 0)
		return is_xml;
	return strcmp(prefix, "xmlns") != 0 && !is_xml && strcmp(ns, declared) != 0 && (*ns || !*prefix);
}

static bool declare(struct tree *t, unsigned limit, const char *prefix, const char *ns, size_t size, enum xml_fault *fault)
{
	const char *interned = xml_interned(ns, size);
	bool harmless = interned && interned != known_xml && !*prefix;       /* the usual one */
	if (!harmless && !may_declare(prefix, ns))
		return wrong(fault, XML_NOT_WELL_FORMED);
	if (interned)
		ns = interned;
	if (!*prefix) {
		t->inside.around = ns;
		return true;
	}
	if (++t->inside.bound > limit)
		return wrong(fault, XML_TOO_MANY);
	struct tree_bind *b = ARENA_NEW(t->arena, struct tree_bind);
	*b = (struct tree_bind){ t->inside.binds, prefix, ns, strlen(prefix) };
	t->inside.binds = b;
	return true;
}

/* The value is made ready in its place in `tag`, the copy of what l->name.at begins; declarations take effect. */
static bool cut(struct tree *t, const struct lex *l, char *tag, struct xml *x, const struct lex_attr *attr, enum xml_fault *fault)
{
	char *name = tag + (attr->name.at - l->name.at), *value = tag + (attr->value - l->name.at);
	ssize_t size = (ssize_t)attr->size;
	if (!attr->plain && (size = value_attribute(value, attr->size, fault)) < 0)
		return false;
	value[size] = '\0';
	name[attr->name.size] = '\0';
	x->text = value;
	x->name = attr->name.prefix ? name + attr->name.prefix + 1 : name;
	if (!is_declaration(&attr->name))
		return true;
	x->ns = declared;
	if (!attr->name.prefix)
		x->name = "";
	return declare(t, l->limits->attributes, x->name, value, (size_t)size, fault);
}

static inline bool is_twice(const struct xml *a, const struct xml *b)
{
	if (a->name[0] != b->name[0] || strcmp(a->name, b->name) != 0)
		return false;
	return a->ns == b->ns || (a->ns && b->ns && strcmp(a->ns, b->ns) == 0);
}

static bool has_twins_in_few(struct xml *el, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (is_twice(leaf(el, i), leaf(el, j)))
				return true;
	return false;
}

/* With many, each is looked for in a table, so that the time stays linear; the hash is keyed, so nobody can aim at it. */
static bool has_twins(struct tree *t, struct xml *el, size_t count)
{
	if (count <= FEW)
		return has_twins_in_few(el, count);
	size_t room = 4 * FEW;
	while (room < 2 * count)
		room *= 2;
	const struct xml **seen = arena_alloc(t->arena, room * sizeof *seen);
	for (size_t i = 0; i < count; i++) {
		const struct xml *x = leaf(el, i);
		size_t at = hash_text(x->name) + (x->ns ? 31 * (size_t)hash_text(x->ns) : 0);
		for (at &= room - 1; seen[at]; at = (at + 1) & (room - 1))
			if (is_twice(x, seen[at]))
				return true;
		seen[at] = x;
	}
	return false;
}

/* After all declarations: prefixes become namespaces, and what is an attribute is linked. */
static bool resolve(struct tree *t, const struct lex *l, struct xml *el)
{
	struct xml **last = &el->attrs;
	for (size_t i = 0; i < l->count; i++) {
		const struct lex_name *n = &l->attrs[i].name;
		struct xml *x = leaf(el, i);
		if (x->ns)
			continue;
		if (n->prefix && !(x->ns = lookup(t, n->at, n->prefix)))
			return false;
		*last = x;
		last = &x->next;
	}
	el->ns = l->name.prefix ? lookup(t, l->name.at, l->name.prefix) : t->inside.around;
	return el->ns;
}

static void hang(struct tree *t, struct xml *el)
{
	if (t->top)
		xml_append(t->top->el, el);
	else
		t->root = el;
}

static void enter(struct tree *t, struct xml *el, const char *name, size_t size, const struct tree_scope *outside)
{
	struct tree_frame *f = t->spare;
	if (f)
		t->spare = f->up;
	else
		f = ARENA_NEW(t->arena, struct tree_frame);
	*f = (struct tree_frame){ t->top, el, name, size, *outside };
	t->top = f;
	t->depth++;
}

bool tree_start(struct tree *t, const struct lex *l, bool empty, enum xml_fault *fault)
{
	const struct tree_scope outside = t->inside;
	if (t->depth >= l->limits->depth)
		return wrong(fault, XML_TOO_DEEP);
	char *tag = arena_copy(t->arena, l->name.at, (size_t)(l->end - l->name.at));
	struct xml *el = arena_alloc(t->arena, sizeof *el + l->count * LEAF);
	tag[l->name.size] = '\0';
	el->name = l->name.prefix ? tag + l->name.prefix + 1 : tag;
	for (size_t i = 0; i < l->count; i++)
		if (!cut(t, l, tag, leaf(el, i), &l->attrs[i], fault))
			return false;
	if (!resolve(t, l, el))
		return wrong(fault, XML_BAD_NAMESPACE_PREFIX);
	if (l->count > 1 && has_twins(t, el, l->count))
		return wrong(fault, XML_NOT_WELL_FORMED);
	hang(t, el);
	if (empty)
		t->inside = outside;
	else
		enter(t, el, tag, l->name.size, &outside);
	return true;
}

bool tree_end(struct tree *t, const struct lex *l, enum xml_fault *fault)
{
	struct tree_frame *f = t->top;
	if (f->size != l->name.size || memcmp(f->name, l->name.at, f->size) != 0)
		return wrong(fault, XML_NOT_WELL_FORMED);
	t->inside = f->outside;
	t->top = f->up;
	f->up = t->spare;
	t->spare = f;
	t->depth--;
	return true;
}

bool tree_text(struct tree *t, const struct lex *l, const char *from, enum xml_fault *fault)
{
	ssize_t size = l->end - from;
	char *text = arena_copy(t->arena, from, (size_t)size);
	if (!l->plain && (size = value_in_text(text, (size_t)size, fault)) < 0)
		return false;
	text[size] = '\0';
	if (!size)
		return true;                    /* an empty CDATA section is nothing */
	struct xml *x = arena_alloc(t->arena, LEAF);
	x->text = text;
	xml_append(t->top->el, x);
	return true;
}

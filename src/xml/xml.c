/*
 * Reading and building trees.
 *
 * An attribute and a text use only the first four fields of struct xml, and
 * only those are allocated for them: nothing may touch their others.
 */
#include "xml/xml.h"
#include <string.h>
#include "base/check.h"
#include "xml/known.h"

enum { LEAF = offsetof(struct xml, attrs) };

struct xml xml_end;

static bool is_element(const struct xml *x)
{
	return x->name && !x->text;
}

static bool is_text(const struct xml *x)
{
	return !x->name;
}

/* Names are short and mostly differ at once: the first letter spares a call. */
static inline bool is_named(const struct xml *x, const char *name)
{
	return x->name[0] == name[0] && strcmp(x->name, name) == 0;
}

static bool matches(const struct xml *x, const char *ns, const char *name)
{
	return is_element(x) && (!name || is_named(x, name)) && (!ns || known_same(x->ns, ns));
}

bool xml_is(const struct xml *el, const char *ns, const char *name)
{
	return el && matches(el, ns, name);
}

static const struct xml *search(const struct xml *x, const char *ns, const char *name)
{
	while (x && !matches(x, ns, name))
		x = x->next;
	return x;
}

const struct xml *xml_child(const struct xml *el, const char *ns, const char *name)
{
	return el ? search(el->first, ns, name) : NULL;
}

const struct xml *xml_next(const struct xml *el, const char *ns, const char *name)
{
	return el ? search(el->next, ns, name) : NULL;
}

const struct xml *xml_first(const struct xml *el)
{
	return xml_child(el, NULL, NULL);
}

size_t xml_count(const struct xml *el, const char *ns, const char *name)
{
	size_t count = 0;
	for (const struct xml *c = xml_child(el, ns, name); c; c = xml_next(c, ns, name))
		count++;
	return count;
}

/* Where the attribute hangs, or where one would be added. */
static struct xml **place(struct xml **at, const char *ns, const char *name)
{
	while (*at && (!is_named(*at, name)
	               || (ns ? !(*at)->ns || !known_same((*at)->ns, ns) : (*at)->ns != NULL)))
		at = &(*at)->next;
	return at;
}

static const char *get(const struct xml *el, const char *ns, const char *name)
{
	struct xml *attrs = el ? el->attrs : NULL;
	const struct xml *found = *place(&attrs, ns, name);
	return found ? found->text : NULL;
}

const char *xml_get(const struct xml *el, const char *name)
{
	return get(el, NULL, name);
}

const char *xml_lang(const struct xml *el)
{
	return get(el, known_xml, "lang");
}

static size_t text_size(const struct xml *c)
{
	size_t size = 0;
	for (; c; c = c->next)
		if (is_text(c))
			size += strlen(c->text);
	return size;
}

static const struct xml *next_text(const struct xml *x)
{
	while (x && !is_text(x))
		x = x->next;
	return x;
}

const char *xml_text(const struct xml *el, struct arena *a)
{
	const struct xml *t = el ? next_text(el->first) : NULL;
	if (!t)
		return "";
	if (!next_text(t->next))
		return t->text;                 /* the usual case: one text, no copy */
	char *joined = arena_bytes(a, text_size(el->first) + 1), *to = joined;
	for (; t; t = next_text(t->next))
		to = stpcpy(to, t->text);
	return joined;
}

const char *xml_child_text(const struct xml *el, const char *ns, const char *name, struct arena *a)
{
	const struct xml *child = xml_child(el, ns, name);
	return child ? xml_text(child, a) : NULL;
}

static struct xml *leaf(struct arena *a, const char *ns, const char *name, const char *text)
{
	struct xml *x = arena_alloc(a, LEAF);
	x->ns = ns;
	x->name = name;
	x->text = text;
	return x;
}

struct xml *xml_attribute(struct arena *a, const char *name, const char *value)
{
	return value ? leaf(a, NULL, name, value) : NULL;
}

struct xml *xml_words(struct arena *a, const char *text)
{
	return text ? leaf(a, NULL, NULL, text) : NULL;
}

void xml_append(struct xml *el, struct xml *child)
{
	if (!child)
		return;
	child->next = NULL;
	if (el->last)
		el->last->next = child;
	else
		el->first = child;
	el->last = child;
}

void xml_append_text(struct arena *a, struct xml *el, const char *text)
{
	xml_append(el, xml_words(a, text));
}

struct xml *xml_element(struct arena *a, const char *ns, const char *name, struct xml *const parts[])
{
	struct xml *el = ARENA_NEW(a, struct xml), **attr = &el->attrs;
	el->ns = ns;
	el->name = name;
	for (; *parts != &xml_end; parts++) {
		struct xml *part = *parts;
		if (part && part->name && part->text) {
			part->next = NULL;
			*attr = part;
			attr = &part->next;
		} else {
			xml_append(el, part);
		}
	}
	return el;
}

static void set(struct arena *a, struct xml *el, const char *ns, const char *name, const char *value)
{
	struct xml **at = place(&el->attrs, ns, name), *old = *at;
	struct xml *behind = old ? old->next : NULL;
	*at = value ? leaf(a, ns, name, value) : behind;         /* a new one: xml_shallow may share the old */
	if (value)
		(*at)->next = behind;
}

void xml_set(struct arena *a, struct xml *el, const char *name, const char *value)
{
	set(a, el, NULL, name, value);
}

void xml_set_lang(struct arena *a, struct xml *el, const char *lang)
{
	set(a, el, known_xml, "lang", lang);
}

void xml_remove(struct xml *el, const struct xml *child)
{
	struct xml *before = NULL;
	for (struct xml *c = el->first; c; before = c, c = c->next) {
		if (c != child)
			continue;
		*(before ? &before->next : &el->first) = c->next;
		if (el->last == c)
			el->last = before;
		return;
	}
	BUG("not a child of this element");
}

static const char *copy_ns(struct arena *a, const char *ns)
{
	if (!ns || ns == known_xml)
		return ns;
	const char *interned = xml_interned(ns, strlen(ns));
	return interned ? interned : arena_string(a, ns);
}

static struct xml *copy_leaf(struct arena *a, const struct xml *x)
{
	return leaf(a, copy_ns(a, x->ns), arena_string(a, x->name), arena_string(a, x->text));
}

struct xml *xml_clone(struct arena *a, const struct xml *el)
{
	struct xml *copy = ARENA_NEW(a, struct xml), **attr = &copy->attrs;
	copy->ns = copy_ns(a, el->ns);
	copy->name = arena_string(a, el->name);
	for (const struct xml *x = el->attrs; x; x = x->next, attr = &(*attr)->next)
		*attr = copy_leaf(a, x);
	for (const struct xml *c = el->first; c; c = c->next)
		xml_append(copy, is_text(c) ? copy_leaf(a, c) : xml_clone(a, c));
	return copy;
}

/* Attribute nodes are copied, because setting one links a new node between them. */
struct xml *xml_shallow(struct arena *a, const struct xml *el)
{
	struct xml *head = ARENA_NEW(a, struct xml), **attr = &head->attrs;
	*head = *el;
	head->next = head->attrs = NULL;
	for (const struct xml *x = el->attrs; x; x = x->next, attr = &(*attr)->next)
		*attr = leaf(a, x->ns, x->name, x->text);
	return head;
}

static bool same_attributes(const struct xml *a, const struct xml *b)
{
	size_t more = 0;
	for (const struct xml *x = b->attrs; x; x = x->next)
		more++;
	for (const struct xml *x = a->attrs; x; x = x->next, more--) {
		const char *other = get(b, x->ns, x->name);
		if (!other || strcmp(other, x->text) != 0)
			return false;
	}
	return more == 0;
}

/* Over texts that are read to their end: of the joined texts only the bytes count. */
static void skip_read(const struct xml **x, const char **at)
{
	while (*x && is_text(*x) && !**at) {
		*x = (*x)->next;
		*at = *x ? (*x)->text : NULL;
	}
}

static bool same_children(const struct xml *a, const struct xml *b)
{
	const char *p = a ? a->text : NULL, *q = b ? b->text : NULL;
	for (;;) {
		skip_read(&a, &p);
		skip_read(&b, &q);
		if (!a || !b)
			return a == b;
		if (is_text(a) != is_text(b))
			return false;
		if (is_text(a)) {
			if (*p++ != *q++)
				return false;
			continue;
		}
		if (!xml_same(a, b))
			return false;
		a = a->next;
		b = b->next;
		p = a ? a->text : NULL;
		q = b ? b->text : NULL;
	}
}

bool xml_same(const struct xml *a, const struct xml *b)
{
	return strcmp(a->name, b->name) == 0 && known_same(a->ns, b->ns) && same_attributes(a, b)
		&& same_children(a->first, b->first);
}

/*
 * XML trees: reading, building, printing.
 *
 * A tree lies in an arena and ends with it. What was parsed is read through
 * `const`; strings end in NUL. Namespaces that the server knows (xmpp/ns.h)
 * are interned: for those, el->ns == NS_PING is the whole comparison.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/buf.h"

struct xml {                         /* an element, a text between elements, or (while building) an attribute */
	struct xml *next;            /* the next sibling; of an attribute, the next attribute */
	const char *name;            /* without prefix; NULL: a text */
	const char *ns;              /* of an element never NULL; of an attribute NULL when it has no prefix */
	const char *text;            /* a text's or an attribute's value, never NULL there; an element: NULL */
	struct xml *attrs;           /* an element's; and below: a text or an attribute isn't even allocated from here on */
	struct xml *first, *last;    /* children: elements and texts in order */
};

/* Namespaces to intern, given once before threads start; `names` must live on, and NS_XML be among them. */
void xml_intern(const char *const names[], size_t count);
const char *xml_interned(const char *ns, size_t size);               /* NULL when not known */

/* Reading. Every `el` may be NULL: then there is nothing to find. `ns` is an interned one. */
bool  xml_is(const struct xml *el, const char *ns, const char *name);
const struct xml *xml_child(const struct xml *el, const char *ns, const char *name);   /* first such child element; name NULL: any; ns NULL: any */
const struct xml *xml_next(const struct xml *el, const char *ns, const char *name);    /* the next such sibling after el */
const struct xml *xml_first(const struct xml *el);                    /* first child element */
const char *xml_get(const struct xml *el, const char *name);          /* attribute without prefix; NULL when absent */
const char *xml_lang(const struct xml *el);                           /* xml:lang of el itself; NULL when absent */
const char *xml_text(const struct xml *el, struct arena *);           /* all text directly in el joined; "" when none */
const char *xml_child_text(const struct xml *el, const char *ns, const char *name, struct arena *);   /* NULL when no such child */
size_t xml_count(const struct xml *el, const char *ns, const char *name);   /* such children */

/* Building: EL(arena, ns, name, part…), where a part is ATTR, TEXT, EL or NULL, which leaves it out. */
struct xml *xml_element(struct arena *, const char *ns, const char *name, struct xml *const parts[]);   /* parts end with XML_END */
struct xml *xml_attribute(struct arena *, const char *name, const char *value);     /* value NULL: no part */
struct xml *xml_words(struct arena *, const char *text);                            /* text NULL: no part; borrows the string */
extern struct xml xml_end;
#define EL(arena, ns, ...) EL_ENDED(arena, ns, __VA_ARGS__, &xml_end)
#define EL_ENDED(arena, ns, name, ...) xml_element(arena, ns, name, (struct xml *const[]){ __VA_ARGS__ })
#define ATTR(arena, name, value) xml_attribute(arena, name, value)
#define TEXT(arena, text)        xml_words(arena, text)

/* Borrow their strings, as EL does: literals, or what lives as long as the arena. */
void xml_append(struct xml *el, struct xml *child);                   /* child NULL: nothing happens */
void xml_append_text(struct arena *, struct xml *el, const char *text);
void xml_set(struct arena *, struct xml *el, const char *name, const char *value);   /* replaces; value NULL removes */
void xml_set_lang(struct arena *, struct xml *el, const char *lang);
void xml_remove(struct xml *el, const struct xml *child);             /* unlinks a child of el */
struct xml *xml_clone(struct arena *, const struct xml *el);          /* deep: strings too */
struct xml *xml_shallow(struct arena *, const struct xml *el);        /* a new head over the same children and attributes' strings: xml_set on it leaves el as it was */

/*
 * Printing, canonical: xmlns only where the namespace changes, attributes in
 * order, CR LF TAB in attributes and CR in text as references, `<>&"'` escaped
 * as needed: parsing it gives the same tree. `around` is the default namespace
 * in force where it is printed (NS_CLIENT on a client's stream); an element in
 * NS_STREAMS is printed with the prefix `stream:`, which every stream declares.
 */
void xml_print(struct buf *, const struct xml *el, const char *around);
char *xml_string(struct arena *, const struct xml *el, const char *around);

/* For many recipients: the head with its own `to`, and the rest, which is the same for all. */
void xml_print_head(struct buf *, const struct xml *el, const char *around, const char *to);   /* up to and without the '>' or '/>' */
void xml_print_rest(struct buf *, const struct xml *el, const char *around);                   /* from there to the end */

bool xml_same(const struct xml *a, const struct xml *b);              /* equal trees: attributes in any order, adjacent texts joined */

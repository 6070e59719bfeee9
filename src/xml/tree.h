/*
 * Tree: tokens become elements, in the arena of their stanza.
 *
 * The bytes of a tag or a text are copied into the arena once; then names and
 * values are cut out of them in place. What is open is a chain of frames.
 */
#pragma once
#include "xml/lex.h"

struct tree_bind {                   /* a prefix and its namespace, in force where it hangs */
	struct tree_bind *next;
	const char *prefix, *ns;
	size_t size;                 /* of the prefix, which has no NUL */
};

struct tree_scope {                  /* what is in force somewhere */
	struct tree_bind *binds;
	const char *around;          /* the default namespace, "" for none */
	unsigned bound;              /* how many binds the tree made */
};

struct tree_frame {                  /* an open element */
	struct tree_frame *up;
	struct xml *el;
	const char *name;            /* as written, with its prefix: the end tag must be the same */
	size_t size;
	struct tree_scope outside;
};

struct tree {
	struct arena *arena;
	struct xml *root;
	struct tree_frame *top, *spare;
	struct tree_scope inside;    /* of the top */
	unsigned depth;              /* open elements */
};

/* False: *fault says why. */
bool tree_start(struct tree *, const struct lex *, bool empty, enum xml_fault *);
bool tree_end(struct tree *, const struct lex *, enum xml_fault *);
bool tree_text(struct tree *, const struct lex *, const char *from, enum xml_fault *);

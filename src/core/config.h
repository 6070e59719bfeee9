/*
 * The configuration: an immutable snapshot, shared by all loops.
 *
 *	global ─┬─ xmpp_listener ─┬─ listen ── peer
 *	        │                 └─ peer                (also put below every listen)
 *	        ├─ domain "example.com" ─┬─ domain "#xmpp#example.com"
 *	        │                        └─ component "irc.example.com"    (whose name is below the domain's)
 *	        └─ pathway_group, binding_group, threadpool, component, …
 *
 * Each scope holds what was set there; a question asked of a scope is answered
 * by it, or by the next one above it, or by the default. A reload makes a new
 * snapshot; the old one is freed when the last holder let go. Files are read
 * in this order, later ones win: the main file, changes.conf of the data
 * folder, the files of its domains.d/.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "core/config_report.h"
#include "core/config_table.h"

struct config_scope {
	enum config_kind kind;
	const char *name;                    /* "*:5222", "example.com"; "": none */
	const char *protocol;                /* of domain "#xmpp#name": "xmpp"; NULL: none */
	struct config_place place;           /* where it was first named */
	struct config_scope *parent;         /* whom it inherits from; NULL: global */
	struct config_scope *children, **last_child, *next;
	struct config_value *values;         /* set here */
	bool is_derived;                     /* a listener's peer, as it looks from one listen */
	struct hash_node node;
};

struct config;

enum { CONFIG_MAIN_ONLY = 1 };               /* leaves out what was changed at run time */

/* NULL: there were errors. The report is the caller's and may have warnings in any case. Reads files: not on a loop. */
struct config *config_load(const char *path, unsigned flags, struct config_report *);
struct config *config_share(struct config *);
void config_drop(struct config *);                                           /* NULL is fine */

struct config_include { const char *pattern; struct config_include *next; };
const struct config_include *config_includes(const struct config *);         /* as the files say them, all of them */

const struct config_scope *config_global(const struct config *);
const struct config_scope *config_outer(const struct config_scope *);          /* in whose section it stands, whomever it inherits from */
const char *config_file(const struct config *);
const char *config_data_dir(const struct config *);
const char *config_database(struct arena *, const struct config *);          /* the file in it */

/* Scopes below, of a kind: for (s = config_first(x, CONFIG_LISTEN); s; s = config_next(s)). */
const struct config_scope *config_first(const struct config_scope *, enum config_kind);
const struct config_scope *config_next(const struct config_scope *);
/* The name in lower case. Protocol: "xmpp" prefers domain "#xmpp#name"; NULL: only the plain one. NULL when it isn't declared. */
const struct config_scope *config_domain(const struct config *, const char *name, const char *protocol);
/* Asks a scope whose text is config_scope_text: for comparing two snapshots. NULL: it isn't there. */
const struct config_scope *config_scope_like(const struct config *, const struct config_scope *);

/* The value that counts in this scope; never NULL. A name that the table doesn't have there is a bug. */
const struct config_value *config_value(const struct config_scope *, const char *name);
bool        config_bool(const struct config_scope *, const char *name);
int64_t     config_int(const struct config_scope *, const char *name);       /* numbers, sizes, modes */
msec        config_duration(const struct config_scope *, const char *name);
const char *config_text(const struct config_scope *, const char *name);      /* strings, paths, URIs, secrets; NULL: none */
int         config_enum(const struct config_scope *, const char *name);      /* the place among the table's words */
const char *const *config_list(const struct config_scope *, const char *name);       /* ends with NULL, is never NULL */
bool        config_list_has(const struct config_scope *, const char *name, const char *word);    /* in any case */

/* The same by entry, for whoever goes through the table. */
const struct config_value *config_effective(const struct config_scope *, const struct config_entry *);
const struct config_value *config_set_here(const struct config_scope *, const struct config_entry *);     /* NULL: inherited */

/* What a scope says, or one above it below the global one; NULL: nothing. */
const struct config_value *config_said(const struct config_scope *, const char *name);

const char *config_origin(struct arena *, const struct config_value *);      /* "file:line", or "default" */
const char *config_scope_text(struct arena *, const struct config_scope *);  /* "xmpp_listener > listen \"*:5222\"" */

/* The file that commands use: `given`, else $JACKDAW_CONF, else ./jackdaw.conf if it is the caller's own and nobody else's to
 * write, else /etc/jackdaw/jackdaw.conf. */
const char *config_find_file(const char *given);

/*
 * The table of settings: every one is declared once, and from the declaration
 * come its check, its default, the reference page and the web form.
 *
 * A setting's path is its sections and its name: "limits.stanza_size". Names
 * are compared without case, '-' and '_', so that XMPP_Role, xmpp-role and
 * xmppRole are one. Modules add theirs at start, before there is a second
 * thread; from then on the table is only read.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/fail.h"
#include "base/hash.h"
#include "core/config_report.h"

enum option_type {
	OPTION_BOOL, OPTION_INT,
	OPTION_SIZE,                         /* bytes; k m g are powers of 1024 */
	OPTION_DURATION,                     /* kept in milliseconds; a bare number means seconds */
	OPTION_MODE,                         /* access rights, octal */
	OPTION_STRING, OPTION_SECRET,        /* a secret is never shown */
	OPTION_PATH,                         /* relative to the file that names it; one of `words` is no path */
	OPTION_URI,                          /* scheme:…; the schemes are `words` */
	OPTION_ENUM,                         /* one of `words`; its number is the place among them */
	OPTION_LIST,                         /* words; from `words` when there are any */
	OPTION_ADDRESSES,                    /* a list of URIs, which nobody here opens: they are told */
	OPTION_PATHS,                        /* one path or a list of them, relative as OPTION_PATH; its text is the first */
	OPTION_MAP,                          /* a = b, c = d; kept as a list "a=b"; values from `words` when there are any */
};

/* Where something can be set. A scope inherits: global > listener > listen > peer, global > domain, and so on. */
enum config_kind {
	CONFIG_GLOBAL, CONFIG_LISTENER, CONFIG_LISTEN, CONFIG_PEER, CONFIG_DOMAIN,
	CONFIG_PATHWAY_GROUP, CONFIG_PATHWAY, CONFIG_BINDING_GROUP, CONFIG_BINDING, CONFIG_THREADPOOL, CONFIG_COMPONENT, CONFIG_KINDS
};
enum {
	IN_GLOBAL = 1 << CONFIG_GLOBAL, IN_LISTENER = 1 << CONFIG_LISTENER, IN_LISTEN = 1 << CONFIG_LISTEN,
	IN_PEER = 1 << CONFIG_PEER, IN_DOMAIN = 1 << CONFIG_DOMAIN, IN_PATHWAYS = 1 << CONFIG_PATHWAY_GROUP | 1 << CONFIG_PATHWAY,
	IN_BINDINGS = 1 << CONFIG_BINDING_GROUP | 1 << CONFIG_BINDING, IN_THREADPOOL = 1 << CONFIG_THREADPOOL,
	IN_COMPONENT = 1 << CONFIG_COMPONENT,
	IN_LISTENERS = IN_LISTENER | IN_LISTEN | IN_PEER,
};

enum option_reload {
	RELOAD_LIVE,                         /* at once */
	RELOAD_NEW,                          /* for connections that come after it */
	RELOAD_RESTART,
};

struct setting {
	const char *name;                    /* may hold dots: "plain.uri" */
	enum option_type type;
	const char *preset;                  /* its default, as one would write it; NULL: none */
	const char *help;
	unsigned scopes;                     /* IN_…; 0: IN_GLOBAL | IN_DOMAIN */
	int64_t min, max;                    /* both 0: any; durations in milliseconds. For strings: longest length */
	const char *words;                   /* "one two three" */
	enum option_reload reload;
	bool later;                          /* accepted and without effect until built */
};

struct config_value {
	const struct config_entry *entry;
	int64_t number;                      /* bool, int, size, milliseconds, mode, place among the words */
	const char *text;                    /* string, path, URI, word; NULL: none */
	const char *const *list;             /* ends with NULL */
	struct config_place place;           /* line 0: the default */
	struct config_value *next;
};

struct config_entry {
	struct setting setting;
	const char *path;                    /* "limits.stanza_size" */
	struct config_value preset;
	struct hash_node node;               /* by the path without case, '-' and '_' */
	struct config_entry *same;           /* the same path in other scopes */
	struct config_entry *next;           /* all of them, in the order declared */
};

/* Adds a section's settings ("" for the top level). A module's section gets `enabled` and `debug_level` too when asked.
 * What was declared `later` is replaced; anything else declared twice, or a wrong default, is a bug. */
void config_table_add(const char *section, const struct setting *, size_t count);
void config_table_add_module(const char *section, const struct setting *, size_t count);

const struct config_entry *config_table_first(void);
/* By path, in any spelling; of this kind of scope. NULL: there is none. */
const struct config_entry *config_table_find(const char *path, enum config_kind);
const struct config_entry *config_table_find_any(const char *path);          /* the first of `same` */
bool config_table_has_section(const char *path, enum config_kind);
/* The last part of the path that is nearest to a name nobody knows; NULL: nothing is near. */
const char *config_table_nearest(const char *path, enum config_kind);

/* "AuthPlainParameters" is "auth.plain"; most names are themselves. */
const char *config_table_alias(const char *name);
char *config_name_plain(struct arena *, const char *name);                   /* without case, '-' and '_' */
bool  config_name_is(const char *name, const char *known);

const char *config_kind_keyword(enum config_kind);                           /* "xmpp_listener" */
const char *config_kinds_text(struct arena *, unsigned scopes);                /* "global, domain" */
bool config_kind_is_later(enum config_kind);                                  /* accepted and without effect until built */
enum option_reload config_kind_reload(enum config_kind);                        /* of such a scope that comes or goes */
bool config_kind_named(const char *keyword, enum config_kind *);
bool config_kind_may_hold(enum config_kind outer, enum config_kind inner);
const char *option_type_name(enum option_type);
const char *option_reload_name(enum option_reload);                           /* "live", "new connections", "restart" */

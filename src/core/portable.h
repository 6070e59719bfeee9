/*
 * Portable: what an account takes along to another server, and brings from
 * one (XEP-0227).
 *
 * Each module says what of an account is its own: how its rows become
 * elements of <user/>, and how such an element becomes rows again. Both work
 * in the server and without one. What is here already stays, unless it is to
 * be overwritten; so the same file may be imported twice.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "store/store.h"
#include "xml/xml.h"
#include "xmpp/jid.h"

struct module;

enum { PORTABLE_PAGE = 50 };         /* rows */

struct importing {                   /* one account on its way in */
	struct arena     *arena;
	int64_t           account;   /* its key */
	const struct jid *jid;       /* bare */
	bool              is_new, overwrites;    /* it wasn't here before; what is here goes */
	unsigned          hashes;    /* of its keys: bits of enum scram_hash */
	unsigned          wrong, ignored;    /* elements that could not be read; those that nobody wants */
	const char       *example;   /* one of them */
	void            (*put)(struct importing *, const char *sql, const struct value *, size_t count);     /* one statement of its commit */
	void             *with;
};
#define import_put(in, sql, ...) (in)->put(in, sql, (const struct value[]){ __VA_ARGS__ }, sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value))

enum import_verdict { IMPORT_NOT_MINE, IMPORT_TAKEN, IMPORT_WRONG };

struct portable {
	const char *wrapper;         /* an element around what is exported, in XEP-0227's namespace; NULL: none */
	bool        is_paged;        /* the query binds account, the last key, how many; else the account alone */
	const char *query;
	/* Adds to `user` (or the wrapper) what the rows say. Returns the last row's key. */
	int64_t   (*export)(struct arena *, struct xml *user, const struct rows *, const char *domain);
	enum import_verdict (*import)(struct importing *, const struct xml *child);
};

/* Gives each child of <user/> to the module whose it is. */
void portable_import(struct importing *, const struct xml *user);
/* <imported result='made|merged' …/>: what is told of it. */
struct xml *portable_report(struct arena *, const struct importing *, bool is_new);

extern const struct module mod_portable;     /* the call <import [password='…'] [overwrite='yes']>children of <user/></import> */

/*
 * Slots: what modules hold of an account or a session.
 *
 * Each kind has one place for each module that says how to free such a thing;
 * so a module that holds nothing of a kind costs nothing. The array is made when
 * the first thing is put in.
 */
#pragma once
#include "core/module.h"

enum slots_kind {
	SLOTS_KEPT,                  /* of an account, and in the database: per_account */
	SLOTS_LIVE,                  /* of an account, in memory only: live_free */
	SLOTS_SESSION,               /* of a session: session_free */
};

void  slots_wire(void);               /* once, when the modules are known */
void *slots_get(void *const *slots, enum slots_kind, const struct module *);         /* NULL: nothing */
void  slots_set(void ***slots, enum slots_kind, const struct module *, void *);
void  slots_free(void ***slots, enum slots_kind);    /* all that is held, and the array */

/*
 * Roster: the contacts of an account (RFC 6121 §2).
 *
 * What other modules ask of it and change in it. Changes are a turn's: they
 * are written and pushed when it is kept.
 */
#pragma once
#include "core/account.h"
#include "modules/roster_block.h"

const struct roster_block *roster_of(const struct account *);        /* NULL: empty */
/* May this sender know of the account's presence: the account itself, and whoever is subscribed to it. */
bool roster_may_see(const struct account *, const struct jid *who);
enum subscription roster_subscription(const struct account *, const char *bare);
/* Whether `who` may know that the account is there: the account itself, or who is subscribed to its presence (RFC 6121 §11). */
bool roster_may_see(const struct account *, const struct jid *who);
/* A contact with its strings in the turn's arena; one that isn't there: nothing but its address. */
struct contact roster_contact(struct turn *, const char *bare);
/* One more item would be too many for the setting. */
bool roster_is_full(const struct turn *);

/* Writes it. What is neither an item nor a request that waits is removed. Strings live as long as the turn. */
void roster_put(struct turn *, const struct contact *);
/* Makes a new version and tells the interested sessions; an unlisted contact is told as removed (§2.1.6). */
void roster_push(struct turn *, const struct contact *);
/* As clients see it; one that isn't listed is said to be removed. */
struct xml *roster_item(struct arena *, const struct contact *);
/* To all sessions that asked for the roster (§2.2). */
void roster_tell(struct turn *, const struct xml *stanza);

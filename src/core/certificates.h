/*
 * Certificates: those of a snapshot, each read once.
 *
 * Scopes that name the same files with the same policy share what was read: ten
 * thousand domains may be under one certificate. The list also says what to
 * watch, and what ends when.
 */
#pragma once
#include "base/arena.h"
#include "base/hash.h"
#include "net/tls.h"

struct config_scope;

struct certificate {
	struct hash_node  by_text;
	struct certificate  *next;
	struct tls       *tls;
	const char       *certificate;       /* its first file */
	const char       *whose;             /* the first domain, or the listener, that names it */
	unsigned          users;             /* how many do */
};

struct certificate_file {
	const char *path;                    /* a certificate, a key, a password, authorities */
	uint64_t    seen;                    /* what it was when it was read: certificate_look */
	struct certificate_file *next;
};

struct certificates {
	struct arena    *arena;              /* the snapshot's */
	struct hash      by_text;
	struct certificate *first, **last;
	struct certificate_file *files;         /* each that was read */
};

void certificates_init(struct certificates *, struct arena *);
void certificates_clear(struct certificates *);
/* What the scope says. *tls may stay NULL: it names no certificate. False: a file can't be had. The tls is the list's. */
bool certificates_get(struct certificates *, const struct config_scope *, const char *whose, struct tls **tls, struct fail *why);
void certificates_note_file(struct certificates *, const char *path);      /* NULL is fine */

uint64_t certificate_look(const char *path);         /* another number when the file is another, or gone */

/* Says in the log which certificates end soon: at 30, 14, 7 and 1 days before, and when they have; once each, and all of them
 * once after a start or a reload. */
void certificates_warn(const struct certificates *, msec now, msec before);
unsigned certificate_stage(msec left);                  /* how many of these marks are behind */

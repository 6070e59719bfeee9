/*
 * Keys are small files, so each is read whole. The secret is a password for
 * everybody's account, and is to be kept like one.
 */
#include "core/oauth.h"
#include "core/certificates.h"
#include "core/config.h"
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MOST = 256 * 1024 };

static bool is_private(FILE *f, const char *path, struct fail *why)
{
	struct stat st;
	if (fstat(fileno(f), &st) == 0 && !(st.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)))
		return true;
	return fail(why, "%s has the mode %04o: everybody may read it, or others change it. chmod 0640 %s, or 0600", path,
		(unsigned)st.st_mode & 0777, path);
}

/* NULL: it can't be had. */
static char *read_file(struct arena *a, const char *path, bool is_secret, size_t *size, struct fail *why)
{
	FILE *f = fopen(path, "re");
	if (!f) {
		fail_errno(why, "cannot read %s", path);
		return NULL;
	}
	char *text = NULL;
	if (!is_secret || is_private(f, path, why)) {
		text = arena_bytes(a, FILE_MOST + 1);
		*size = fread(text, 1, FILE_MOST + 1, f);
		if (*size > FILE_MOST)
			fail(why, "%s is larger than keys are", path);
	}
	fclose(f);
	return text && *size <= FILE_MOST ? text : NULL;
}

static bool add_file(struct jwks *set, const char *path, struct fail *why)
{
	struct arena *a = arena_new();
	size_t size;
	const char *text = read_file(a, path, false, &size, why);
	bool ok = text && jwks_add(set, path, text, size, why);
	arena_free(a);
	return ok;
}

/* The line's end at its end isn't part of it. */
static bool add_secret(struct jwks *set, const char *path, struct fail *why)
{
	struct arena *a = arena_new();
	size_t size;
	char *text = read_file(a, path, true, &size, why);
	size_t length = text ? size : 0;
	if (length && text[length - 1] == '\n')
		length--;
	if (length && text[length - 1] == '\r')
		length--;
	bool ok = text && jwks_add_secret(set, path, text, length, why);
	if (text)
		OPENSSL_cleanse(text, size);
	arena_free(a);
	return ok;
}

static bool read_keys(struct oauth_keys *k, struct certificates *all, struct fail *why)
{
	for (const char *const *path = k->keys->list; *path; path++) {
		certificates_note_file(all, *path);
		if (!add_file(&k->set, *path, why))
			return false;
	}
	certificates_note_file(all, k->secret->text);
	return !k->secret->text || add_secret(&k->set, k->secret->text, why);
}

static const struct oauth_keys *keys_of(struct oauth_keys **known, struct certificates *all, const struct config_scope *s,
	struct fail *why)
{
	const struct config_value *keys = config_value(s, "auth.oauth.keys"), *secret = config_value(s, "auth.oauth.secret_file");
	for (const struct oauth_keys *k = *known; k; k = k->next)
		if (k->keys == keys && k->secret == secret)
			return k;
	struct oauth_keys *k = ARENA_NEW(all->arena, struct oauth_keys);
	jwks_init(&k->set, all->arena);
	k->keys = keys;
	k->secret = secret;
	k->next = *known;
	*known = k;
	return read_keys(k, all, why) ? k : NULL;
}

/* A token for another service is none for us: without another word it is to be for the domain. */
static const char *const *audiences(struct arena *a, const struct config_scope *s, const char *domain)
{
	const char *const *list = config_list(s, "auth.oauth.audience");
	if (*list)
		return list;
	const char **own = arena_alloc(a, 2 * sizeof *own);
	own[0] = domain;
	return own;
}

bool oauth_read(const struct oauth **oauth, struct oauth_keys **known, struct certificates *all, const struct config_scope *s,
	const char *domain, struct fail *why)
{
	*oauth = NULL;
	if (!*config_list(s, "auth.oauth.keys") && !config_text(s, "auth.oauth.secret_file"))
		return true;
	struct oauth *o = ARENA_NEW(all->arena, struct oauth);
	o->keys = keys_of(known, all, s, why);
	o->configuration = config_text(s, "auth.oauth.configuration");
	o->ends_sessions = config_bool(s, "auth.oauth.end_sessions");
	o->makes_accounts = config_bool(s, "auth.oauth.create");
	o->terms.issuer = config_text(s, "auth.oauth.issuer");
	o->terms.audiences = audiences(all->arena, s, domain);
	o->terms.scope = config_text(s, "auth.oauth.scope");
	o->terms.claim = config_text(s, "auth.oauth.claim");
	o->terms.leeway = config_duration(s, "auth.oauth.leeway") / 1000;
	*oauth = o;
	return o->keys != NULL;
}

void oauth_clear(struct oauth_keys *k)
{
	for (; k; k = k->next)
		jwks_clear(&k->set);
}

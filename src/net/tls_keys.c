/*
 * Private keys, and the passwords that open them.
 *
 * Permissions are looked at on the open file, so that nobody can change it in
 * between.
 */
#include "net/tls_inside.h"
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What opens as many doors as a key does is nobody else's to read or to change. */
static FILE *open_secret(const char *path, struct fail *why)
{
	struct stat st;
	FILE *f = fopen(path, "re");
	if (!f) {
		fail_errno(why, "cannot read %s", path);
		return NULL;
	}
	if (fstat(fileno(f), &st) == 0 && !(st.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)))
		return f;
	fail(why, "%s has the mode %04o: everybody may read it, or others change it. chmod 0640 %s, or 0600", path, (unsigned)st.st_mode & 0777, path);
	fclose(f);
	return NULL;
}

static int give_password(char *to, int size, int rwflag, void *with)     /* never asks the terminal */
{
	struct tls_password *p = with;
	size_t length = strlen(p->text);
	p->was_asked = true;
	if (!p->is_known || length > (size_t)size)
		return -1;
	memcpy(to, p->text, length);
	return (int)length;
}

bool tls_read_password(const struct tls_options *o, struct tls_password *p, struct fail *why)
{
	p->is_known = o->key_password || o->key_password_file;
	if (o->key_password)
		snprintf(p->text, sizeof p->text, "%s", o->key_password);
	if (o->key_password || !o->key_password_file)
		return true;
	FILE *f = open_secret(o->key_password_file, why);
	if (!f)
		return false;
	bool ok = fgets(p->text, sizeof p->text, f) != NULL;
	p->text[strcspn(p->text, "\r\n")] = '\0';
	fclose(f);
	return ok || fail(why, "%s is empty", o->key_password_file);
}

EVP_PKEY *tls_read_key(const char *path, struct tls_password *p, struct fail *why)
{
	FILE *f = open_secret(path, why);
	if (!f)
		return NULL;
	EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, give_password, p);
	fclose(f);
	if (!key && p->was_asked)
		fail(why, "the key in %s is encrypted, and %s", path,
			p->is_known ? "the password doesn't open it" : "there is neither tls_key_password nor tls_key_password_file");
	else if (!key)
		fail(why, "cannot read a key from %s: %s", path, tls_words());
	return key;
}

/* [authzid] NUL authcid NUL password: two NULs exactly, UTF-8, the last two parts not empty. */
#include "xmpp/sasl_plain.h"
#include <openssl/crypto.h>
#include <stdbool.h>
#include <string.h>
#include <unistr.h>

enum { AUTHZID, AUTHCID, PASSWORD, PARTS };

/* Cuts the copy into its parts; false when there are more or fewer than three. */
static bool cut(char *text, size_t size, char *parts[PARTS])
{
	char *at = text, *end = text + size;
	for (int i = 0; i < PASSWORD; i++) {
		parts[i] = at;
		at = memchr(at, '\0', (size_t)(end - at));
		if (!at)
			return false;
		at++;
	}
	parts[PASSWORD] = at;
	return !memchr(at, '\0', (size_t)(end - at));
}

static bool may_be(char *const parts[PARTS], size_t longest)
{
	for (int i = 0; i < PARTS; i++)
		if (strlen(parts[i]) > longest)
			return false;
	return *parts[AUTHCID] && *parts[PASSWORD];
}

enum sasl_failure sasl_plain_parse(struct sasl_plain *plain, struct arena *a, const void *message, size_t size, size_t longest)
{
	char *parts[PARTS];
	*plain = (struct sasl_plain){ 0 };
	if (size / PARTS > longest || u8_check(message, size))
		return SASL_MALFORMED_REQUEST;

	char *text = arena_copy(a, message, size);
	if (!cut(text, size, parts) || !may_be(parts, longest)) {
		OPENSSL_cleanse(text, size);
		return SASL_MALFORMED_REQUEST;
	}
	plain->authzid = *parts[AUTHZID] ? parts[AUTHZID] : NULL;
	plain->authcid = parts[AUTHCID];
	plain->password = parts[PASSWORD];
	return SASL_OK;
}

void sasl_plain_forget(struct sasl_plain *plain)
{
	if (plain->password)
		OPENSSL_cleanse(plain->password, strlen(plain->password));
	plain->password = NULL;
}

/*
 * A client that shows anything as a token, to a server whose keys it doesn't
 * have: nothing may crash us, and nothing is ever good. And the rest of what
 * comes from outside around it: OAUTHBEARER's message, keys, certificates.
 *
 * The first byte chooses. Claims are reached with a token that we sign here
 * ourselves: then the rest is its claims.
 */
#include <openssl/hmac.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "xmpp/base64.h"
#include "xmpp/client_certificate.h"
#include "xmpp/jwt.h"
#include "xmpp/sasl_oauth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char secret[] = "a secret that has more than thirty-two bytes";
static const char key[] = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";
static const char head[] = "eyJhbGciOiJIUzI1NiJ9";
static const char *const audiences[] = { "example", NULL };
static const struct jwt_terms terms = { .audiences = audiences, .claim = "sub", .leeway = 30 };

static void must(bool what)
{
	if (!what)
		abort();
}

static enum jwt_fault check(struct jwt *jwt, struct arena *a, const char *token)
{
	struct jwks set;
	jwks_init(&set, a);
	must(jwks_add_secret(&set, "secret", secret, strlen(secret), NULL));
	must(jwks_add(&set, "key", key, strlen(key), NULL));
	enum jwt_fault fault = jwt_check(jwt, a, &set, &terms, 1700000000, token);
	jwks_clear(&set);
	return fault;
}

static const char *url(struct arena *a, const void *bytes, size_t size)
{
	char *text = base64_encode(a, bytes, size);
	for (char *p = text; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	text[strcspn(text, "=")] = '\0';
	return text;
}

static void token(struct arena *a, const uint8_t *data, size_t size)
{
	struct jwt jwt;
	enum jwt_fault fault = check(&jwt, a, arena_copy(a, data, size));
	must(fault == JWT_MALFORMED || fault == JWT_UNSIGNED);
}

static void claims(struct arena *a, const uint8_t *data, size_t size)
{
	struct jwt jwt;
	unsigned char mac[32];
	const char *text = arena_printf(a, "%s.%s", head, url(a, data, size));
	HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text, strlen(text), mac, NULL);
	enum jwt_fault fault = check(&jwt, a, arena_printf(a, "%s.%s", text, url(a, mac, sizeof mac)));
	must(fault != JWT_UNSIGNED);
	must(fault != JWT_OK || (jwt.name && *jwt.name && jwt.expires > 1700000000 - 30));
}

static void message(struct arena *a, const uint8_t *data, size_t size)
{
	struct sasl_oauth o;
	enum sasl_failure failure = sasl_oauth_parse(&o, a, data, size);
	must(failure == SASL_MALFORMED_REQUEST || (failure == SASL_OK && o.token && *o.token && strlen(o.token) < size));
}

static void keys(struct arena *a, const uint8_t *data, size_t size)
{
	struct jwks set;
	jwks_init(&set, a);
	bool ok = jwks_add(&set, "file", (const char *)data, size, NULL);
	must(!ok || set.count);
	jwks_clear(&set);
}

static void certificate(struct arena *a, const uint8_t *data, size_t size)
{
	struct client_certificate f;
	if (client_certificate_read(&f, a, data, size))
		for (unsigned i = 0; i < f.count; i++)
			must(f.addresses[i] && f.addresses[i]->domain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const targets[])(struct arena *, const uint8_t *, size_t) = { token, claims, message, keys, certificate };
	if (!size)
		return 0;
	struct arena *a = arena_new();
	targets[data[0] % (sizeof targets / sizeof *targets)](a, data + 1, size - 1);
	arena_free(a);
	return 0;
}

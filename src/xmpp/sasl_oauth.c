/*
 * gs2-header ^A (key "=" value ^A)* ^A, where ^A is the byte 1.
 *
 * The header is that of SCRAM: "n,a=user@example.com," or "n,,". There is no
 * binding to a channel ("p="), and "y" says only that the client could.
 */
#include "xmpp/sasl_oauth.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistr.h>

/* RFC 5801 §4: "=2C" is a comma, "=3D" is "=", and nothing else begins with "=". In place. */
static bool decode_name(char *name)
{
	char *to = name;
	for (; *name; name++) {
		if (*name != '=')
			*to++ = *name;
		else if (strncmp(name, "=2C", 3) == 0 || strncmp(name, "=3D", 3) == 0) {
			*to++ = name[1] == '2' ? ',' : '=';
			name += 2;
		} else
			return false;
	}
	*to = '\0';
	return true;
}

static bool read_header(struct sasl_oauth *o, char *header)
{
	char *name = header + 2, *end = strchr(name, ',');
	if ((header[0] != 'n' && header[0] != 'y') || header[1] != ',' || !end || end[1])
		return false;
	*end = '\0';
	if (!*name)
		return true;
	o->authzid = name + 2;
	return strncmp(name, "a=", 2) == 0 && name[2] && decode_name(name + 2);
}

/* RFC 6750 §2.1. The scheme's name is written in any case. */
static bool read_auth(struct sasl_oauth *o, char *value)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
	if (o->token || strncasecmp(value, "Bearer ", 7) != 0)
		return false;
	value += 7 + strspn(value + 7, " ");
	size_t length = strspn(value, alphabet);
	o->token = value;
	return length && !value[length + strspn(value + length, "=")];
}

static bool is_key(const char *pair, const char *equals)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	return equals > pair && strspn(pair, letters) == (size_t)(equals - pair);
}

static bool is_value(const char *value)
{
	for (; *value; value++)
		if (*value != '\t' && *value != '\r' && *value != '\n' && (*value < ' ' || *value > '~'))
			return false;
	return true;
}

/* Unknown keys are passed over (§3.1). */
static bool read_pair(struct sasl_oauth *o, char *pair)
{
	char *equals = strchr(pair, '=');
	if (!equals || !is_key(pair, equals) || !is_value(equals + 1))
		return false;
	*equals = '\0';
	if (strcmp(pair, "auth") == 0)
		return read_auth(o, equals + 1);
	if (strcmp(pair, "host") == 0)
		o->host = equals + 1;
	return true;
}

enum sasl_failure sasl_oauth_parse(struct sasl_oauth *o, struct arena *a, const void *message, size_t size)
{
	*o = (struct sasl_oauth){ 0 };
	char *text = arena_copy(a, message, size);
	if (strlen(text) != size || u8_check(message, size) || size < 2 || strcmp(text + size - 2, "\1\1") != 0)
		return SASL_MALFORMED_REQUEST;
	text[size - 1] = '\0';
	char *rest = text, *header = strsep(&rest, "\1");
	bool ok = strlen(header) > 2 && read_header(o, header);
	for (char *pair; ok && (pair = strsep(&rest, "\1")) && rest;)
		ok = read_pair(o, pair);
	return ok && o->token ? SASL_OK : SASL_MALFORMED_REQUEST;
}

const char *sasl_oauth_error(struct arena *a, const char *status, const char *scope, const char *configuration)
{
	json_t *json = json_pack("{s:s, s:s*, s:s*}", "status", status, "scope", scope, "openid-configuration", configuration);
	char *text = json_dumps(json, JSON_COMPACT);
	const char *copy = arena_string(a, text);
	free(text);
	json_decref(json);
	return copy;
}

/*
 * LOGIN: PLAIN in two answers, as old mail programs have it. No document
 * stands behind it; the prompts are what most clients look for, if any do.
 */
#include "streams/exchange.h"
#include "streams/password.h"
#include <string.h>

struct own { const char *user; };

static void first(struct exchange *x, const char *text, size_t size)
{
	static const char prompt[] = "Username:";
	x->own = ARENA_NEW(x->arena, struct own);
	if (text)
		x->mechanism->next(x, text, size);           /* the name may come as an initial response */
	else
		exchange_challenge(x, prompt, sizeof prompt - 1);
}

static void next(struct exchange *x, const char *text, size_t size)
{
	static const char prompt[] = "Password:";
	struct own *own = x->own;
	if (!size || size > JID_PART || memchr(text, '\0', size)) {
		exchange_fail(x, SASL_MALFORMED_REQUEST, "LOGIN");
	} else if (!own->user) {
		own->user = arena_copy(x->arena, text, size);
		exchange_challenge(x, prompt, sizeof prompt - 1);
	} else {
		exchange_name(x, own->user);
		password_check(x, own->user, arena_copy(x->arena, text, size));
	}
}

const struct mechanism mechanism_login = { "LOGIN", NEEDS_PRIVACY, SOURCE_KEYS | SOURCE_CHECK, .server_first = true, .longest = MESSAGE_USUAL,
	.first = first, .next = next, .clear = password_forget };

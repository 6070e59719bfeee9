/*
 * ANONYMOUS (RFC 4505, XEP-0175): a name for as long as the stream.
 *
 * It is a random UUID, so nobody guesses it and nobody gets it again. What the
 * client says of itself, if it says anything, goes to the log and nowhere else.
 */
#include "streams/exchange.h"
#include "base/log.h"
#include "base/random.h"
#include "core/home.h"
#include "core/limit.h"
#include <string.h>
#include <unistr.h>

enum { TRACE_LETTERS = 255, TRACE_BYTES = 4 * TRACE_LETTERS };

/* RFC 4505 §2, §3: without control characters, which would forge lines of logs. */
static bool is_trace(const char *text, size_t size)
{
	if (u8_check((const uint8_t *)text, size) || u8_mbsnlen((const uint8_t *)text, size) > TRACE_LETTERS)
		return false;
	for (size_t i = 0; i < size; i++) {
		const unsigned char byte = (unsigned char)text[i], after = i + 1 < size ? (unsigned char)text[i + 1] : 0;
		if (byte < ' ' || byte == 0x7f || (byte == 0xc2 && after < 0xa0))
			return false;
	}
	return true;
}

/* RFC 9562 §5.4 */
static const char *random_uuid(struct arena *a)
{
	unsigned char b[16];
	random_fill(b, sizeof b);
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	return arena_printf(a, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static void first(struct exchange *x, const char *text, size_t size)
{
	if (!is_trace(text, size)) {
		exchange_fail(x, SASL_MALFORMED_REQUEST, "what it says of itself is no text");
		return;
	}
	x->login = login_anonymous(&home_here()->hosts->limits);
	if (!x->login) {
		limit_reached(LIMIT_ANONYMOUS);
		exchange_fail(x, SASL_TEMPORARY_AUTH_FAILURE, "too many anonymous users");
		return;
	}
	exchange_name(x, random_uuid(x->arena));
	if (size)
		c2s_log(x->c, LOG_LOW, "the anonymous user says of itself: %.*s", (int)size, text);
	exchange_succeed(x, NULL, 0);
}

static void next(struct exchange *x, const char *text, size_t size)
{
	exchange_fail(x, SASL_MALFORMED_REQUEST, "one message is all there is");
}

const struct mechanism mechanism_anonymous = {
	.name = "ANONYMOUS", .longest = TRACE_BYTES, .first = first, .next = next,
};

/*
 * An ASCII name without "xn--" is finished by looking at each byte. The rest
 * goes to libidn2 and back: to A-labels, which checks IDNA2008, and to
 * U-labels, which are what we keep. They must lead to the same A-labels again,
 * or two names would be one.
 *
 * libidn2 lets pass what isn't a host name: empty labels, underscores, hyphens
 * in bad places. So its A-labels go through the check for ASCII names.
 */
#include "xmpp/domain.h"
#include "xmpp/precis.h"
#include <arpa/inet.h>
#include <idn2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistr.h>

enum { LABEL = 63, IDNA_INPUT = 1024, IDNA = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL };

/* HOST stands in a label or between two; without a HYPHEN there is no A-label. UPPER is also the distance to lower case. */
enum { HOST = 1, HIGH = 2, HYPHEN = 4, UPPER = 0x20 };

static const unsigned char kind[256] = {
	['-'] = HOST | HYPHEN, ['.'] = HOST, ['0' ... '9'] = HOST, ['a' ... 'z'] = HOST, ['A' ... 'Z'] = HOST | UPPER,
	[0x80 ... 0xff] = HIGH,
};

static bool is_a_label(const char *label, size_t size)
{
	return size >= 4 && label[2] == '-' && strncasecmp(label, "xn--", 4) == 0;
}

/* RFC 5890 §2.3.1: an NR-LDH label; and an A-label where `idna` says so. */
static bool label_ok(const char *label, size_t size, bool idna)
{
	if (size == 0 || size > LABEL || label[0] == '-' || label[size - 1] == '-')
		return false;
	if (size >= 4 && label[2] == '-' && label[3] == '-')
		return idna && is_a_label(label, size);
	return true;
}

static bool labels_ok(const char *name, size_t size, bool idna)
{
	size_t start = 0;
	for (size_t i = 0; i < size; i++)
		if (name[i] == '.') {
			if (!label_ok(name + start, i - start, idna))
				return false;
			start = i + 1;
		}
	return label_ok(name + start, size - start, idna);
}

static bool has_a_label(const char *name, size_t size)
{
	const char *end = name + size;
	for (const char *dot; !is_a_label(name, (size_t)(end - name)); name = dot + 1)
		if (!(dot = memchr(name, '.', (size_t)(end - name))))
			return false;
	return true;
}

/* Lower case into out; false when a byte isn't HOST. */
static bool lower(char *out, const char *text, size_t size, unsigned *any)
{
	unsigned all = HOST;
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i], k = kind[c];
		out[i] = (char)(c | (k & UPPER));
		all &= k;
		*any |= k;
	}
	return all;
}

/* RFC 5893 §2: when one label is written from right to left, each must keep the rule. */
static bool bidi_ok(const char *name)
{
	uint32_t codes[IDNA_INPUT];
	size_t count = IDNA_INPUT, start = 0;
	if (!u8_to_u32((const uint8_t *)name, strlen(name), codes, &count))
		return false;
	if (!precis_has_right_to_left(codes, count))
		return true;
	for (size_t i = 0; i <= count; i++)
		if (i == count || codes[i] == '.') {
			if (!precis_bidi(codes + start, i - start))
				return false;
			start = i + 1;
		}
	return true;
}

static bool to_a_labels(const char *name, uint8_t **out)
{
	if (idn2_lookup_u8((const uint8_t *)name, out, IDNA) != IDN2_OK)
		return false;
	const char *a = (const char *)*out;
	unsigned any = 0;
	char lowered[IDNA_INPUT];
	size_t size = strlen(a);
	return size < sizeof lowered && lower(lowered, a, size, &any) && !(any & UPPER) && labels_ok(a, size, true);
}

static bool u_labels_ok(const char *name, const char *a_labels)
{
	uint8_t *again = NULL;
	bool ok = !has_a_label(name, strlen(name)) && to_a_labels(name, &again) &&
		strcmp((const char *)again, a_labels) == 0 && bidi_ok(name);
	idn2_free(again);
	return ok;
}

static size_t idna(char *out, size_t limit, const char *text, size_t size)
{
	char name[IDNA_INPUT];
	uint8_t *a = NULL;
	char *u = NULL;
	size_t used = 0;
	if (size >= sizeof name)
		return 0;
	memcpy(name, text, size);
	name[size] = '\0';
	if (!to_a_labels(name, &a) || idn2_to_unicode_8z8z((const char *)a, &u, 0) != IDN2_OK)
		goto out;
	if (strlen(u) > limit || !u_labels_ok(u, (const char *)a))
		goto out;
	used = strlen(u);
	memcpy(out, u, used);
out:
	idn2_free(a);
	idn2_free(u);
	return used;
}

/* IP-literal of RFC 3986 §3.2.2, which is IPv6 only: nobody made another. A zone is of no use elsewhere. */
static size_t ip_literal(char *out, size_t limit, const char *text, size_t size)
{
	char inside[INET6_ADDRSTRLEN];
	struct in6_addr address;
	if (size < 4 || size > limit || size - 2 >= sizeof inside || text[size - 1] != ']')
		return 0;
	memcpy(inside, text + 1, size - 2);
	inside[size - 2] = '\0';
	if (strlen(inside) != size - 2 || inet_pton(AF_INET6, inside, &address) != 1)
		return 0;
	inet_ntop(AF_INET6, &address, inside, sizeof inside);   /* RFC 5952: one address, one text */
	size_t used = strlen(inside);
	out[0] = '[';
	memcpy(out + 1, inside, used);
	out[used + 1] = ']';
	return used + 2;
}

size_t domain_prepare(char *out, size_t limit, const char *text, size_t size)
{
	if (size > 0 && text[size - 1] == '.')
		size--;              /* RFC 7622 §3.2: before anything else */
	if (size == 0 || size > limit)
		return 0;
	if (text[0] == '[')
		return ip_literal(out, limit, text, size);
	unsigned any = 0;
	bool plain = lower(out, text, size, &any);
	if (!plain && !(any & HIGH))
		return 0;
	if ((any & HIGH) || ((any & HYPHEN) && has_a_label(out, size)))
		return idna(out, limit, text, size);
	return labels_ok(out, size, false) ? size : 0;
}

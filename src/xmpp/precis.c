/*
 * The classes are derived from the Unicode properties that libunistring
 * knows, by the algorithm of RFC 8264 §8; the profiles apply their rules in
 * the order of RFC 8265, again until nothing changes.
 *
 * RFC 8265 checks the class before case and normalization, RFC 8264 §7 after
 * them. We do both: rules are applied until they change nothing, and each
 * application checks first.
 */
#include "xmpp/precis.h"
#include "xmpp/context.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>
#include <unictype.h>

enum { ROOM = 4096, CODES = 0x110000, AGAIN = 3 };

/* Nothing shrinks to less than a quarter, so what fills a JID's part fits in here. */
struct text {
	uint32_t at[ROOM];
	size_t   count;
};

/* RFC 5892 §2.6, as ranges. */
static const struct { uint32_t from, to; enum precis_class class; } exceptions[] = {
	{ 0x00B7, 0x00B7, PRECIS_CONTEXTO },   { 0x00DF, 0x00DF, PRECIS_PVALID },
	{ 0x0375, 0x0375, PRECIS_CONTEXTO },   { 0x03C2, 0x03C2, PRECIS_PVALID },
	{ 0x05F3, 0x05F4, PRECIS_CONTEXTO },   { 0x0640, 0x0640, PRECIS_DISALLOWED },
	{ 0x0660, 0x0669, PRECIS_CONTEXTO },   { 0x06F0, 0x06F9, PRECIS_CONTEXTO },
	{ 0x06FD, 0x06FE, PRECIS_PVALID },     { 0x07FA, 0x07FA, PRECIS_DISALLOWED },
	{ 0x0F0B, 0x0F0B, PRECIS_PVALID },     { 0x3007, 0x3007, PRECIS_PVALID },
	{ 0x302E, 0x302F, PRECIS_DISALLOWED }, { 0x3031, 0x3035, PRECIS_DISALLOWED },
	{ 0x303B, 0x303B, PRECIS_DISALLOWED }, { 0x30FB, 0x30FB, PRECIS_CONTEXTO },
};

static enum precis_class exception(uint32_t code)
{
	for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
		if (code >= exceptions[i].from && code <= exceptions[i].to)
			return exceptions[i].class;
	return 0;
}

/* Hangul_Syllable_Type L, V or T; the blocks' unassigned code points never come here. */
static bool is_old_hangul(uint32_t code)
{
	return (code >= 0x1100 && code <= 0x11FF) || (code >= 0xA960 && code <= 0xA97C) ||
		(code >= 0xD7B0 && code <= 0xD7FB);
}

static bool has_compat(uint32_t code)
{
	uint32_t room[32];           /* the longest is 18 */
	size_t count = 32;
	uint32_t *same = u32_normalize(UNINORM_NFKC, &code, 1, room, &count);
	bool differs = !same || count != 1 || *same != code;
	if (same != room)
		free(same);
	return differs;
}

static bool in(uint32_t code, uint32_t categories)
{
	return uc_is_general_category_withtable(code, categories);
}

static enum precis_class by_category(uint32_t code)
{
	enum {
		LETTER_DIGITS = UC_CATEGORY_MASK_Ll | UC_CATEGORY_MASK_Lu | UC_CATEGORY_MASK_Lo | UC_CATEGORY_MASK_Nd |
			UC_CATEGORY_MASK_Lm | UC_CATEGORY_MASK_Mn | UC_CATEGORY_MASK_Mc,
		FREE = UC_CATEGORY_MASK_Lt | UC_CATEGORY_MASK_Nl | UC_CATEGORY_MASK_No | UC_CATEGORY_MASK_Me |
			UC_CATEGORY_MASK_Zs | UC_CATEGORY_MASK_S | UC_CATEGORY_MASK_P
	};
	if (in(code, LETTER_DIGITS))
		return PRECIS_PVALID;
	return in(code, FREE) ? PRECIS_FREE_PVAL : PRECIS_DISALLOWED;
}

static enum precis_class derive(uint32_t code)
{
	enum precis_class class = exception(code);
	if (class)
		return class;
	bool noncharacter = uc_is_property_not_a_character(code);
	if (in(code, UC_CATEGORY_MASK_Cn) && !noncharacter)
		return PRECIS_UNASSIGNED;
	if (code >= 0x21 && code <= 0x7E)
		return PRECIS_PVALID;
	if (uc_is_property_join_control(code))
		return PRECIS_CONTEXTJ;
	if (is_old_hangul(code) || noncharacter || uc_is_property_default_ignorable_code_point(code))
		return PRECIS_DISALLOWED;
	if (in(code, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cs))
		return PRECIS_DISALLOWED;
	return has_compat(code) ? PRECIS_FREE_PVAL : by_category(code);
}

/* Each is derived when first met and kept; two threads that meet it at once write the same. */
enum precis_class precis_class(uint32_t code)
{
	static _Atomic unsigned char known[CODES];
	if (code >= CODES)
		return PRECIS_DISALLOWED;
	enum precis_class class = atomic_load_explicit(&known[code], memory_order_relaxed);
	if (!class) {
		class = derive(code);
		atomic_store_explicit(&known[code], (unsigned char)class, memory_order_relaxed);
	}
	return class;
}

static bool class_allows(const struct text *t, bool freeform)
{
	bool contextual = false;
	for (size_t i = 0; i < t->count; i++) {
		enum precis_class class = precis_class(t->at[i]);
		if (class == PRECIS_CONTEXTJ || class == PRECIS_CONTEXTO)
			contextual = true;
		else if (class != PRECIS_PVALID && !(freeform && class == PRECIS_FREE_PVAL))
			return false;
	}
	return !contextual || context_holds(t->at, t->count);
}

/* RFC 8265 §3.3.1, rule 1 */
static void map_width(struct text *t)
{
	ucs4_t to[UC_DECOMPOSITION_MAX_LENGTH];
	int tag;
	for (size_t i = 0; i < t->count; i++)
		if (t->at[i] >= 0x3000 && uc_decomposition(t->at[i], &tag, to) == 1 &&
		    (tag == UC_DECOMP_WIDE || tag == UC_DECOMP_NARROW))
			t->at[i] = to[0];
}

/*
 * toLowerCase of each code point by itself, so without the context of a final
 * sigma: RFC 7622 §3.5 wants capital sigma to be the small one everywhere.
 */
static bool map_case(struct text *t)
{
	struct text from;
	memcpy(from.at, t->at, t->count * sizeof *t->at);
	from.count = t->count;
	t->count = 0;
	for (size_t i = 0; i < from.count; i++) {
		size_t room = ROOM - t->count;
		if (room < 8)
			return false;
		t->at[t->count] = from.at[i];
		if (uc_tolower(from.at[i]) == from.at[i])
			room = 1;
		else if (u32_tolower(from.at + i, 1, NULL, NULL, t->at + t->count, &room) != t->at + t->count)
			return false;
		t->count += room;
	}
	return true;
}

static void map_spaces(struct text *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->at[i] > ' ' && in(t->at[i], UC_CATEGORY_MASK_Zs))
			t->at[i] = ' ';
}

static bool compose(struct text *t)
{
	size_t count = 0;
	uint32_t *nfc = u32_normalize(UNINORM_NFC, t->at, t->count, NULL, &count);
	bool fits = nfc && count <= ROOM;
	if (fits) {
		memcpy(t->at, nfc, count * sizeof *nfc);
		t->count = count;
	}
	free(nfc);
	return fits;
}

bool precis_has_right_to_left(const uint32_t *text, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int bidi = uc_bidi_category(text[i]);
		if (bidi == UC_BIDI_R || bidi == UC_BIDI_AL || bidi == UC_BIDI_AN)
			return true;
	}
	return false;
}

#define BIT(name) (1u << UC_BIDI_##name)

bool precis_bidi(const uint32_t *text, size_t count)
{
	enum { RIGHT = BIT(R) | BIT(AL), EITHER = BIT(EN) | BIT(ES) | BIT(CS) | BIT(ET) | BIT(ON) | BIT(BN) | BIT(NSM) };
	unsigned first = count ? 1u << uc_bidi_category(text[0]) : 0, all = 0, last = 0;
	for (size_t i = 0; i < count; i++) {
		unsigned bidi = 1u << uc_bidi_category(text[i]);
		all |= bidi;
		if (bidi != BIT(NSM))
			last = bidi;
	}
	if (first == BIT(L))
		return !(all & ~(BIT(L) | EITHER)) && (last & (BIT(L) | BIT(EN)));
	return (first & RIGHT) && !(all & ~(RIGHT | BIT(AN) | EITHER)) && (last & (RIGHT | BIT(EN) | BIT(AN))) &&
		(all & (BIT(EN) | BIT(AN))) != (BIT(EN) | BIT(AN));
}

/* RFC 8265 §3.3.3 */
static bool username(struct text *t)
{
	map_width(t);
	if (!class_allows(t, false))
		return false;
	if (!map_case(t) || !compose(t))
		return false;
	return !precis_has_right_to_left(t->at, t->count) || precis_bidi(t->at, t->count);
}

/* RFC 8265 §4.2.2 */
static bool opaque(struct text *t)
{
	if (!class_allows(t, true))
		return false;
	map_spaces(t);
	return compose(t);
}

/* RFC 8264 §7: until it is stable, and at most three more times. */
static bool settle(struct text *t, bool (*rules)(struct text *))
{
	struct text before;
	for (int i = 0; i <= AGAIN; i++) {
		memcpy(before.at, t->at, t->count * sizeof *t->at);
		before.count = t->count;
		if (!rules(t))
			return false;
		if (t->count == before.count && memcmp(t->at, before.at, t->count * sizeof *t->at) == 0)
			return true;
	}
	return false;
}

static size_t enforce(char *out, size_t limit, const char *text, size_t size, bool (*rules)(struct text *))
{
	struct text t;                /* 16 KB: not zeroed */
	t.count = ROOM;
	if (size == 0 || size > ROOM || !u8_to_u32((const uint8_t *)text, size, t.at, &t.count))
		return 0;
	if (!settle(&t, rules))
		return 0;
	size_t used = limit;
	uint8_t *bytes = u32_to_u8(t.at, t.count, (uint8_t *)out, &used);
	if (bytes == (uint8_t *)out)
		return used;
	free(bytes);                 /* it made itself more room than there is */
	return 0;
}

size_t precis_username(char *out, size_t limit, const char *text, size_t size)
{
	return enforce(out, limit, text, size, username);
}

size_t precis_opaque(char *out, size_t limit, const char *text, size_t size)
{
	return enforce(out, limit, text, size, opaque);
}

/*
 * The registry of contextual rules, a function each.
 *
 * Three rules ask about the whole string; their answers are found once, so
 * that a string full of such code points costs no more than its length.
 */
#include "xmpp/context.h"
#include <string.h>
#include <unictype.h>

struct whole {
	bool kana;                   /* Hiragana, Katakana or Han is in it */
	bool arabic_digits, extended_digits;
};

static bool script_is(uint32_t code, const char *name)
{
	const uc_script_t *script = uc_script(code);
	return script && strcmp(script->name, name) == 0;
}

static bool is_arabic_digit(uint32_t code)
{
	return code >= 0x0660 && code <= 0x0669;
}

static bool is_extended_digit(uint32_t code)
{
	return code >= 0x06F0 && code <= 0x06F9;
}

static bool is_kana(uint32_t code)
{
	return script_is(code, "Hiragana") || script_is(code, "Katakana") || script_is(code, "Han");
}

static struct whole survey(const uint32_t *text, size_t count)
{
	struct whole w = { 0 };
	for (size_t i = 0; i < count; i++) {
		w.kana = w.kana || is_kana(text[i]);
		w.arabic_digits = w.arabic_digits || is_arabic_digit(text[i]);
		w.extended_digits = w.extended_digits || is_extended_digit(text[i]);
	}
	return w;
}

static bool after_virama(const uint32_t *text, size_t at)
{
	return at > 0 && uc_combining_class(text[at - 1]) == UC_CCC_VR;
}

/* The nearest code point that isn't transparent, in direction `step`, joins on this side. */
static bool joins(const uint32_t *text, size_t count, size_t at, int step, int side)
{
	for (at += (size_t)step; at < count; at += (size_t)step) {   /* below 0 it wraps to above count */
		int type = uc_joining_type(text[at]);
		if (type != UC_JOINING_TYPE_T)
			return type == side || type == UC_JOINING_TYPE_D;
	}
	return false;
}

static bool non_joiner(const uint32_t *text, size_t count, size_t at)
{
	return after_virama(text, at) || (joins(text, count, at, -1, UC_JOINING_TYPE_L) &&
		joins(text, count, at, 1, UC_JOINING_TYPE_R));
}

static bool between_ls(const uint32_t *text, size_t count, size_t at)
{
	return at > 0 && at + 1 < count && text[at - 1] == 'l' && text[at + 1] == 'l';
}

static bool holds(const uint32_t *text, size_t count, size_t at, const struct whole *w)
{
	uint32_t code = text[at];
	if (is_arabic_digit(code))
		return !w->extended_digits;
	if (is_extended_digit(code))
		return !w->arabic_digits;
	switch (code) {
	case 0x200C: return non_joiner(text, count, at);
	case 0x200D: return after_virama(text, at);
	case 0x00B7: return between_ls(text, count, at);
	case 0x0375: return at + 1 < count && script_is(text[at + 1], "Greek");
	case 0x05F3:
	case 0x05F4: return at > 0 && script_is(text[at - 1], "Hebrew");
	case 0x30FB: return w->kana;
	}
	return true;
}

bool context_holds(const uint32_t *text, size_t count)
{
	struct whole w = survey(text, count);
	for (size_t i = 0; i < count; i++)
		if (!holds(text, count, i, &w))
			return false;
	return true;
}

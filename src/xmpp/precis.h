/*
 * PRECIS: which strings may name somebody, and how they are written the one
 * right way (RFC 8264, RFC 8265).
 *
 * Both profiles write at most `limit` bytes to out, no NUL, and return how
 * many; 0 when the string is refused: a code point the class doesn't allow,
 * no UTF-8, empty, too long.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum precis_class {                  /* RFC 8264 §8 */
	PRECIS_UNASSIGNED = 1,
	PRECIS_DISALLOWED,
	PRECIS_PVALID,
	PRECIS_FREE_PVAL,            /* valid in the FreeformClass only */
	PRECIS_CONTEXTJ,
	PRECIS_CONTEXTO
};

enum precis_class precis_class(uint32_t code);

size_t precis_username(char *out, size_t limit, const char *text, size_t size);   /* UsernameCaseMapped */
size_t precis_opaque(char *out, size_t limit, const char *text, size_t size);     /* OpaqueString */

/* RFC 5893 §2, for one label or string; and whether the text makes the rule apply. */
bool precis_bidi(const uint32_t *text, size_t count);
bool precis_has_right_to_left(const uint32_t *text, size_t count);

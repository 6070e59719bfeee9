/*
 * Code points that are allowed only beside certain others (RFC 5892 appendix A).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every CONTEXTJ and CONTEXTO code point of the text stands where it may. */
bool context_holds(const uint32_t *text, size_t count);

/*
 * Offline: what of a message waits for a user who is away, as far as other
 * files and tests may ask.
 */
#pragma once
#include "core/turn.h"

enum worth {
	WORTH_KEEPING,
	WORTH_AN_ERROR,              /* not to be stored: its sender is told when it can't be delivered at once */
	WORTH_NOTHING,               /* dropped without a word: chat states, headlines, errors */
};

/* XEP-0160 §3, XEP-0334 §4. */
enum worth offline_worth(const struct xml *message, enum type);

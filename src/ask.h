/*
 * Ask: the client's questions, to the running server and to the person at the
 * terminal.
 */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include "base/arena.h"
#include "base/fail.h"

int ask_connect(const char *path, struct fail *why);         /* -1: nobody answers there */

struct ask_parts {                   /* who takes the parts of a long answer; false: it can't, `why` says so */
	bool (*take)(void *with, const void *bytes, size_t size, struct fail *why);
	void  *with;
};
/* Sends, and waits for the answer. A new reference; NULL: there was none. */
json_t *ask_server(int fd, const char *const *words, size_t count, const char *input, const struct ask_parts *, struct fail *why);

/* All of stdin; NULL: it is longer than `most`, or can't be read. */
const char *ask_input(struct arena *, size_t most, struct fail *why);
/* On a terminal asked twice, without echo; else the first line of stdin. NULL: none. */
const char *ask_password(struct arena *, struct fail *why);

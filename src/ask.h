/*
 * Ask: the client's questions, to the running server and to the person at the
 * terminal.
 */
#pragma once
#include <jansson.h>
#include "base/arena.h"
#include "base/fail.h"

int ask_connect(const char *path, struct fail *why);         /* -1: nobody answers there */
/* Sends, waits for the answer, closes. A new reference; NULL: there was none. */
json_t *ask_server(int fd, const char *const *words, size_t count, const char *input, struct fail *why);

/* All of stdin; NULL: it is longer than `most`, or can't be read. */
const char *ask_input(struct arena *, size_t most, struct fail *why);
/* On a terminal asked twice, without echo; else the first line of stdin. NULL: none. */
const char *ask_password(struct arena *, struct fail *why);

/*
 * What is said between the server and its helper, the child that starts
 * programs for it (src/helper.c): one order, one packet.
 *
 * The helper knows the URIs of the start's configuration, and an order names
 * one by its place among them: so a server that was taken over can start
 * nothing else.
 */
#pragma once
#include <stdint.h>

/* The number is the order's own: an answer that comes too late is none to another. */
enum { HELPER_START = 1, HELPER_END };       /* what: a place among the URIs; the pid of one that it started */
struct helper_order { int32_t verb, what; uint32_t number; };
struct helper_reply { int32_t pid; uint32_t number; };       /* to HELPER_START, with the descriptor of its input and output; below 0: -errno */

/* Before there is a second thread. `uris` ends with NULL, and lasts. */
void source_helper_is(int fd, const char *const *uris);

/*
 * Guest: a connection before it is known who is there (design: one listener
 * serves everything).
 *
 *   accepted → [PROXY header] → may it come in? → [TLS] → `<`: a stream · a letter: HTTP
 *
 * Who may not come in is closed before TLS. What isn't built is refused in the
 * words of its own protocol.
 */
#pragma once
#include "core/entrance.h"
#include "core/stream_table.h"

void guest_accepted(void *gate, struct conn *);      /* for listener_start */
void guest_table_open(void);                         /* at start: the table of streams shows guests, and those that they have become */
void guest_left(struct gate *);                      /* a connection that came by this gate has ended */
/* The certificate: one of the listener's that names whom the client wants; else that of the domain it wants, by SNI or by its
 * stream's `to`; else the listener's, else the first domain's. */
struct tls_choice guest_choose(const struct terms *, const char *sni, const char *to);

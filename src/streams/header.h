/*
 * Header: the opening tag of a stream, read and written (RFC 6120 §4.7).
 */
#pragma once
#include "xml/parser.h"
#include "xmpp/stream_error.h"
#include "base/buf.h"

enum stream_kind { STREAM_CLIENT, STREAM_SERVER, STREAM_COMPONENT, STREAM_STRANGE };

enum stream_kind header_kind(const struct xml_found *open);
/* What is wrong with a client's header, or STREAM_NONE. */
enum stream_error header_check(const struct xml_found *open, bool may_be_old);
bool header_is_language(const char *tag);            /* has the form of a language tag, of a length worth keeping */
/* Ours; `to` may be NULL. */
void header_write(struct buf *, const char *from, const char *to, const char *id);
void header_write_component(struct buf *, const char *from, const char *id);         /* XEP-0114: without a version, so without features */
/* An error behind the header, and the closing tag. */
void header_write_error(struct buf *, enum stream_error, const char *text, const struct xml *application);
enum stream_error header_fault(enum xml_fault);      /* the condition for what the parser found */

/*
 * Client: the part of a speaker that talks to its wire; for speaker.c,
 * login.c and hear.c only.
 */
#pragma once
#include "record.h"
#include "sim.h"
#include "speaker.h"
#include "xml/parser.h"

enum client_state { OFF, NEGOTIATING, ON, CLOSING };
enum login { PLAIN_BY_STEPS, SCRAM_BY_STEPS, SCRAM_FROM_RESPONSE, PLAIN_FROM_AUTH, PLAIN_FROM_HEADER, LOGINS };

struct speaker {
	int  account;
	const char *own_resource;
	enum client_state state;
	enum login login;
	struct wire *wire;
	struct xml_parser *parser;
	int  session;                        /* in the record */
	char resource[16], jid[128];         /* jid: full, once bound */
	char scram_first[128];                /* client-first-message-bare */
	bool is_authenticated, has_pipelined;
	bool wants_acks, wants_resume, wants_roster, wants_presence;
	bool has_enabled, has_acks;          /* <enable/> was sent, <enabled/> came */
	uint32_t taken, told;                /* stanzas read after <enabled/>; our last h */
	/* XEP-0198 §5. What it sent and wasn't told of lives on without a connection, as does all else of its session. */
	char sm_id[32];                      /* "": it can't resume */
	bool may_resume, is_resuming;        /* it lost its connection; it is about to come back */
	msec lost_at;
	bool is_resent_to;                   /* what comes behind <resumed/>, up to <r/>, was its own before */
	struct unacked *first, *last;        /* stanzas behind record.session.acked */
	bool owes_ack, is_slow, is_available, has_shown;
	bool is_shaky;                       /* in this life it came more than once, went, or took another's name */
	bool has_asked_all;                  /* its <r/> of the quiet end was sent, */
	uint32_t asked_at;                   /* when it had sent so many */
};

/* speaker.c */
extern struct speaker speakers[];
unsigned speakers_count(void);
enum mood speakers_mood(void);
void client_write(struct speaker *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void client_stanza(struct speaker *, const char *format, ...) __attribute__((format(printf, 2, 3)));    /* counted for XEP-0198 */
void client_acked(struct speaker *, uint32_t h);                     /* stanzas up to h were handled */
void client_resend(struct speaker *);                                /* what wasn't, once more */
void client_gives_up(struct speaker *);                              /* it won't resume its session */
bool account_is_away(int account);                                   /* a session of it may hibernate */
void client_close(struct speaker *);
void client_is_over(struct speaker *, const char *why);              /* the connection has gone */
int  client_question(struct speaker *, bool must_be_answered);       /* a number for an iq's id, "q…" */
void client_message(struct speaker *);
bool account_is_shaky(int account);

/* login.c */
void login_begin(struct speaker *);
bool login_element(struct speaker *, const struct xml *);            /* false: it isn't about logging in */

/* hear.c */
void hear(struct speaker *, const char *bytes, size_t size);
extern bool heard_show[ACCOUNTS][ACCOUNTS];                          /* who heard whose last show */

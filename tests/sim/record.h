/*
 * What clients did, saw and were promised, in memory that outlives the
 * process under test. Only numbers: no pointer in here means anything in the
 * next life.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define HOST "sim.example"
#define PASSWORD "secret"
enum { ACCOUNTS = 3, SESSIONS = 256, MESSAGES = 1024, HEARD = 6144, QUESTIONS = 1024 };
extern const char *const account_jids[ACCOUNTS];

struct seen_session {                /* one connection that asked for a resource */
	int  account, life;
	char resource[16];           /* that it was given */
	bool is_bound;
	bool has_acks;               /* <enabled/> came */
	uint32_t sent, acked;        /* stanzas after <enable/>; the newest h */
	bool has_ended;
};

struct sent_message {
	int  session;                /* of the sender */
	int  to_account;
	int  to_session;             /* -1: to the bare address */
	uint32_t stanza;             /* its number behind <enable/>; 0: before it */
	bool is_storable;
	bool is_bounced;             /* an error came back */
};

struct heard_message {
	int  session, message;
	bool is_delayed;
	bool may_be_second_hand;     /* another session of this account had ended: what that one didn't take came here */
};

struct question {                    /* an iq of a client */
	int  session;
	bool must_be_answered;       /* by the server itself */
	int  answers;
	bool is_refused;
};

struct record {
	unsigned sessions, messages, heard, questions;
	struct seen_session  session[SESSIONS];
	struct sent_message  message[MESSAGES];
	struct heard_message hear[HEARD];
	struct question      question[QUESTIONS];
	bool has_asked[ACCOUNTS][ACCOUNTS];          /* ever sent `subscribe` to */
	bool has_granted[ACCOUNTS][ACCOUNTS];        /* ever sent `subscribed` to */
	char subscription[ACCOUNTS][ACCOUNTS][8];    /* what the last roster said: "" nothing */
	bool was_shaky[ACCOUNTS];                    /* a session ended: what it had not taken goes to others, who may have it */
	bool was_failed_by_store;                    /* a job failed in some life */
	bool reads_failed;
	bool may_be_unknown;                         /* what was refused may have been kept */
	int  life;
	int  stops;                                  /* lives that were cut short */
	unsigned steps;
	int64_t wall;                                /* time of day: goes on from life to life */
	char why[512];                               /* what a life found wrong */
};
extern struct record *record;

/*
 * Load: many clients of one server in one thread, far lighter than the server.
 *
 *   main.c    options, and the figures as JSON
 *   work.c    what the clients do: login, idle, chat, presence
 *   login.c   from a connection to a bound session
 *   scram.c   the client's half of SCRAM-SHA-256
 *   client.c  a connection: bytes, TLS, and finding where a stanza ends
 *   meter.c   the server's processor time and memory, and latencies
 *
 * It trusts the server: nothing is parsed but what is counted.
 */
#pragma once
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tls_kind { TLS_NONE, TLS_START, TLS_DIRECT };
enum mode { MODE_LOGIN, MODE_IDLE, MODE_CHAT, MODE_PRESENCE };

struct options {
	enum mode     mode;
	const char   *domain, *password;
	struct sockaddr_in server;
	enum tls_kind tls;
	bool          scram;
	bool          acks;          /* XEP-0198 */
	const char   *pids;          /* the server's, with commas between: their processor time and memory are read */
	unsigned      users, first;  /* user<first> … */
	unsigned      window;        /* messages in flight for each pair; logins at once */
	unsigned      contacts;      /* of each user, its neighbours in a ring */
	unsigned      seconds;       /* measured; idle: of silence */
	unsigned      warm;          /* seconds before that */
	unsigned      total;         /* logins */
};
extern struct options options;

enum step {
	STEP_HEADER, STEP_FEATURES, STEP_PROCEED, STEP_CHALLENGE, STEP_SUCCESS, STEP_BIND, STEP_ENABLED, STEP_ROSTER, STEP_READY,
};

struct bytes_out { char *data; size_t length, room; };

struct client {
	int       fd;                /* -1: closed */
	unsigned  number;
	SSL      *ssl;
	bool      is_tls_up, is_authenticated, is_dirty, wants_write;
	enum step step;
	char     *in;                /* what was read and isn't a whole stanza yet */
	size_t    in_length, in_room;
	struct bytes_out out;
	struct scram *scram;
	uint32_t  received, sent;    /* stanzas, for XEP-0198 */
	struct client *next_dirty;
};

/* client.c */
struct piece { const char *at; size_t size; };
void client_setup(void);
void client_connect(struct client *);
void client_tls(struct client *);                    /* the handshake begins */
void client_write(struct client *, const char *text, size_t size);
void client_print(struct client *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void client_flush_all(void);                         /* what was written leaves */
void client_close(struct client *);
void clients_poll(int timeout_ms);                   /* one round */
bool piece_is(struct piece, const char *beginning);
bool piece_has(struct piece, const char *words);
struct piece piece_attribute(struct piece, const char *name);    /* of the first tag */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* login.c */
void login_begin(struct client *);
void login_open(struct client *);                    /* TLS is up, or there is none: say hello */
void login_stanza(struct client *, struct piece);

/* scram.c */
void scram_first(struct client *);
void scram_final(struct client *, struct piece challenge);
void scram_end(struct client *);

/* work.c */
void work_ready(struct client *);                    /* it is bound */
void work_stanza(struct client *, struct piece);     /* it hears something */
void work_run(void);

/* meter.c */
int64_t now_us(void);
double server_cpu(void);                             /* seconds, user and system, of all its processes and their ended children */
double own_cpu(void);                                /* the generator's */
long server_pss(void);                               /* KiB */
void latency_add(int64_t us);
void latency_reset(void);
double latency_ms(double share);                     /* 0.5, 0.95, …; 1: the longest */

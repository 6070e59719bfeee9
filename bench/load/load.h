/*
 * Load: many clients of one server in one thread, far lighter than the server.
 *
 *   main.c      begins, and prints the figures
 *   options.c   the command line
 *   crowd.c     the users: all come in, a bounded number at a time
 *   logins.c resume.c chat.c presence.c idle.c storm.c befriend.c      a mode each
 *   day.c       a mixed day: who does what when; profile.c reads what it is made of,
 *               mail.c knows which message is still owed
 *   login.c     from a connection to a bound session
 *   scram.c     the client's half of SCRAM
 *   client.c    a connection: bytes and TLS
 *   scan.c      where a stanza ends, and what its first tag says
 *   ring.c      who is whose contact
 *   pace.c      at most so many acts a second, where one was promised
 *   meter.c     processor time, memory and latencies
 *   report.c    the figures as JSON
 *
 * It trusts the server: nothing is parsed but what is counted.
 */
#pragma once
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum tls_kind { TLS_NONE, TLS_START, TLS_DIRECT };
enum mechanism { PLAIN, SCRAM_SHA_1, SCRAM_SHA_256, SCRAM };    /* SCRAM: the best that the server offers */

struct client;
struct piece { const char *at; size_t size; };

struct mode {
	const char *name, *what;
	void (*run)(void);
	void (*ready)(struct client *);                       /* it is bound, and has its roster */
	void (*stanza)(struct client *, struct piece);        /* it hears something */
	void (*ended)(struct client *, const char *why);      /* it is closed. NULL: then so are we */
	void (*refused)(struct client *);                     /* its wrong password was */
	bool wants_pairs, wants_contacts;
	bool resumes;                                         /* who comes again resumes its session (XEP-0198) */
};

struct options {
	const struct mode *mode;
	const char   *domain, *password, *restart, *profile;
	struct sockaddr_storage server;
	socklen_t     server_size;
	enum tls_kind tls;
	enum mechanism mechanism;
	bool          acks;          /* XEP-0198 */
	bool          keep;          /* logins stay until the last is in */
	const char   *pids;          /* the server's, with commas between: their processor time and memory are read */
	unsigned      users, first;  /* user<first> … */
	unsigned      window;        /* messages in flight for each pair; logins at once */
	unsigned      contacts;      /* of each user, its neighbours in a ring */
	unsigned      seconds;       /* measured; idle: of silence */
	unsigned      warm;          /* seconds before that */
	unsigned      total;         /* logins */
	unsigned      at_most;       /* acts a second, 0: as many as the server takes */
	unsigned      seed;
};
extern struct options options;
extern const struct mode *const modes[];
extern const struct mode mode_login, mode_resume, mode_idle, mode_chat, mode_presence, mode_storm, mode_day, mode_befriend;
void options_take(int argc, char **argv);

enum step {
	STEP_HEADER, STEP_FEATURES, STEP_PROCEED, STEP_CHALLENGE, STEP_SUCCESS, STEP_BIND, STEP_SESSION, STEP_ENABLED, STEP_RESUMED, STEP_ROSTER, STEP_READY,
};

struct buffer { char *data; size_t length, room; };

struct client {
	int       fd;                /* -1: closed */
	unsigned  number;
	uint32_t  life;              /* grows with each end: what is said to an old one is for nobody */
	SSL      *ssl;
	enum tls_kind tls;
	enum mechanism mechanism;
	bool      acks, is_wrong;    /* is_wrong: comes with a wrong password */
	bool      is_tls_up, is_authenticated, is_dirty, wants_write, wants_session, is_counting, is_slow;
	enum step step;
	struct buffer in, out;       /* in: what was read and isn't a whole stanza yet */
	size_t    scanned;           /* of `in` */
	int       depth;             /* at `scanned` */
	struct scram *scram;
	const struct keys *keys;
	char     *session;           /* XEP-0198's id; NULL: none */
	uint32_t  received, sent, acknowledged, told;     /* stanzas, for XEP-0198; told: of those received */
	struct client *next_dirty, *next_waiting;
	bool      is_waiting;
};

/* client.c */
void client_setup(void);
void client_connect(struct client *);                /* may end at once: then `ended` is called */
void client_tls(struct client *);                    /* the handshake begins */
char *client_room(struct client *, size_t size);     /* to write into; then client_wrote */
void client_wrote(struct client *, size_t size);
void client_write(struct client *, const char *text, size_t size);
void client_print(struct client *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void client_say(struct client *, const char *format, ...) __attribute__((format(printf, 2, 3)));     /* a stanza */
void client_flush_all(void);                         /* what was written leaves */
void client_close(struct client *);
void client_end(struct client *, const char *why);   /* closes, and tells the mode */
void client_slow(struct client *, bool is_slow);     /* a slow one reads only when it sips */
void client_sip(struct client *, size_t size);
void clients_poll(int timeout_ms);                   /* one round */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* scan.c */
size_t scan_element(struct client *, const char *text, size_t size);     /* its length, or 0: more must come */
struct piece piece_trimmed(const char *at, size_t size);
bool piece_is(struct piece, const char *beginning);
bool piece_has(struct piece, const char *words);
struct piece piece_attribute(struct piece, const char *name);    /* of the first tag */
bool piece_same(struct piece, const char *text);
uint64_t digits(const char **at);                    /* the number that begins there; goes behind it */
char *put_number(char *at, uint64_t);                /* gives its end */
unsigned piece_sender(struct piece);                 /* the index of user<n> in `from`, or options.users */

/* login.c */
void login_begin(struct client *);
void login_open(struct client *);                    /* TLS is up, or there is none: say hello */
void login_stanza(struct client *, struct piece);

/* scram.c */
void scram_first(struct client *);
void scram_final(struct client *, struct piece challenge);
void scram_end(struct client *);

/* crowd.c */
enum { LOGINS_AT_ONCE = 64, PATIENCE_US = 120000000 };
extern struct client *clients;                       /* options.users of them */
extern unsigned crowd_ready;
void crowd_init(void);
void crowd_begin(unsigned index);                    /* it comes in */
unsigned crowd_index(const struct client *);
void crowd_log_in(void);                             /* all */
void poll_until(int64_t until_us);
/* Warms up, measures, ends what is on, and waits for what is owed. */
void measure(const char *what, const uint64_t *counter, bool *is_on, uint64_t (*owed)(void));
void lightly_hear(struct client *, struct piece);    /* for modes that hear nothing of interest */

/* ring.c: contacts are the neighbours, half of them on each side */
enum { NO_SLOT = -1 };
int ring_slot(unsigned me, unsigned other);          /* 0 … contacts-1 */
unsigned ring_contact(unsigned me, unsigned slot);

/* pace.c */
bool pace_take(void);                                /* one act may leave now */
void pace_wait(struct client *, void (*go)(struct client *));    /* it goes on when it may */
void pace_resume(void);

/* meter.c */
int64_t now_us(void);
double server_cpu(void);                             /* seconds, user and system, of all its processes and their ended children */
double own_cpu(void);                                /* the generator's */
long server_pss(void);                               /* KiB */
void latency_add(int64_t us);
void latency_reset(void);
double latency_ms(double share);                     /* 0.5, 0.95, …; 1: the longest */

/* report.c */
void report_count(const char *name, uint64_t);
void report_figure(const char *name, double, int digits_behind);
void report_truth(const char *name, bool);
void report_open(const char *name);                  /* an object within */
void report_close(void);
void report_rate(const char *what, uint64_t count, double seconds, double cpu);
void report_latency(void);
void report_print(void);

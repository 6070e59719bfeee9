/*
 * Helper: loops for tests, asked from the test's own thread.
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail                                  /* cmocka's; base/fail.h has a function of that name */
#include <stdatomic.h>
#include <openssl/ssl.h>
#include "net/conn.h"
#include "net/loop.h"
#include "net/tls.h"

#define give_up(why) (print_error("%s\n", (why).text), assert_true(false))      /* fail_msg calls fail */

struct loop *begin_loop(unsigned number);
void end_loop(struct loop *);
void on_loop(struct loop *, void (*fn)(void *), void *thing);        /* runs it there and waits */

/* A connection on a loop whose other end, a blocking socket, is the test's. */
struct echo {                                /* gives back what it gets, `most` bytes at a time (0: all) */
	struct conn *conn;
	struct loop *loop;
	size_t most;
	atomic_int ended;                    /* 1 + enum conn_end */
	atomic_int secured;
	atomic_size_t input, written;
	int fd;                              /* the test's end */
};
extern const struct conn_owner echo_owner;
void echo_begin(struct echo *, struct loop *, const struct conn_owner *);
void echo_end(struct echo *);                /* closes both ends */

void write_all(int fd, const void *bytes, size_t size);
size_t read_up_to(int fd, void *to, size_t size);       /* less only at the end */
void wait_until(atomic_int *, int value);    /* gives up after 10 s */

/* Two identities, made once in a temporary folder: "one.example" and "two.example". */
extern struct tls *one, *two;
extern struct tls_policy *policy;            /* what `choose` asks besides; NULL: nothing */
#define FILES(path) ((const char *const[]){ path, NULL })
int  make_identities(void **state);
int  drop_identities(void **state);
struct tls_choice choose(const char *name, void *with);       /* NULL for "nobody.example", `two` by its name, else `one` */
SSL *client(int fd, const char *name, int version, const char *protocols, bool has_protocols);    /* has shaken hands; NULL: failed */
void client_free(SSL *);

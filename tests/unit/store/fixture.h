/*
 * A database in a folder of its own, and jobs that are short to write.
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include "store/store.h"             /* before cmocka, which has a fail of its own */
#include <cmocka.h>

struct fixture {
	char folder[64];
	char path[96];
	struct arena *arena;
	struct store_options options;        /* for open_store; path and vfs are set */
	struct store *store;
};

/* With table t(id, text), and the disk that fails on demand. */
int  set_up(void **state);
int  tear_down(void **state);
void open_store(struct fixture *);
void close_store(struct fixture *);

/* A job in the arena: for `job`, one statement with values; add more by `also`. */
struct store_job *job_of(struct fixture *, bool is_read, const char *sql, const struct value *values, unsigned count);
void also(struct fixture *, struct store_job *, const char *sql, const struct value *values, unsigned count);
#define VALUES(...) (const struct value[]){ __VA_ARGS__ }, sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value)
#define NO_VALUES NULL, 0

struct store_job *insert(struct fixture *, int64_t id, const char *text);
enum store_outcome run(struct fixture *, struct store_job *);
int64_t count_rows(struct fixture *);
int64_t file_size(const char *path);
void wait_until(bool (*holds)(void *), void *with);  /* fails after a while */

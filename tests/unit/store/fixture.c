#include "fixture.h"
#include "base/mem.h"
#include "powercut_vfs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char Q_INSERT[] = "INSERT INTO t (id, text) VALUES (?, ?)";
static const char Q_COUNT[]  = "SELECT count(*) FROM t";

static const struct migration table[] = {
	{ "test", 1, "CREATE TABLE t (id BIGINT PRIMARY KEY, text TEXT)" },
};

int set_up(void **state)
{
	struct fixture *f = NEW(struct fixture);
	powercut_register();
	strcpy(f->folder, "/tmp/jackdaw-store-XXXXXX");
	if (!mkdtemp(f->folder))
		return -1;
	snprintf(f->path, sizeof f->path, "%s/jackdaw.sqlite", f->folder);
	f->arena = arena_new();
	f->options.path = f->path;
	f->options.vfs = POWERCUT;
	*state = f;
	return 0;
}

void open_store(struct fixture *f)
{
	struct fail why = { "" };
	f->store = store_open(&f->options, table, 1, &why);
	if (!f->store)
		fail_msg("%s", why.text);
}

void close_store(struct fixture *f)
{
	store_close(f->store);
	f->store = NULL;
}

int tear_down(void **state)
{
	struct fixture *f = *state;
	powercut_fail_writes(0);
	powercut_fail_syncs(0);
	powercut_slow(0, 0);
	if (f->store)
		close_store(f);
	const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	for (unsigned i = 0; i < 4; i++) {
		char path[128];
		snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
		unlink(path);
	}
	rmdir(f->folder);
	arena_free(f->arena);
	mem_free(f);
	return 0;
}

void also(struct fixture *f, struct store_job *job, const char *sql, const struct value *values, unsigned count)
{
	struct statement *s = ARENA_NEW(f->arena, struct statement), **end = &job->first;
	s->sql = sql;
	s->count = count;
	s->values = arena_alloc(f->arena, count * sizeof *values);
	if (count)
		memcpy(s->values, values, count * sizeof *values);
	while (*end)
		end = &(*end)->next;
	*end = s;
}

struct store_job *job_of(struct fixture *f, bool is_read, const char *sql, const struct value *values, unsigned count)
{
	struct store_job *job = ARENA_NEW(f->arena, struct store_job);
	job->is_read = is_read;
	job->arena = is_read ? f->arena : NULL;
	also(f, job, sql, values, count);
	return job;
}

struct store_job *insert(struct fixture *f, int64_t id, const char *text)
{
	return job_of(f, false, Q_INSERT, VALUES(V(id), V(text)));
}

enum store_outcome run(struct fixture *f, struct store_job *job)
{
	store_run(f->store, job);
	return job->outcome;
}

int64_t count_rows(struct fixture *f)
{
	struct store_job *job = job_of(f, true, Q_COUNT, NO_VALUES);
	assert_int_equal(run(f, job), STORE_OK);
	return row_int(job->results[0]->first, 0);
}

int64_t file_size(const char *path)
{
	struct stat st;
	return stat(path, &st) < 0 ? -1 : st.st_size;
}

void wait_until(bool (*holds)(void *), void *with)
{
	for (int i = 0; i < 20000; i++) {
		if (holds(with))
			return;
		usleep(1000);
	}
	fail_msg("it did not come to pass");
}

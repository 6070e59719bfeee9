/*
 * Each file that a connection opens is a `disk_file` shared by all handles of
 * its path: the contents as the process sees them, and the list of changes
 * that the real file has not had yet.
 *
 *   xWrite, xTruncate ─▶ contents + changes        xRead ◀─ contents
 *   xSync ─▶ changes, in order ─▶ the real file, synced; the list is empty
 *   power cut ─▶ a chosen part of changes ─▶ the real file; SIGKILL
 *
 * One mutex guards all files: this is for finding loss, not for speed. Files
 * that SQLite makes for itself (temporary ones) are passed to the real VFS. A
 * file's creation and removal are durable at once, which is kinder than the
 * real thing; SQLite syncs the folder with a log's first sync anyway.
 */
#include "powercut_vfs.h"
#include "base/mem.h"
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECTOR = 512 };

struct change {
	struct change *next;
	bool is_truncate;
	sqlite3_int64 at;            /* where it is written; the new size of a truncate */
	size_t size;
	char data[];
};

struct disk_file {
	struct disk_file *next;
	char *path;
	unsigned handles;
	char *data;
	size_t size, room;
	struct change *first, **last;
	sqlite3_file *real;          /* a handle through which changes reach the real file */
};

struct handle {
	sqlite3_file base;
	struct disk_file *file;
	sqlite3_file *real;          /* lies behind us */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct disk_file *files;
static sqlite3_vfs *real_vfs;
static sqlite3_vfs our_vfs;
static uint64_t operations, cut_at, cut_seed;        /* under the lock */
static atomic_int write_code, sync_code;
static atomic_uint write_ms, sync_ms;
static const char *orders;           /* a file's name */

/* ---- the end ---- */

static uint64_t next_random(uint64_t *seed)
{
	*seed += 0x9e3779b97f4a7c15u;
	uint64_t z = *seed;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static int apply(sqlite3_file *real, const struct change *c, size_t size)
{
	if (c->is_truncate)
		return real->pMethods->xTruncate(real, c->at);
	return size ? real->pMethods->xWrite(real, c->data, (int)size, c->at) : SQLITE_OK;
}

/* Of four: two are lost, one is kept, one is torn at a sector. */
static size_t part_that_survives(const struct change *c, uint64_t *seed)
{
	uint64_t luck = next_random(seed);
	if (luck % 4 < 2)
		return 0;
	if (luck % 4 == 2)
		return c->size;
	size_t end = (size_t)c->at + (luck >> 8) % (c->size + 1);
	end -= end % SECTOR;
	return end > (size_t)c->at ? end - (size_t)c->at : 0;
}

static void keep_some(struct disk_file *f, uint64_t *seed)
{
	for (struct change *c = f->first; c && f->real; c = c->next) {
		size_t size = part_that_survives(c, seed);
		if (c->is_truncate ? next_random(seed) & 1 : size > 0)
			apply(f->real, c, size);
	}
}

static _Noreturn void cut(uint64_t seed)
{
	for (struct disk_file *f = files; f && seed; f = f->next)
		keep_some(f, &seed);
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

_Noreturn void powercut_now(uint64_t seed)
{
	pthread_mutex_lock(&lock);
	cut(seed);
}

void powercut_after(uint64_t count, uint64_t seed)
{
	pthread_mutex_lock(&lock);
	cut_at = count ? operations + count : 0;
	cut_seed = seed;
	pthread_mutex_unlock(&lock);
}

uint64_t powercut_operations(void)
{
	pthread_mutex_lock(&lock);
	uint64_t count = operations;
	pthread_mutex_unlock(&lock);
	return count;
}

static void count_operation(void)
{
	if (++operations == cut_at)
		cut(cut_seed);
}

/* ---- contents ---- */

static void resize(struct disk_file *f, size_t size)
{
	if (size > f->room) {
		f->room = size * 2;
		f->data = mem_resize(f->data, f->room);
	}
	if (size > f->size)
		memset(f->data + f->size, 0, size - f->size);
	f->size = size;
}

static void remember(struct disk_file *f, bool is_truncate, sqlite3_int64 at, const void *data, size_t size)
{
	struct change *c = mem_new(sizeof *c + size);
	c->is_truncate = is_truncate;
	c->at = at;
	c->size = size;
	if (size)
		memcpy(c->data, data, size);
	*f->last = c;
	f->last = &c->next;
}

static int pass_on(struct disk_file *f, sqlite3_file *real)
{
	for (struct change *c; (c = f->first);) {
		int rc = apply(real, c, c->size);
		if (rc != SQLITE_OK)
			return rc;
		f->first = c->next;
		mem_free(c);
	}
	f->last = &f->first;
	return SQLITE_OK;
}

static int load(struct disk_file *f, sqlite3_file *real)
{
	sqlite3_int64 size = 0;
	int rc = real->pMethods->xFileSize(real, &size);
	if (rc != SQLITE_OK)
		return rc;
	resize(f, (size_t)size);
	return size ? real->pMethods->xRead(real, f->data, (int)size, 0) : SQLITE_OK;
}

static struct disk_file *find(const char *path)
{
	for (struct disk_file *f = files; f; f = f->next)
		if (strcmp(f->path, path) == 0)
			return f;
	return NULL;
}

static struct disk_file *add(const char *path)
{
	struct disk_file *f = NEW(struct disk_file);
	f->path = mem_string(path);
	f->last = &f->first;
	f->next = files;
	files = f;
	return f;
}

static void forget(struct disk_file *f)
{
	struct disk_file **at = &files;
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	for (struct change *c; (c = f->first); mem_free(c))
		f->first = c->next;
	mem_free(f->path);
	mem_free(f->data);
	mem_free(f);
}

/* ---- a file's methods ---- */

static struct handle *handle(sqlite3_file *file)
{
	return (struct handle *)file;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
	return handle(file)->real;
}

static void sleep_ms(unsigned ms)
{
	if (ms)
		usleep(ms * 1000);
}

static int disk_close(sqlite3_file *file)
{
	struct handle *h = handle(file);
	struct disk_file *f = h->file;
	pthread_mutex_lock(&lock);
	f->handles--;
	if (f->real == h->real)
		f->real = NULL;
	if (!f->handles && !f->first)
		forget(f);              /* the real file says it all */
	pthread_mutex_unlock(&lock);
	return h->real->pMethods->xClose(h->real);
}

static int disk_read(sqlite3_file *file, void *to, int amount, sqlite3_int64 at)
{
	struct disk_file *f = handle(file)->file;
	pthread_mutex_lock(&lock);
	size_t there = at >= (sqlite3_int64)f->size ? 0 : f->size - (size_t)at;
	size_t got = there < (size_t)amount ? there : (size_t)amount;
	if (got)
		memcpy(to, f->data + at, got);
	pthread_mutex_unlock(&lock);
	if (got == (size_t)amount)
		return SQLITE_OK;
	memset((char *)to + got, 0, (size_t)amount - got);
	return SQLITE_IOERR_SHORT_READ;
}

/* "write code, sync code, ms of a write, ms of a sync": what the file says counts from the next operation on. */
static void take_orders(void)
{
	int write = 0, sync = 0;
	unsigned write_takes = 0, sync_takes = 0;
	FILE *f = orders ? fopen(orders, "re") : NULL;
	if (!f)
		return;
	if (fscanf(f, "%d %d %u %u", &write, &sync, &write_takes, &sync_takes) == 4) {
		powercut_fail_writes(write);
		powercut_fail_syncs(sync);
		powercut_slow(write_takes, sync_takes);
	}
	fclose(f);
}

static int disk_write(sqlite3_file *file, const void *from, int amount, sqlite3_int64 at)
{
	struct handle *h = handle(file);
	take_orders();
	sleep_ms(atomic_load(&write_ms));
	if (atomic_load(&write_code))
		return atomic_load(&write_code);
	pthread_mutex_lock(&lock);
	h->file->real = h->real;
	remember(h->file, false, at, from, (size_t)amount);
	if ((size_t)at + (size_t)amount > h->file->size)
		resize(h->file, (size_t)at + (size_t)amount);
	memcpy(h->file->data + at, from, (size_t)amount);
	count_operation();
	pthread_mutex_unlock(&lock);
	return SQLITE_OK;
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct handle *h = handle(file);
	if (atomic_load(&write_code))
		return atomic_load(&write_code);
	pthread_mutex_lock(&lock);
	h->file->real = h->real;
	remember(h->file, true, size, NULL, 0);
	resize(h->file, (size_t)size);
	count_operation();
	pthread_mutex_unlock(&lock);
	return SQLITE_OK;
}

static int disk_sync(sqlite3_file *file, int flags)
{
	struct handle *h = handle(file);
	take_orders();
	sleep_ms(atomic_load(&sync_ms));
	if (atomic_load(&sync_code))
		return atomic_load(&sync_code);
	pthread_mutex_lock(&lock);
	count_operation();              /* a cut at a sync: before it */
	int rc = pass_on(h->file, h->real);
	pthread_mutex_unlock(&lock);
	return rc == SQLITE_OK ? h->real->pMethods->xSync(h->real, flags) : rc;
}

static int disk_size(sqlite3_file *file, sqlite3_int64 *size)
{
	pthread_mutex_lock(&lock);
	*size = (sqlite3_int64)handle(file)->file->size;
	pthread_mutex_unlock(&lock);
	return SQLITE_OK;
}

static int disk_lock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int disk_unlock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int disk_check_lock(sqlite3_file *file, int *result)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), result);
}

/* What would change or map the real file behind our back isn't passed on. */
static int disk_control(sqlite3_file *file, int op, void *with)
{
	if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE || op == SQLITE_FCNTL_MMAP_SIZE)
		return SQLITE_NOTFOUND;
	return real_of(file)->pMethods->xFileControl(real_of(file), op, with);
}

static int disk_sector(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int disk_traits(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int disk_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **at)
{
	return real_of(file)->pMethods->xShmMap(real_of(file), region, size, extend, at);
}

static int disk_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void disk_shm_barrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int disk_shm_unmap(sqlite3_file *file, int remove)
{
	return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods methods = {
	2, disk_close, disk_read, disk_write, disk_truncate, disk_sync, disk_size, disk_lock, disk_unlock, disk_check_lock,
	disk_control, disk_sector, disk_traits, disk_shm_map, disk_shm_lock, disk_shm_barrier, disk_shm_unmap, NULL, NULL,
};

/* ---- the VFS ---- */

static int attach(struct handle *h, const char *path)
{
	int rc = SQLITE_OK;
	pthread_mutex_lock(&lock);
	struct disk_file *f = find(path);
	if (!f) {
		f = add(path);
		rc = load(f, h->real);
	}
	if (rc == SQLITE_OK) {
		f->handles++;
		h->file = f;
		h->base.pMethods = &methods;
	} else {
		forget(f);
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static int disk_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
	struct handle *h = handle(file);
	if (!path || !(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)))
		return real_vfs->xOpen(real_vfs, path, file, flags, out_flags);
	h->base.pMethods = NULL;
	h->real = (sqlite3_file *)(h + 1);
	int rc = real_vfs->xOpen(real_vfs, path, h->real, flags, out_flags);
	if (rc != SQLITE_OK)
		return rc;
	rc = attach(h, path);
	if (rc != SQLITE_OK)
		h->real->pMethods->xClose(h->real);
	return rc;
}

static int disk_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
	pthread_mutex_lock(&lock);
	struct disk_file *f = find(path);
	if (f && !f->handles)
		forget(f);
	pthread_mutex_unlock(&lock);
	return real_vfs->xDelete(real_vfs, path, sync_folder);
}

/* SQLite takes an empty log for none, so what we hold of it counts. */
static int disk_access(sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
	pthread_mutex_lock(&lock);
	struct disk_file *f = find(path);
	bool has_content = f && f->size > 0;
	pthread_mutex_unlock(&lock);
	if (flags != SQLITE_ACCESS_EXISTS || !has_content)
		return real_vfs->xAccess(real_vfs, path, flags, result);
	*result = 1;
	return SQLITE_OK;
}

static void plan(const char *text)
{
	unsigned long long count = 0, seed = 0;
	if (text && sscanf(text, "%llu:%llu", &count, &seed) >= 1)
		powercut_after(count, seed);
}

static void register_once(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	our_vfs = *real_vfs;
	our_vfs.pNext = NULL;
	our_vfs.zName = POWERCUT;
	our_vfs.szOsFile = (int)sizeof(struct handle) + real_vfs->szOsFile;
	our_vfs.xOpen = disk_open;
	our_vfs.xDelete = disk_delete;
	our_vfs.xAccess = disk_access;
	sqlite3_vfs_register(&our_vfs, 0);
	plan(getenv("JACKDAW_POWERCUT"));
	orders = getenv("JACKDAW_DISK");
}

void powercut_register(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, register_once);
}

void powercut_fail_writes(int code)
{
	atomic_store(&write_code, code);
}

void powercut_fail_syncs(int code)
{
	atomic_store(&sync_code, code);
}

void powercut_slow(unsigned each_write_ms, unsigned each_sync_ms)
{
	atomic_store(&write_ms, each_write_ms);
	atomic_store(&sync_ms, each_sync_ms);
}

/* A connection for one read. */
#include "store/driver.h"

bool store_peek(const char *path, struct store_job *job)
{
	const struct store_options options = { .path = path, .synchronous = "FULL", .cache = 1 << 20 };
	struct connection *c = driver_sqlite.open(&options, FOR_READS, &job->why);
	job->outcome = STORE_FAILED;
	if (!c)
		return false;
	driver_sqlite.read(c, job);
	driver_sqlite.close(c);
	return job->outcome == STORE_OK;
}

/* What the thread that asks waits for: descriptors of programs, transfers, and being woken. All but wait_wake is that thread's. */
#pragma once
#include <curl/curl.h>
#include "base/clock.h"
#include "base/list.h"

struct watched {
	struct list link;
	int         fd;
	void      (*ready)(struct watched *);        /* it can be read; may end itself or others */
};

bool wait_open(void);                        /* before the thread is there */
void wait_close(void);
void wait_wake(void);                        /* from any thread */
void wait_once(msec most);                   /* until something has happened and was handled */
void wait_watch(struct watched *);
void wait_unwatch(struct watched *);
CURLM *wait_transfers(void);

/* source_http.c */
void http_finished(CURL *, CURLcode);

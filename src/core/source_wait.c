/* libcurl waits for its own sockets and for ours in one call, and can be woken from another thread. */
#include "core/source_wait.h"
#include "base/check.h"
#include <poll.h>

enum { MOST = 1024 };

static CURLM *transfers;
static struct list all = { &all, &all };
static unsigned count;
static struct curl_waitfd fds[MOST];
static struct watched *polled[MOST];         /* NULL: it went meanwhile */
static unsigned polled_count;

bool wait_open(void)
{
	if (!transfers && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		transfers = curl_multi_init();
	return transfers != NULL;
}

void wait_close(void)
{
	curl_multi_cleanup(transfers);
	transfers = NULL;
}

void wait_wake(void)
{
	curl_multi_wakeup(transfers);
}

CURLM *wait_transfers(void)
{
	return transfers;
}

void wait_watch(struct watched *w)
{
	ASSERT(count < MOST);
	list_append(&all, &w->link);
	count++;
}

void wait_unwatch(struct watched *w)
{
	for (unsigned i = 0; i < polled_count; i++)
		if (polled[i] == w)
			polled[i] = NULL;
	list_remove(&w->link);
	count--;
}

static void gather(void)
{
	polled_count = 0;
	LIST_EACH(&all, struct watched, link, w) {
		fds[polled_count] = (struct curl_waitfd){ .fd = w->fd, .events = CURL_WAIT_POLLIN };
		polled[polled_count++] = w;
	}
}

static void hear_transfers(void)
{
	int running, left;
	CURLMsg *m;
	curl_multi_perform(transfers, &running);
	while ((m = curl_multi_info_read(transfers, &left)))
		if (m->msg == CURLMSG_DONE)
			http_finished(m->easy_handle, m->data.result);
}

void wait_once(msec most)
{
	gather();
	curl_multi_poll(transfers, fds, polled_count, (int)most, NULL);
	for (unsigned i = 0; i < polled_count; i++)
		if (polled[i] && fds[i].revents)
			polled[i]->ready(polled[i]);
	polled_count = 0;
	hear_transfers();
}

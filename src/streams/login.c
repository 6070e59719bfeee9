/* An anonymous user's account comes and goes with its stream; a token or a certificate that ends takes the stream along. */
#include "streams/login.h"
#include "base/mem.h"
#include "core/account.h"
#include "core/host.h"
#include "streams/c2s.h"
#include <stdatomic.h>

static atomic_uint anonymous;        /* of the whole server: each stream's is counted until it goes */

struct login *login_new(void)
{
	return NEW(struct login);
}

struct login *login_anonymous(const struct core_limits *limits)
{
	if (atomic_fetch_add(&anonymous, 1) >= limits->anonymous && limits->anonymous && limits->enabled) {
		atomic_fetch_sub(&anonymous, 1);
		return NULL;
	}
	struct login *l = login_new();
	l->is_anonymous = true;
	return l;
}

void login_free(struct login *l)
{
	if (!l)
		return;
	if (l->is_anonymous)
		atomic_fetch_sub(&anonymous, 1);
	mem_free(l->resource);
	mem_free(l);
}

const char *login_resource(const struct login *l, const char *asked)
{
	return l && l->resource ? l->resource : l && l->is_anonymous ? NULL : asked;
}

/* RFC 6120 §4.9.3.16, §13.7.2.3: it may come again with something better. */
static void is_over(struct timer *timer)
{
	struct login *l = CONTAINER(timer, struct login, timer);
	c2s_error(l->c, STREAM_RESET, l->ending);
}

void login_begins(struct login *l, struct c2s *c)
{
	if (!l)
		return;
	l->c = c;
	if (l->is_anonymous)
		account_begin_anonymous(c->account);
	if (l->until) {
		msec left = l->until - clock_wall();
		timer_start(&l->timer, left > 0 ? left : 0, is_over);
	}
}

void login_ends(struct login *l, const char *bare)
{
	if (!l)
		return;
	timer_stop(&l->timer);
	if (l->is_anonymous && bare)
		account_end_anonymous(bare);
	login_free(l);
}

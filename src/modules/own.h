/*
 * Own: what one may ask of one's own account, and of nobody else's.
 */
#pragma once
#include "core/host.h"
#include "core/turn.h"

/*
 * For hooks of IQ_SENT: a request of this payload to the bare address of another account of ours. It is refused where its sender
 * lives, so that the answer says nothing of the other account.
 */
static inline bool is_asked_of_another(const struct turn *t, const char *ns, const char *name)
{
	return xml_is(t->payload, ns, name) && (t->type == TYPE_GET || t->type == TYPE_SET) && t->to->local && !t->to->resource
	    && host_find(t->to->domain);
}

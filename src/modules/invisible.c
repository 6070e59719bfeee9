/*
 * XEP-0186 Invisible Command: a session that takes part and is seen by nobody.
 *
 * To those who write to it or ask it by its full address it is what it was; who
 * asks the account sees nobody. What presence says and to whom is presence.c's
 * affair; here is who is invisible, and the two commands.
 */
#include "core/account.h"
#include "core/session.h"
#include "modules/last.h"
#include "modules/modules.h"
#include "modules/presence.h"
#include <string.h>

bool presence_is_invisible(const struct session *s)
{
	return session_data(s, &mod_invisible);
}

static void set_invisible(struct session *s, bool is_invisible)
{
	static char yes;
	session_set_data(s, &mod_invisible, is_invisible ? &yes : NULL);
}

static bool is_true(const char *text)
{
	return text && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
}

/* §3.1. Contacts hear that it went, before it is known to be invisible: nobody would hear of it then. */
static enum stanza_error vanish(struct turn *t)
{
	if (!t->session)
		return NOT_ALLOWED;
	if (!presence_is_invisible(t->session)) {
		last_vanishes(t);
		presence_vanish(t);
	}
	set_invisible(t->session, true);
	if (is_true(xml_get(t->payload, "probe")))
		presence_look_around(t);
	turn_reply(t, NULL);
	return OK;
}

/* §3.2. As before its initial presence, which its client sends if it wants to be seen. */
static enum stanza_error appear(struct turn *t)
{
	if (!t->session)
		return NOT_ALLOWED;
	if (presence_is_invisible(t->session))
		presence_begin_again(t);
	set_invisible(t->session, false);
	turn_reply(t, NULL);
	return OK;
}

static void keep(void *yes)
{
}

static struct xml *save(const struct session *s, struct arena *a)
{
	return presence_is_invisible(s) ? EL(a, NS_CALL, "invisible") : NULL;
}

static void restore(struct session *s, const struct xml *el)
{
	set_invisible(s, true);
}

const struct module mod_invisible = {
	.name     = "invisible",
	.title    = "Invisible Command",
	.xep      = 186,
	.features = FEATURES(NS_INVISIBLE),
	.iqs      = IQS({ NS_INVISIBLE, "invisible", IQ_SET, TO_SELF, vanish }, { NS_INVISIBLE, "visible", IQ_SET, TO_SELF, appear }),
	.session_free    = keep,
	.session_save    = save,
	.session_restore = restore,
};

/*
 * Kerberos takes its wishes from the environment. Its cache against replays
 * is a file that all its users share; we need none, for a ticket that was
 * replayed gets no further than its first step: what follows must be sealed
 * with the session's key, anew each time.
 */
#include "streams/sasl_library.h"
#include "base/check.h"
#include <stdlib.h>

static Gsasl *context;
static bool has_keytab;

/* The verdict is ours, when the step is done. */
static int callback(Gsasl *ctx, Gsasl_session *session, Gsasl_property property)
{
	return property == GSASL_VALIDATE_GSSAPI ? GSASL_OK : GSASL_NO_CALLBACK;
}

/* What Kerberos loads and reads at its first use, it shall have done. */
static void load_kerberos(void)
{
	Gsasl_session *session;
	char *answer = NULL;
	size_t size;
	if (gsasl_server_start(context, "GSSAPI", &session) != GSASL_OK)
		return;
	gsasl_property_set(session, GSASL_SERVICE, "xmpp");
	gsasl_property_set(session, GSASL_HOSTNAME, "localhost");
	gsasl_step(session, "-", 1, &answer, &size);
	gsasl_free(answer);
	gsasl_finish(session);
}

void sasl_library_start(const char *keytab)
{
	if (gsasl_init(&context) != GSASL_OK)
		BUG("libgsasl doesn't start");
	gsasl_callback_set(context, callback);
	has_keytab = keytab && gsasl_server_support_p(context, "GSSAPI");
	if (!has_keytab)
		return;
	setenv("KRB5_KTNAME", keytab, 1);
	setenv("KRB5RCACHENAME", "none:", 1);
	load_kerberos();
}

Gsasl *sasl_library(void)
{
	return context;
}

bool sasl_library_has_keytab(void)
{
	return has_keytab;
}

/* XEP-0092 Software Version: say what we are, and the system too if the admin lets us. */
#include "modules/modules.h"
#include "core/host.h"
#include <sys/utsname.h>

static const char *system_name(struct turn *t)
{
	struct utsname names;
	if (!host_bool(t->host, &mod_version, "show_system") || uname(&names) != 0)
		return NULL;
	return arena_string(t->arena, names.sysname);
}

static enum stanza_error version(struct turn *t)
{
	struct arena *a = t->arena;
	const char *system = system_name(t);

	turn_reply(t, EL(a, NS_VERSION, "query",
		EL(a, NS_VERSION, "name", TEXT(a, SERVER_NAME)),
		EL(a, NS_VERSION, "version", TEXT(a, SERVER_VERSION)),
		system ? EL(a, NS_VERSION, "os", TEXT(a, system)) : NULL));
	return OK;
}

const struct module mod_version = {
	.name     = "version",
	.title    = "Software Version",
	.xep      = 92,
	.features = FEATURES(NS_VERSION),
	.iqs      = IQS({ NS_VERSION, "query", IQ_GET, TO_HOST, version }),
	.options  = OPTIONS({ "show_system", OPTION_BOOL, "no", "Also tell the operating system's name" }),
};

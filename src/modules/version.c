/*
 * XEP-0092 Software Version: say what we are, and the system too if the admin
 * lets us. The same stands in disco#info as a form (XEP-0232), so that whoever
 * asks there needs not ask twice.
 */
#include "modules/modules.h"
#include "core/host.h"
#include "xmpp/form.h"
#include <sys/utsname.h>

static const char *system_name(const struct host *host, struct arena *a)
{
	struct utsname names;
	if (!host_bool(host, &mod_version, "show_system") || uname(&names) != 0)
		return NULL;
	return arena_string(a, names.sysname);
}

static enum stanza_error version(struct turn *t)
{
	struct arena *a = t->arena;
	const char *system = system_name(t->host, a);

	turn_reply(t, EL(a, NS_VERSION, "query",
		EL(a, NS_VERSION, "name", TEXT(a, SERVER_NAME)),
		EL(a, NS_VERSION, "version", TEXT(a, SERVER_VERSION)),
		system ? EL(a, NS_VERSION, "os", TEXT(a, system)) : NULL));
	return OK;
}

static void host_info(const struct host *host, struct arena *a, struct xml *query)
{
	struct xml *form = form_new(a, FORM_RESULT, "urn:xmpp:dataforms:softwareinfo", NULL, NULL);
	const char *system = system_name(host, a);
	form_add(a, form, FIELD_TEXT_SINGLE, "software", NULL, SERVER_NAME);
	form_add(a, form, FIELD_TEXT_SINGLE, "software_version", NULL, SERVER_VERSION);
	if (system)
		form_add(a, form, FIELD_TEXT_SINGLE, "os", NULL, system);
	xml_append(query, form);
}

const struct module mod_version = {
	.name      = "version",
	.title     = "Software Version",
	.xep       = 92,
	.features  = FEATURES(NS_VERSION),
	.iqs       = IQS({ NS_VERSION, "query", IQ_GET, TO_HOST, version }),
	.host_info = host_info,
	.options   = OPTIONS({ "show_system", OPTION_BOOL, "no", "Also tell the operating system's name" }),
};

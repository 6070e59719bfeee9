/*
 * Who is to be asked about this server, and where it is said that it fails:
 * addresses in the host's disco#info (XEP-0157, XEP-0455). Nothing is told
 * that nobody configured, for an address in public draws unwanted mail.
 */
#include "core/host.h"
#include "modules/modules.h"
#include "xmpp/form.h"

#define ABOUT_SERVER "http://jabber.org/network/serverinfo"
#define ABOUT_OUTAGE "urn:xmpp:sos:0"

static const struct { const char *option, *var; } addresses[] = {
	{ "abuse",    "abuse-addresses" },
	{ "admin",    "admin-addresses" },
	{ "feedback", "feedback-addresses" },
	{ "sales",    "sales-addresses" },
	{ "security", "security-addresses" },
	{ "status",   "status-addresses" },
	{ "support",  "support-addresses" },
};

/* Makes the form when it has its first field. */
static void add(const struct host *host, struct arena *a, struct xml **form, const char *about, const char *option, const char *var)
{
	const char *const *uri = host_list(host, &mod_contact, option);
	if (!*uri)
		return;
	if (!*form)
		*form = form_new(a, FORM_RESULT, about, NULL, NULL);
	struct xml *field = form_add(a, *form, FIELD_LIST_MULTI, var, NULL, NULL);
	for (; *uri; uri++)
		form_add_value(a, field, *uri);
}

static void host_info(const struct host *host, struct arena *a, struct xml *query)
{
	struct xml *server = NULL, *outage = NULL;
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
		add(host, a, &server, ABOUT_SERVER, addresses[i].option, addresses[i].var);
	add(host, a, &outage, ABOUT_OUTAGE, "outage", "external-status-addresses");
	xml_append(query, server);
	xml_append(query, outage);
}

const struct module mod_contact = {
	.name      = "contact",
	.title     = "Contact Addresses for XMPP Services",
	.xep       = 157,
	.host_info = host_info,
	.options   = OPTIONS(
		{ "abuse", OPTION_ADDRESSES, NULL, "Where abuse is reported, told to everybody" },
		{ "admin", OPTION_ADDRESSES, NULL, "Where administrators are reached" },
		{ "feedback", OPTION_ADDRESSES, NULL, "Where feedback goes" },
		{ "sales", OPTION_ADDRESSES, NULL, "Where sales are asked" },
		{ "security", OPTION_ADDRESSES, NULL, "Where security is talked about" },
		{ "status", OPTION_ADDRESSES, NULL, "Pages on which people read how the service does" },
		{ "support", OPTION_ADDRESSES, NULL, "Where users are helped" },
		{ "outage", OPTION_ADDRESSES, NULL, "Files on another machine that clients read when the service fails (XEP-0455); trust whoever writes them" }),
};

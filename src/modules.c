/*
 * The modules, and so the order of things: within a station they run as they
 * are listed here. `jackdaw module list` prints what comes of it.
 */
#include "core/credentials.h"
#include "core/disabled.h"
#include "core/portable.h"
#include "core/token.h"
#include "modules/modules.h"

const struct module *const modules[] = {
	&mod_credentials,
	&mod_tokens,
	&mod_anonymous,
	&mod_access,
	&mod_strangers,
	&mod_portable,
	&mod_disabled,
	&mod_disco,
	&mod_roster,
	&mod_subscription,
	&mod_presence,
	&mod_stanza_id,
	&mod_message,
	&mod_carbons,
	&mod_offline,
	&mod_csi,
	&mod_ping,
	&mod_version,
	&mod_time,
	&mod_vcard,
	&mod_private,
	&mod_last,
	&mod_contact,
	&mod_server_ip,
	&mod_jidprep,
	&mod_quickstart,
	&mod_shim,
	&mod_search,
	&mod_bits,
	&mod_register,
	&mod_xmpp_logger,
	&mod_certificates,
	&mod_adhoc,
	&mod_motd,
	&mod_welcome,
	NULL,
};

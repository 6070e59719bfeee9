/*
 * The modules of this room: one file per XEP.
 */
#pragma once
#include "core/module.h"

extern const struct module
	mod_strangers,       /* XEP-0205: who writes to too many */
	mod_disco,           /* XEP-0030, 0115, 0128: what the server and its accounts can do */
	mod_roster,          /* RFC 6121 §2 */
	mod_subscription,    /* RFC 6121 §3 */
	mod_presence,        /* RFC 6121 §4 */
	mod_stanza_id,       /* XEP-0359 */
	mod_message,         /* RFC 6121 §8.5: a message finds its sessions */
	mod_csi,             /* XEP-0352: what an inactive client hears later */
	mod_carbons,         /* XEP-0280: copies for a user's other clients */
	mod_offline,         /* XEP-0160, 0203, 0334: what waits for a user who is away */
	mod_ping,            /* XEP-0199 */
	mod_version,         /* XEP-0092 */
	mod_time,            /* XEP-0202 */
	mod_vcard,           /* XEP-0054 */
	mod_register,        /* XEP-0077 */
	mod_private,         /* XEP-0049, and 0083, 0145, 0209, which ride on it */
	mod_last,            /* XEP-0012 */
	mod_contact,         /* XEP-0157, 0455 */
	mod_server_ip,       /* XEP-0279 */
	mod_jidprep,         /* XEP-0328 */
	mod_quickstart,      /* XEP-0305 */
	mod_shim,            /* XEP-0131 */
	mod_search,          /* XEP-0055 */
	mod_bits,            /* XEP-0231 */
	mod_xmpp_logger,     /* the traffic log */
	mod_certificates,    /* XEP-0257 */
	mod_anonymous,       /* XEP-0175 */
	mod_adhoc,           /* XEP-0050, 0133: what administrators may do */
	mod_motd, mod_welcome,   /* what a host says by itself */
	mod_access;          /* whom a domain's users may speak with */

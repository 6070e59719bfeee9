/*
 * The commands of this room.
 */
#pragma once
#include "core/command.h"

extern const struct command
	cmd_user_add, cmd_user_passwd, cmd_user_remove, cmd_user_list,       /* user.c, user_list.c */
	cmd_domain_add, cmd_domain_remove, cmd_domain_list,                  /* domain.c */
	cmd_session_list, cmd_session_kick,                                  /* session.c */
	cmd_module_list,                                                     /* module.c */
	cmd_log_level, cmd_reload, cmd_stop,                                 /* process.c */
	cmd_status, cmd_limits,                                              /* status.c, limits.c */
	cmd_serve, cmd_init, cmd_config_check, cmd_config_show, cmd_config_explain, cmd_config_diff, cmd_config_reference,
	cmd_help, cmd_version;                                               /* help.c */

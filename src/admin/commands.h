/*
 * The commands of this room.
 */
#pragma once
#include "core/command.h"

extern const struct command
	cmd_user_add, cmd_user_passwd, cmd_user_remove, cmd_user_list,       /* user.c, user_list.c */
	cmd_user_disable, cmd_user_enable,                                   /* user.c */
	cmd_user_show, cmd_user_roster,                                      /* user_show.c */
	cmd_user_online, cmd_user_count,                                     /* user_online.c */
	cmd_certificate_list, cmd_certificate_revoke,                        /* certificate.c */
	cmd_domain_add, cmd_domain_remove, cmd_domain_list,                  /* domain.c */
	cmd_device_list, cmd_device_forget,                                  /* device.c */
	cmd_disco_add, cmd_disco_remove, cmd_disco_list,                     /* disco.c */
	cmd_session_list, cmd_session_kick,                                  /* session.c */
	cmd_stream_list, cmd_stream_kick,                                    /* stream.c */
	cmd_module_list,                                                     /* module.c */
	cmd_announce, cmd_motd_set, cmd_motd_edit, cmd_motd_delete, cmd_motd_show,   /* notices.c */
	cmd_welcome_set, cmd_welcome_delete, cmd_welcome_show,
	cmd_admin_list, cmd_admin_set, cmd_access_list, cmd_access_set,      /* lists.c */
	cmd_log_level, cmd_stop, cmd_restart,                                /* process.c */
	cmd_log_follow,                                                      /* follow.c */
	cmd_reload,                                                          /* reload.c */
	cmd_audit_verify,                                                    /* audit.c */
	cmd_backup,                                                          /* backup.c */
	cmd_export, cmd_import,                                              /* export.c, import.c */
	cmd_figures,                                                         /* figures.c */
	cmd_status, cmd_limits,                                              /* status.c, limits.c */
	cmd_init,                                                            /* init.c */
	cmd_config_check, cmd_config_diff, cmd_config_reference,             /* config_commands.c */
	cmd_config_show, cmd_config_explain,                                 /* config_show.c */
	cmd_completion,                                                      /* completion.c */
	cmd_serve, cmd_restore, cmd_help, cmd_version;                       /* help.c */

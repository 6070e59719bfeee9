/*
 * The table of commands, in the order of the help.
 */
#include "admin/commands.h"

const struct command *const commands[] = {
	&cmd_serve, &cmd_init,
	&cmd_config_check, &cmd_config_show, &cmd_config_explain, &cmd_config_diff, &cmd_config_reference,
	&cmd_user_add, &cmd_user_passwd, &cmd_user_remove, &cmd_user_disable, &cmd_user_enable,
	&cmd_user_list, &cmd_user_online, &cmd_user_count, &cmd_user_show, &cmd_user_roster,
	&cmd_certificate_list, &cmd_certificate_revoke, &cmd_device_list, &cmd_device_forget,
	&cmd_domain_add, &cmd_domain_remove, &cmd_domain_list,
	&cmd_disco_add, &cmd_disco_remove, &cmd_disco_list,
	&cmd_admin_list, &cmd_admin_set, &cmd_access_list, &cmd_access_set,
	&cmd_announce, &cmd_motd_set, &cmd_motd_edit, &cmd_motd_delete, &cmd_motd_show, &cmd_welcome_set, &cmd_welcome_delete, &cmd_welcome_show,
	&cmd_session_list, &cmd_session_kick, &cmd_stream_list, &cmd_stream_kick,
	&cmd_module_list,
	&cmd_log_level, &cmd_log_follow,
	&cmd_audit_verify,
	&cmd_backup, &cmd_restore, &cmd_export, &cmd_import,
	&cmd_status, &cmd_figures, &cmd_limits, &cmd_reload, &cmd_restart, &cmd_stop,
	&cmd_version, &cmd_completion, &cmd_help,
	NULL,
};

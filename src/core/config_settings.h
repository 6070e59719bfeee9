/*
 * The settings of the server itself, section by section. Modules declare
 * theirs beside their code.
 */
#pragma once
#include <stddef.h>
#include "core/config_table.h"

struct settings_section {
	const char *section;
	const struct setting *settings;
	size_t count;
	bool is_module;                      /* of a module that is not built: has `enabled` and `debug_level` */
};

extern const struct settings_section config_settings[];
extern const size_t config_settings_count;

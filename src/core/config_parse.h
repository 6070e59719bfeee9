/*
 * The configuration language: text becomes a tree of settings and sections.
 *
 *	data_dir = "data"                       # key = value; the = may be left out
 *	log { level = major;  output stderr }   # ; or a new line ends a setting
 *	domain "example.com" {                  # a section with a name
 *		admins = [ "a@example.com", "b@example.com" ]
 *		AuthPlainParameters = [ uri = "file:///etc/passwd" ]    # the same as a section
 *	}
 *	include "conf.d/ *.conf"                # a pattern (without the blank), relative to this file
 *
 * On one line every setting but the first needs `=` or a `;` before it.
 * Nothing here knows which keys exist: see config_table.h.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "core/config_report.h"

struct config_word {
	const char *text;
	struct config_place place;
	struct config_word *next;
};

enum config_shape {
	CONFIG_SETTING,                      /* key = word */
	CONFIG_LIST,                         /* key = [ words ] */
	CONFIG_SECTION,                      /* key { … }, key "title" { … }, key = [ a = b ] */
};

/* An include is a setting of the tree too, with its pattern's whole path; what it brought stands behind it. */
struct config_node {
	const char *key;                     /* as written */
	enum config_shape shape;
	const char *title;                   /* a section's name; NULL: none */
	struct config_place place;
	struct config_word *words;           /* of a setting or a list */
	struct config_node *children;        /* of a section */
	struct config_node *next;
};

/* Everything lies in the arena. Errors go to the report; what could be understood is returned (NULL: nothing). */
struct config_node *config_parse(struct arena *, const char *file, const char *text, size_t size, struct config_report *);
struct config_node *config_parse_file(struct arena *, const char *file, struct config_report *);

/* Relative to the folder of the file that names it. */
const char *config_path(struct arena *, const char *file, const char *path);

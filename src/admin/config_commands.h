/*
 * The command line's words about the configuration:
 *
 *	config check | show [--defaults] | explain KEY | diff | reference      [-c FILE] [--json]
 *	init [DOMAIN]                                                          [-c FILE]
 *
 * They read files and print; no server needs to run.
 */
#pragma once

/* The words behind "config" or "init". Answers go to stdout, errors to stderr; returns the exit status: 0 well, 1 not, 2 misused. */
int config_command(int argc, char **argv);
int init_command(int argc, char **argv);

/*
 * Cli: the command line, from words to an exit code.
 *
 * Says what is wrong with the words, asks for passwords, sends the command to
 * the running server and prints the answer; without a server, what works on
 * the store is done here (offline.h).
 */
#pragma once

enum { CLI_WELL, CLI_REFUSED, CLI_MISUSED };         /* exit codes: other people's scripts know them */

int cli_main(int argc, char **argv);

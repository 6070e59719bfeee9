/*
 * Serve: the process from its start to its end.
 */
#pragma once

/* Runs the server of this configuration in the foreground. Returns the exit code. */
int serve(const char *config_path);

/*
 * init: a configuration that serves at once, with a certificate to try it with.
 */
#pragma once
#include <stdbool.h>
#include "base/fail.h"

/* The program's way to make a self-signed certificate and its key; NULL: it has none, and only the configuration is written. */
extern bool (*init_make_certificate)(const char *domain, const char *certificate, const char *key, int days, struct fail *why);

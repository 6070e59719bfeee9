/*
 * Doors: what `status` tells of listeners, their pools and certificates.
 */
#pragma once
#include <jansson.h>
#include "core/command.h"

/* New references; in the snapshot of this home. */
json_t *doors_listeners(void);
json_t *doors_pools(void);
json_t *doors_certificates(void);            /* those that end first, first; no more than twenty */

extern const struct command_field doors_listener_fields[], doors_pool_fields[], doors_certificate_fields[];

/*
 * SASL library: libgsasl's one context.
 *
 * Made before the sandbox closes, for it may load further libraries; read by
 * all threads, and changed by none. A session belongs to one exchange.
 */
#pragma once
#include <gsasl.h>

void sasl_library_start(void);
Gsasl *sasl_library(void);

/*
 * SASL library: libgsasl's one context.
 *
 * Made before the sandbox closes and before there is a second thread, for it
 * may load further libraries; read by all threads, and changed by none. A
 * session belongs to one exchange.
 */
#pragma once
#include <gsasl.h>
#include <stdbool.h>

void sasl_library_start(const char *keytab);         /* Kerberos' keys; NULL: none, and no GSSAPI */
Gsasl *sasl_library(void);
bool sasl_library_has_keytab(void);

/* What it has built in is fixed; a build without DIGEST-MD5 would be found out by the first login. */
#include "streams/sasl_library.h"
#include "base/check.h"

static Gsasl *context;

void sasl_library_start(void)
{
	if (!context && gsasl_init(&context) != GSASL_OK)
		BUG("libgsasl doesn't start");
}

Gsasl *sasl_library(void)
{
	return context;
}

/* The strings, and the list that the parser interns. */
#include "xmpp/ns.h"
#include "xml/xml.h"

#define NAMESPACE_DEFINE(name, text) const char name[] = text;
NAMESPACES(NAMESPACE_DEFINE)

#define NAMESPACE_NAME(name, text) name,
static const char *const all[] = { NAMESPACES(NAMESPACE_NAME) };

void ns_intern(void)
{
	xml_intern(all, sizeof all / sizeof *all);
}

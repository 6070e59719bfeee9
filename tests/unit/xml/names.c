/* Their own list, so that these tests need no other room. */
#include "names.h"
#include "xml/xml.h"

const char NS_XML[] = "http://www.w3.org/XML/1998/namespace", NS_STREAMS[] = "http://etherx.jabber.org/streams";
const char NS_CLIENT[] = "jabber:client", NS_PING[] = "urn:xmpp:ping";

int names_intern(void **state)
{
	static const char *const names[] = { NS_XML, NS_STREAMS, NS_CLIENT, NS_PING };
	xml_intern(names, sizeof names / sizeof *names);
	return 0;
}

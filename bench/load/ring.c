/* Who is whose contact: users sit in a ring, and know their neighbours on both sides. */
#include "load.h"

int ring_slot(unsigned me, unsigned other)
{
	unsigned half = options.contacts / 2, ahead = (other + options.users - me) % options.users;
	if (ahead >= 1 && ahead <= half)
		return (int)ahead - 1;
	return ahead >= options.users - half && ahead < options.users ? (int)(half + options.users - ahead) - 1 : NO_SLOT;
}

unsigned ring_contact(unsigned me, unsigned slot)
{
	unsigned half = options.contacts / 2;
	return (slot < half ? me + slot + 1 : me + options.users - (slot - half + 1)) % options.users;
}

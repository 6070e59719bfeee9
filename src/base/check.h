/*
 * What cannot be: stop at once, with the place.
 *
 * A long-lived struct begins with `unsigned magic`, and a public function
 * with CHECK(thing, THING_MAGIC): what was freed, or is something else, is
 * caught at the door. Set magic to 0 before freeing.
 */
#pragma once

_Noreturn void check_bug(const char *file, int line, const char *why);

#define BUG(why)           check_bug(__FILE__, __LINE__, why)
#define CHECK(thing, MAGIC) ((thing)->magic == (MAGIC) ? (void)0 : BUG("not a " #MAGIC))
#define ASSERT(what)       ((what) ? (void)0 : BUG(#what))

/* Announcements, for those who have something to announce. */
#pragma once

/* To everybody who is logged in: of this domain (NULL: of all), from its host. */
void notices_announce(const char *domain, const char *subject, const char *text);

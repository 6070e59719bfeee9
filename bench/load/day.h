/*
 * A mixed day: what it is made of, and which messages are owed.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum act { ACT_CHAT, ACT_OFFLINE, ACT_PRESENCE, ACT_ROSTER, ACT_VCARD_GET, ACT_VCARD_SET, ACT_PING, ACT_RELOGIN, ACT_CUT, ACT_WRONG_PASSWORD, ACTS };

/* profile.c */
struct profile {
	unsigned online, idle, slow, tls, plain, acks;       /* per cent of the users; of those who are online */
	unsigned slow_bytes;                                 /* what a slow one reads in a second */
	unsigned rate;                                       /* acts a second, of all kinds */
	unsigned weights[ACTS];
};
extern struct profile profile;
extern const char *const act_names[ACTS];
void profile_read(const char *path);
void profile_help(FILE *);
enum act profile_choose(unsigned dice);                      /* by the weights */

/* mail.c: each message from its leaving to its coming; indexes are those of users */
void mail_init(void);
uint64_t mail_send(unsigned from, unsigned to, uint32_t stanza, bool is_timed, uint32_t *slot);   /* its number; both go into its id */
bool mail_heard(unsigned from, unsigned to, uint64_t number, uint32_t slot);                      /* false: nobody sent it */
void mail_sender_cut(unsigned from, bool acks, uint32_t acknowledged);     /* what wasn't acknowledged may be lost */
void mail_recipient_cut(unsigned to, bool acks, uint32_t unacknowledged);  /* may be lost, or come again */
void mail_recipient_left(unsigned to, uint32_t unacknowledged);            /* in good order; may come again */
void mail_recipient_back(unsigned to);
uint64_t mail_owed(void);                                    /* still under way, and nothing excuses it */
bool mail_report(void);                                      /* false: something is wrong */

/*
 * Speaker: a client that follows its dice.
 *
 * It logs in one way or another, says things while its budget lasts, answers
 * what is asked of it, reads in pieces, acknowledges late, and goes as it
 * likes. What it learns goes into the record.
 */
#pragma once
#include <stdbool.h>

enum mood {
	CHATTING,                    /* comes, speaks and goes */
	STAYING,                     /* finishes what it has begun; starts nothing new */
	COMING,                      /* logs in if it isn't there, completely */
	LEAVING,                     /* closes its stream */
};

void speakers_begin(unsigned budget);                /* of a life: nobody is connected */
void speakers_steps(void);
void speakers_set_mood(enum mood);
bool speakers_have_budget(void);
void speakers_drain(void);                           /* the process stops: they read what had left it */
/* What holds when all is quiet, or a life has failed. */
void speakers_check_quiet(void);
void speakers_ask_rosters(void);
void speakers_show_presence(void);                   /* every speaker says something that only its subscribers may hear */
void speakers_check_presence(void);

/*
 * The traffic log, for whoever starts, reloads and stops the server.
 *
 * What a configuration says of it is a plan: prepared while that
 * configuration may still be refused, followed when it is in force. One at a
 * time calls these.
 */
#pragma once
#include <stdbool.h>
#include "base/fail.h"

struct config;
struct traffic_plan;

/* Opens the file. *plan is NULL when nothing is to be logged. */
bool xmpp_logger_prepare(const struct config *, struct traffic_plan **plan, struct fail *why);
void xmpp_logger_follow(struct traffic_plan *);      /* takes it; NULL: from now on nothing is logged */
void xmpp_logger_forget(struct traffic_plan *);      /* it won't be followed */
void xmpp_logger_reopen(void);                       /* the file was renamed */
void xmpp_logger_stop(void);                         /* the loops have ended: writes the last lines */

/*
 * Stamps: moments as XMPP writes them (XEP-0082).
 */
#pragma once
#include "base/arena.h"
#include "base/clock.h"

const char *stamp_text(struct arena *, msec wall);           /* dateTime in UTC: "2026-02-03T04:05:06.789Z" */
const char *stamp_zone(struct arena *, long seconds);        /* a time zone's offset: "+02:00" */

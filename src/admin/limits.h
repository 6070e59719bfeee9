/* Counters of limits, for whoever asks all homes. */
#pragma once
#include "core/home.h"
#include "xml/xml.h"

void limits_visit(const struct home *, struct arena *, struct xml *el);      /* a home's, as attributes of el */
int64_t limits_sum(const struct xml *result, enum limit);                    /* of all elements in it */

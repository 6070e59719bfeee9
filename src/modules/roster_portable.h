/*
 * How a roster goes to another server and comes from one.
 */
#pragma once

extern const struct portable roster_portable;

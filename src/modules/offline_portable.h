/*
 * How messages that wait go to another server and come from one.
 */
#pragma once

extern const struct portable offline_portable;

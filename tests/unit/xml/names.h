/* The namespaces that these tests intern. */
#pragma once

extern const char NS_XML[], NS_STREAMS[], NS_CLIENT[], NS_PING[];

int names_intern(void **state);      /* a group's setup */

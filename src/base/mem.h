/*
 * Memory that is always there.
 *
 * When memory ends the process stops, inside these functions and nowhere
 * else; so no caller checks for NULL.
 */
#pragma once
#include <stddef.h>

void *mem_new(size_t size);                       /* zeroed */
void *mem_resize(void *old, size_t size);         /* like realloc; what is added is not zeroed */
void *mem_copy(const void *from, size_t size);
char *mem_string(const char *text);               /* a copy; NULL gives NULL */
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *mem_pages(size_t size);                     /* zeroed whole pages of the system's, for ever */
void  mem_free(void *);                           /* NULL is fine */

#define NEW(type) ((type *)mem_new(sizeof(type)))

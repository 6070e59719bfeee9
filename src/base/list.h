/*
 * A doubly linked list whose links lie in its members.
 *
 * A link that is in no list points to itself or is all zero; list_remove of
 * such a one does nothing.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *prev, *next;
};

#define CONTAINER(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))

static inline void list_init(struct list *l)
{
	l->prev = l->next = l;
}

static inline bool list_is_empty(const struct list *l)
{
	return !l->next || l->next == l;
}

static inline void list_append(struct list *l, struct list *link)
{
	link->prev = l->prev;
	link->next = l;
	l->prev->next = link;
	l->prev = link;
}

static inline void list_prepend(struct list *l, struct list *link)
{
	list_append(l->next, link);
}

static inline void list_remove(struct list *link)
{
	if (!link->next)
		return;
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

static inline struct list *list_first(const struct list *l)      /* NULL when empty */
{
	return list_is_empty(l) ? NULL : l->next;
}

/* The member may be removed, and freed, inside the loop. */
#define LIST_EACH(list, type, member, it)                                                      \
	for (type *it = CONTAINER((list)->next, type, member),                                 \
		  *it##_next = CONTAINER(it->member.next, type, member);                       \
	     &it->member != (list);                                                            \
	     it = it##_next, it##_next = CONTAINER(it->member.next, type, member))

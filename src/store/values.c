/*
 * Values on their way into statements, and columns on their way out of rows.
 *
 * A column of another kind than the one asked for is a bug of ours, for we
 * wrote it: so it stops the process. Only a text may be looked at as bytes.
 */
#include "base/check.h"
#include "store/store.h"
#include <string.h>

struct value value_text(const char *text)
{
	if (!text)
		return (struct value){ VALUE_NULL, 0, NULL };
	return (struct value){ VALUE_TEXT, (int64_t)strlen(text), text };
}

struct value value_blob(const void *bytes, size_t size)
{
	if (!bytes)
		return (struct value){ VALUE_NULL, 0, NULL };
	return (struct value){ VALUE_BLOB, (int64_t)size, bytes };
}

const char *row_text(const struct row *row, unsigned column)
{
	const struct value *v = &row->columns[column];
	ASSERT(v->kind == VALUE_TEXT || v->kind == VALUE_NULL);
	return v->kind == VALUE_TEXT ? v->bytes : NULL;
}

int64_t row_int(const struct row *row, unsigned column)
{
	const struct value *v = &row->columns[column];
	ASSERT(v->kind == VALUE_INT || v->kind == VALUE_NULL);
	return v->kind == VALUE_INT ? v->number : 0;
}

const void *row_blob(const struct row *row, unsigned column, size_t *size)
{
	const struct value *v = &row->columns[column];
	ASSERT(v->kind != VALUE_INT);
	*size = v->kind == VALUE_NULL ? 0 : (size_t)v->number;
	return v->kind == VALUE_NULL ? NULL : v->bytes;
}

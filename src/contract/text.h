/* text.h: memory that lives as long as the pipeline: texts and arrays. Nothing in it is freed before the rest, so that no error path has to
 * free anything. One thread. */
#pragma once
#include "base/attr.h"

typedef struct Strings Strings;
Strings *strings_new(void) MUST_CHECK;
void strings_free(Strings *s);

/* Everything returned is owned by `s`. */
const char *strings_keep(Strings *s, const char *text); /* a copy */
const char *strings_format(Strings *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void *strings_adopt(Strings *s, void *memory); /* malloc'ed memory; NULL is fine */
/* `count` elements of `size` bytes, all zero. */
void *strings_array(Strings *s, size_t count, size_t size);
/* A copy of the array with room for one more element, which is zero. */
void *strings_grow(Strings *s, const void *items, size_t count, size_t size);

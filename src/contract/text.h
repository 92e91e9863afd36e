/* text.h: the memory of a pipeline's texts and arrays. All of it is freed together with the pipeline, so error paths need not free
 * anything. One thread. */
#pragma once
#include "base/attr.h"

typedef struct Strings Strings;
Strings *strings_new(void) MUST_CHECK;
void strings_free(Strings *s);

/* Everything returned is owned by `s`. */
const char *strings_keep(Strings *s, const char *text); /* a copy */
const char *strings_format(Strings *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void *strings_adopt(Strings *s, void *memory); /* takes over memory from malloc; may be NULL */
/* `count` elements of `size` bytes, all zero. */
void *strings_array(Strings *s, size_t count, size_t size);
/* A copy of the array with one more element, which is zero. */
void *strings_grow(Strings *s, const void *items, size_t count, size_t size);

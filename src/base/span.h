/* span.h: borrowed text: a pointer and a length, not NUL-terminated. Each use says how long it is valid. */
#pragma once
#include <stddef.h>

typedef struct Span {
    const char *at; /* NULL: absent */
    size_t len;
} Span;

/* cursor.h: where a page of entities ended, as an opaque text that clients send back. Its length has a bound whatever the ids are, it
 * names the content that it was made from and the filters, and it needs no escapes in a query. Pure; any thread. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CURSOR_ID_MAX = 128, CURSOR_TEXT_MAX = 208 };

typedef struct Cursor {
    uint64_t scope;             /* the content (Lease) */
    uint64_t filter;            /* cursor_hash of the filters */
    double rank;                /* of the last row */
    bool hashed;                /* `id` is the SHA-256 of an id that is longer than CURSOR_ID_MAX, as hex digits */
    char id[CURSOR_ID_MAX + 1]; /* NUL-terminated, and may have NULs before its end */
    size_t id_len;
} Cursor;

uint64_t cursor_hash(const char *text, size_t n);
/* Stores the id, or its hash. */
void cursor_set_id(Cursor *c, const char *id, size_t n);
/* The caller frees. */
char *cursor_format(const Cursor *c) MUST_CHECK;
/* False: not a text that cursor_format made. */
bool cursor_parse(const char *text, Cursor *ret) MUST_CHECK;

/* content.h: what an event says, whatever way it is written: the order of keys and white space do not count, the digits of numbers do. */
#pragma once
#include "base/buf.h"
#include "base/span.h"

/* Members of a JSON object that do not count: at level 0 of the object itself, at 1 of the objects in it. */
typedef struct ContentSkip {
    const char *const *names; /* ends with NULL; NULL: all members count */
    int level;
} ContentSkip;

/* Appends a text in a form that is the same for the same value (no JSON). What is no JSON, is nested deeper than 100 levels or longer than
 * 16 MiB stands for itself, byte for byte. Absent and empty texts differ. */
void content_add_json(Buf *out, Span json);
void content_add_json_without(Buf *out, Span json, ContentSkip skip); /* without these members */
void content_add_text(Buf *out, Span text);

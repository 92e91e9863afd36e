/* unreadable.h: what messages are that are no JSON objects, for a person who has to tell their sender. Internal to infer. Pure; any thread.
 */
#pragma once
#include "base/span.h"
#include <stddef.h>
#include <stdint.h>

#define UNREADABLE_KINDS 20

/* How many there are of each kind. */
typedef struct Unreadable {
    int64_t counts[UNREADABLE_KINDS];
} Unreadable;

/* Counts a message that is no JSON object; an absent one has no value. */
void unreadable_add(Unreadable *u, Span message);
/* What most of them are, static: "a list, but each message must be one event"; *ret_count: how many. NULL: there is none. */
const char *unreadable_most(const Unreadable *u, int64_t *ret_count);

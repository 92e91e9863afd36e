/* message.h: one JSON text, parsed by yyjson, and where each of its values stands in it.
 *
 * yyjson reads a copy in place, so that where a key or a number stands in the copy tells where it stands in the text. Everything that is
 * handed out lies in the text, which never changes, or (a JSON text with escapes) is made in an arena. One thread at a time. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"
#include <stdbool.h>
#include <yyjson.h>

typedef struct Message {
    Span text; /* borrowed: what is parsed */
    Buf copy;
    void *values; /* yyjson's one block */
    size_t values_size;
    bool too_many_values; /* why there is no root */
} Message;

void message_done(Message *m);
/* The value of the text, or NULL: no JSON, or more values than `values_max`. Valid until the next message. */
yyjson_val *message_parse(Message *m, Span text, size_t values_max);

/* Where a value stands: exactly, or (a member of an object) somewhere between the start of its key and the next member. */
typedef struct Place {
    const char *from, *to;
    bool member;
} Place;

typedef struct Member {
    yyjson_val *key, *value;
    Place place;
} Member;

/* The members of an object that is `text`, in order. */
typedef struct MemberIter {
    const Message *message;
    yyjson_obj_iter iter;
    yyjson_val *next;
    const char *end; /* of the object: its bracket */
} MemberIter;
MemberIter members_of(const Message *m, yyjson_val *object, Span text);
bool members_next(MemberIter *i, Member *ret);

/* The elements of an array that is `text`, in order. */
typedef struct ElementIter {
    yyjson_arr_iter iter;
    const char *at;
} ElementIter;
ElementIter elements_of(yyjson_val *array, Span text);
bool elements_next(ElementIter *i, yyjson_val **ret_value, Place *ret_place);

/* The value of one member, found by its key. */
Place message_member(const Message *m, yyjson_val *key);
/* The text of a value as it came. */
Span place_text(const Place *p);
Span message_number(const Message *m, yyjson_val *number);
/* What a JSON text says. */
Span message_string(const Message *m, yyjson_val *string, Arena *arena);

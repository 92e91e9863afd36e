/* slow_json.h: JSON (RFC 8259) by hand, for slow_judge.c. */
#pragma once
#include "base/span.h"
#include <stdbool.h>

typedef enum JsonKind { JSON_IS_NULL, JSON_IS_TRUE, JSON_IS_FALSE, JSON_IS_NUMBER, JSON_IS_TEXT, JSON_IS_LIST, JSON_IS_OBJECT } JsonKind;

typedef struct Json {
    JsonKind kind;
    Span raw;  /* as it came */
    Span text; /* of a text: what it says */
    struct Json *items;
    Span *keys; /* of an object: one for each item */
    size_t count;
} Json;

/* The caller frees what was made, also when it is no JSON. */
bool slow_json_read(Span text, Json *ret);
void slow_json_free(Json *j);
bool slow_is_utf8(Span text);

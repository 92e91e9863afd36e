/* record_keys.h: whether the keys of Kafka's records say what events are about. Internal to infer. One thread. */
#pragma once
#include "base/arena.h"
#include "base/span.h"
#include "infer/profile.h"
#include <stdbool.h>

/* Zeroed at the beginning; end it with record_keys_done. */
typedef struct RecordKeys {
    Arena texts;
    Profile *profile; /* owned; NULL: there was none */
    bool not_names;   /* a record had none, or one that is no short plain text: bytes, JSON */
} RecordKeys;
void record_keys_done(RecordKeys *k);
void record_keys_add(RecordKeys *k, Span key);
/* Each record had one, there are several, and they come again: what has several events. */
bool record_keys_are_entities(const RecordKeys *k);

/* envelope.h: parses one message: the fields of the envelope, its unknown fields, or why it is no event.
 *
 * Strict JSON (RFC 8259): NaN, trailing commas, a byte order mark and two values are none. Nothing is rewritten: the payload and the
 * unknown fields are the bytes that came, digit by digit; a number in a text field is its digits. A field of the envelope that is there
 * twice is ambiguous, so the message is rejected.
 *
 * What an event must have to be one: an id and a source, and a time in one of the forms of base/clock.h or none. All else is for its
 * contract to judge: where a value does not fit its column, it stays among the unknown fields under its own name. */
#pragma once
#include "base/attr.h"
#include "base/span.h"
#include <stdbool.h>
#include <stdint.h>

/* Texts are valid UTF-8, and borrowed from the message and the parser until its next message. NULL in the JSON is an absent text too. */
typedef struct Envelope {
    const char *reject; /* why it is no event (static text, as in bronze_rejects.reason); NULL: it is one */
    Span id, type, source, entity_id;
    Span payload; /* JSON */
    Span extra;   /* a JSON object: the fields that we do not know, and a subscriber_id or quality_score of another type than its column */
    bool has_time, has_quality;
    int64_t time_us;
    int32_t quality;
} Envelope;

typedef struct EnvelopeParser EnvelopeParser;
/* One thread at a time; keeps its memory between messages. */
EnvelopeParser *envelope_parser_new(void);
void envelope_parser_free(EnvelopeParser *p);
DEFINE_CLEANUP(envelope_parser_free, EnvelopeParser)
void envelope_parse(EnvelopeParser *p, const char *bytes, size_t len, Envelope *ret);

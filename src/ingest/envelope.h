/* envelope.h: parses one message: the fields of its topic's envelope, what else it has, or why it is no event.
 *
 * Strict JSON (RFC 8259): NaN, trailing commas, a byte order mark and two values are none. Nothing is rewritten: the payload and the
 * unknown fields are the bytes that came, digit by digit; a number in a text field is its digits. A field of the envelope that is there
 * twice, or an object around one, is ambiguous, so the message is rejected.
 *
 * What an event must have to be one: an id and a source, and a time in the form that its topic has (base/clock.h) or none. All else is for
 * its contract to judge: where a value does not fit its column, it stays among the unknown fields under its own name.
 *
 * The payload is the value that came. Where fields of the envelope are in it (a flat message is the payload of itself), it is the object
 * without them. The unknown fields are what then remains of the message, inside the objects in which it was. */
#pragma once
#include "base/attr.h"
#include "base/span.h"
#include "ingest/envelope_table.h"
#include <stdbool.h>
#include <stdint.h>

/* Texts are valid UTF-8, and borrowed from the message and the parser until its next message. NULL in the JSON is an absent text too. */
typedef struct Envelope {
    const char *reject; /* why it is no event (static text, as in bronze_rejects.reason); NULL: it is one */
    Span id, type, source, entity_id;
    Span payload; /* JSON */
    Span extra;   /* a JSON object: the fields that we do not know, and an entity's id or a quality of another type than its column */
    bool has_time, has_quality;
    int64_t time_us;
    int32_t quality;
} Envelope;

/* A record of Kafka, or a line of a file. Borrowed. */
typedef struct EnvelopeMessage {
    const char *bytes;
    size_t len;
    int32_t partition;
    int64_t offset, timestamp_us; /* INT64_MIN: no timestamp */
    int64_t received_us;          /* when it was read; 0: not known. It stands for a timestamp that is not there */
    Span key, headers;            /* headers: JSON (kafka/consumer.h) */
} EnvelopeMessage;

typedef struct EnvelopeParser EnvelopeParser;
/* `table` is borrowed; NULL: Smelt's own envelope. One thread at a time; keeps its memory between messages. */
EnvelopeParser *envelope_parser_new(const EnvelopeTable *table);
void envelope_parser_free(EnvelopeParser *p);
DEFINE_CLEANUP(envelope_parser_free, EnvelopeParser)
void envelope_parse_message(EnvelopeParser *p, const EnvelopeMessage *message, Envelope *ret);
/* Of a message without key, headers and time, at offset 0. */
void envelope_parse(EnvelopeParser *p, const char *bytes, size_t len, Envelope *ret);

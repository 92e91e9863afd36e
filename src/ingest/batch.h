/* batch.h: messages on their way from the reading thread into Bronze: bytes copied once, bounded in rows and bytes.
 *
 * One thread at a time: the reader fills a batch and hands it over; it is staged, then landed (bronze.h). */
#pragma once
#include "base/buf.h"
#include "base/offsets.h"
#include "ingest/decode.h"
#include <stdbool.h>

typedef struct BatchMessage {
    int64_t offset, timestamp_us; /* INT64_MIN: no timestamp */
    size_t at;                    /* in bytes */
    uint32_t len : 29;
    bool tombstone : 1;           /* the message has no value at all */
    bool too_large : 1;           /* only its first bytes are there */
    bool event_has_extras : 1;    /* its key and headers are kept also when it is an event */
    int32_t key_len, headers_len; /* ... which follow; -1: none */
    int32_t partition;
    const MessageSchema *schema; /* how it is read (decode.h); borrowed from the reader's Schemas. NULL: JSON */
} BatchMessage;

typedef struct BatchGap {
    int32_t partition;
    int64_t first, next; /* [first, next) will never be delivered */
    const char *reason;  /* static text */
    bool lost;           /* there were messages: not markers of transactions, or what was aborted or compacted away */
} BatchGap;

/* What the ledger stores of a batch, beside its messages. */
typedef struct BatchOffsets {
    BatchGap *gaps; /* owned */
    size_t gap_count;
    Offsets *positions; /* of every partition that moved; owned */
    size_t position_count;
} BatchOffsets;

typedef struct Batch {
    size_t max_rows, max_bytes;
    size_t shares;                        /* of the memory of its pool; of batch_queue.c */
    const struct EnvelopeTable *envelope; /* of its messages, borrowed; NULL: Smelt's own */
    BatchMessage *messages;
    size_t count;
    Buf bytes;
    bool event_has_extras; /* one of its messages keeps them also when it is an event */
    BatchOffsets offsets;
    int64_t started_ns; /* when the first message was added */
    int64_t started_us; /* the same, by the wall clock */
} Batch;

Batch *batch_new(size_t max_rows, size_t max_bytes);
void batch_free(Batch *b);
DEFINE_CLEANUP(batch_free, Batch)
void batch_clear(Batch *b);
/* Gives the memory of a cleared batch back, and begins anew with these limits. */
void batch_release(Batch *b, size_t max_rows, size_t max_bytes);
bool batch_is_empty(const Batch *b); /* neither messages nor gaps */
/* Its messages have more than a kilobyte on average. */
bool batch_is_large(const Batch *b);
/* Would a message of `len` bytes go over a limit? A large batch is full at a third of the bytes, one that has whole row groups of DuckDB
 * when few more messages would fit; an empty one takes any. */
bool batch_is_full_for(const Batch *b, size_t len);
/* DuckDB needs a message several times in memory (lake.memory_limit): a larger one becomes a reject, with its first bytes. */
#define BATCH_MESSAGE_MAX  ((size_t)32 << 20)
#define BATCH_MESSAGE_KEPT ((size_t)64 << 10)
/* `value` NULL: a tombstone. The bytes are copied. */
void batch_add(Batch *b, int32_t partition, int64_t offset, int64_t timestamp_us, const void *value, size_t len);
/* Of the message that was added last: the key of its record, and its headers in JSON (kafka/consumer.h); NULL: none. They are kept when it
 * is rejected, and of an event with `also_of_event`. */
void batch_add_extras(Batch *b, bool also_of_event, const void *key, size_t key_len, const char *headers, size_t headers_len);
void batch_add_gap(Batch *b, BatchGap gap);
void batch_add_position(Batch *b, Offsets position); /* once for a partition */
/* The batch has none afterwards. The caller ends them with batch_offsets_done. */
BatchOffsets batch_take_offsets(Batch *b);
void batch_offsets_done(BatchOffsets *offsets);

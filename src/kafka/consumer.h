/* consumer.h: reading given partitions from given offsets. The consumer joins no group: the lake stores the offsets, and its lock ensures
 * that one process reads.
 *
 * One thread polls. librdkafka prefetches in the background up to queued.max.messages.kbytes; a caller that does not poll makes it stop. */
#pragma once
#include "base/offsets.h"
#include "kafka/client.h"
#include <stdbool.h>

typedef struct KafkaConsumer KafkaConsumer;

typedef enum KafkaEventKind {
    KAFKA_NOTHING, /* the timeout passed */
    KAFKA_MESSAGE,
    KAFKA_END,          /* `offset`: the end of `partition` for now */
    KAFKA_OUT_OF_RANGE, /* the broker no longer has (or never had) the offset to be read next; `partition` is not read until a seek */
    KAFKA_TRUNCATED, /* the log was cut off below what was read (KIP-320): only what is below `offset` is still the same, or it is not known
                        what (OFFSET_UNKNOWN); `partition` is not read until a seek */
    KAFKA_PROBLEM    /* `partition` cannot be read just now, for `reason`; librdkafka tries again without end. `offset`: where the batch
                        begins, or OFFSET_UNKNOWN */
} KafkaEventKind;

typedef struct KafkaEvent {
    KafkaEventKind kind;
    int32_t partition;
    int64_t offset;
    int32_t leader_epoch; /* of the message; LEADER_EPOCH_UNKNOWN when it has none */
    int64_t timestamp_us; /* of the message; INT64_MIN when it has none of the years 1970 to 9999 */
    const void *value;    /* NULL: a tombstone; valid until the next poll */
    size_t len;
    const void *key; /* NULL: none; with the headers valid until the next poll */
    size_t key_len;
    const char
        *headers; /* [[name, value], ...] in JSON: a value is a text, null, or {"hex": "00ff"} when it is not UTF-8. NULL: there are none */
    size_t headers_len;
    const char *reason; /* of a problem; valid until the next poll */
    bool unreadable;    /* ... that is in the messages themselves: another attempt gives the same */
} KafkaEvent;

/* Begins to connect; does not wait for a broker, and reads nothing yet. `consumers`: so many of this process read at the same time and
 * share the memory for prefetching. ERR_CONFIG. The caller frees. */
int kafka_consumer_open(const Settings *settings, const char *topic, size_t consumers, KafkaConsumer **ret, Error *err) MUST_CHECK;
/* Starts reading each of these partitions at its `next`. Once. */
int kafka_consumer_read(KafkaConsumer *consumer, const Offsets *partitions, size_t n, Error *err) MUST_CHECK;
void kafka_consumer_free(KafkaConsumer *consumer);
DEFINE_CLEANUP(kafka_consumer_free, KafkaConsumer)
/* The next event. A broker that is away is KAFKA_NOTHING (its log line comes from client.h); an error is one that waiting cannot resolve.
 */
int kafka_consumer_poll(KafkaConsumer *consumer, int timeout_ms, KafkaEvent *ret, Error *err) MUST_CHECK;
/* When a quota of the broker holds its messages back: which broker, and how long. NULL: none does. Valid until the next poll. */
const char *kafka_consumer_throttle(KafkaConsumer *consumer);
/* Reads one of the partitions on from another offset, after KAFKA_OUT_OF_RANGE. */
int kafka_consumer_seek(KafkaConsumer *consumer, int32_t partition, int64_t offset, Error *err) MUST_CHECK;
/* Reads one of the partitions on from `offset`, when the message before it was written under this leader epoch and is still there;
 * otherwise KAFKA_TRUNCATED follows. The partition must be read at an offset that is there until then. No event of before comes after this.
 */
int kafka_consumer_verify(KafkaConsumer *consumer, int32_t partition, int64_t offset, int32_t leader_epoch, Error *err) MUST_CHECK;
/* Tells the broker that everything below each `next` is durable, for its lag tools; Smelt never reads it back. Does not wait. A report that
 * fails is sent again later, while the consumer is polled; without rights on the group nothing is reported any more. */
void kafka_consumer_report(KafkaConsumer *consumer, const Offsets *partitions, size_t n);
/* For admin.h, on the same connections: while it reads, answers wait behind those to its fetches (fetch.wait.max.ms). Borrowed. */
KafkaClient *kafka_consumer_client(KafkaConsumer *consumer);

/* consumer.h: reading given partitions from given offsets. No group membership: the lake knows the offsets and its lock keeps others out.
 *
 * One thread polls. librdkafka prefetches in the background up to queued.max.messages.kbytes; a caller that does not poll makes it stop. */
#pragma once
#include "kafka/client.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct KafkaConsumer KafkaConsumer;

typedef struct KafkaPosition {
    int32_t partition;
    int64_t next_offset;
} KafkaPosition;

typedef enum KafkaEventKind {
    KAFKA_NOTHING, /* the timeout passed */
    KAFKA_MESSAGE,
    KAFKA_END,         /* `offset`: the current end of `partition` */
    KAFKA_OUT_OF_RANGE /* the broker no longer has (or never had) the offset that we asked for; `partition` is not read on */
} KafkaEventKind;

typedef struct KafkaEvent {
    KafkaEventKind kind;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_us; /* of the message; INT64_MIN when it has none */
    const void *value;    /* NULL: a tombstone; valid until the next poll */
    size_t len;
} KafkaEvent;

/* Begins to connect; does not wait for a broker, and reads nothing yet. ERR_CONFIG. The caller frees. */
int kafka_consumer_open(const Settings *settings, const char *topic, KafkaConsumer **ret, Error *err) MUST_CHECK;
/* Starts reading. Once. */
int kafka_consumer_read(KafkaConsumer *consumer, const KafkaPosition *from, size_t n, Error *err) MUST_CHECK;
void kafka_consumer_free(KafkaConsumer *consumer);
DEFINE_CLEANUP(kafka_consumer_free, KafkaConsumer)
/* The next event. A broker that is away is KAFKA_NOTHING (its log line comes from client.h); an error is one that waiting does not mend. */
int kafka_consumer_poll(KafkaConsumer *consumer, int timeout_ms, KafkaEvent *ret, Error *err) MUST_CHECK;
/* Goes on reading one partition at another offset, after KAFKA_OUT_OF_RANGE. */
int kafka_consumer_seek(KafkaConsumer *consumer, KafkaPosition to, Error *err) MUST_CHECK;
/* Tells the broker what is durable, for its lag tools; nothing of ours reads it back. Does not wait, and cannot fail us. */
void kafka_consumer_report(KafkaConsumer *consumer, const KafkaPosition *positions, size_t n);
/* For admin.h, on the same connections: while it reads, answers wait behind those to its fetches (fetch.wait.max.ms). Borrowed. */
KafkaClient *kafka_consumer_client(KafkaConsumer *consumer);

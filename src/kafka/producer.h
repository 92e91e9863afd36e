/* producer.h: sending messages to one topic, each acknowledged by all in-sync replicas, none twice by a retry, in order per key.
 *
 * One thread per producer. A send returns once the message is in the client's queue (bounded, 64 MiB); delivery reports are counted
 * during sends and flushes. */
#pragma once
#include "kafka/client.h"
#include <stddef.h>
#include <stdint.h>

typedef struct KafkaProducer KafkaProducer;

typedef struct KafkaDeliveries {
    uint64_t sent;   /* taken into the queue */
    uint64_t acked;  /* acknowledged by the cluster */
    uint64_t failed; /* timed out or refused; sent = acked + failed + in flight */
} KafkaDeliveries;

/* Does not wait for a broker. ERR_CONFIG, also for settings that would weaken delivery (kafka.acks, kafka.enable.idempotence). The caller
 * frees; messages that are not flushed by then are lost. */
int kafka_producer_open(const Settings *settings, const char *topic, KafkaProducer **ret, Error *err) MUST_CHECK;
void kafka_producer_free(KafkaProducer *producer);
DEFINE_CLEANUP(kafka_producer_free, KafkaProducer)

/* Copies key and value (NULL value: a tombstone). Waits while the queue is full (back-pressure); ERR_STOPPED when a stop is requested
 * meanwhile. ERR_UNAVAILABLE when the client has failed for good, ERR_DATA for a message that is too large. */
int kafka_producer_send(KafkaProducer *producer, const char *key, size_t key_len, const char *value, size_t value_len,
                        Error *err) MUST_CHECK;
/* The same with the record's CreateTime, in milliseconds since 1970; 0: the time of this call. A broker may remove records by this time. */
int kafka_producer_send_at(KafkaProducer *producer, int64_t timestamp_ms, const char *key, size_t key_len, const char *value,
                           size_t value_len, Error *err) MUST_CHECK;
/* Waits until each message has its report. ERR_UNAVAILABLE when some have none after `timeout_ms`; they stay in flight. Failed messages are
 * not an error of this call: see the counts. */
int kafka_producer_flush(KafkaProducer *producer, int timeout_ms, Error *err) MUST_CHECK;
/* Counts the reports that have arrived; never waits. */
void kafka_producer_poll(KafkaProducer *producer);
KafkaDeliveries kafka_producer_deliveries(const KafkaProducer *producer);
/* Sets the error to the reason of the last failed message; returns -1. Call it only when messages failed. */
int kafka_producer_failure(KafkaProducer *producer, Error *err);
/* For admin.h, on the same connections. Borrowed. */
KafkaClient *kafka_producer_client(KafkaProducer *producer);

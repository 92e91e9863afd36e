/* produce_output.h: the output of `smelt produce`: the topic, or a file with one message per line. One thread. */
#pragma once
#include "base/error.h"
#include "base/settings.h"
#include "kafka/producer.h"
#include "telecom/emitter.h"
#include <stdio.h>

typedef struct ProduceOutput {
    KafkaProducer *producer; /* NULL: a file */
    FILE *file;
    char *path;                /* of the file; "-" is stdout */
    uint64_t written, flushed; /* lines */
    bool topic_created;        /* by this process */
    int partitions;            /* of the topic */
    bool arrival_times;        /* messages carry their time of arrival */
} ProduceOutput;

/* The topic of the settings, created with this many partitions when absent; with arrival times it then keeps records of any age.
 * ERR_UNAVAILABLE, ERR_CONFIG. End with produce_output_done. */
int produce_output_open_topic(const Settings *settings, int partitions, bool arrival_times, int timeout_ms, ProduceOutput *ret,
                              Error *err) MUST_CHECK;
/* A new file, or stdout. ERR_IO. End with produce_output_done. */
int produce_output_open_file(const char *path, bool arrival_times, ProduceOutput *ret, Error *err) MUST_CHECK;
void produce_output_done(ProduceOutput *output);

/* In a file, an empty value and a tombstone are an empty line. With arrival times, a record has its own as CreateTime, and a line begins
 * with it: milliseconds since 1970, a tab (ingest/feed_file.c reads it). */
int produce_output_write(ProduceOutput *output, const EmitterMessage *message, Error *err) MUST_CHECK;
/* Number of messages that Kafka acknowledged, or that were flushed to the file. */
uint64_t produce_output_acknowledged(const ProduceOutput *output);
/* Number of messages that could not be delivered. */
uint64_t produce_output_failed(const ProduceOutput *output);
/* Waits until all messages are acknowledged or failed; calls `on_progress` about once a second. ERR_UNAVAILABLE when neither count changed
 * for `timeout_ms`. */
int produce_output_flush(ProduceOutput *output, int timeout_ms, void (*on_progress)(void *context), void *context, Error *err) MUST_CHECK;

/* produce_output.h: where `smelt produce` puts its messages: the topic, or a file with one message a line. One thread. */
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
    bool topic_created;        /* by us */
    int partitions;            /* of the topic */
} ProduceOutput;

/* The topic of the settings, created with this many partitions when absent. ERR_UNAVAILABLE, ERR_CONFIG. End with produce_output_done. */
int produce_output_open_topic(const Settings *settings, int partitions, int timeout_ms, ProduceOutput *ret, Error *err) MUST_CHECK;
/* A new file, or stdout. ERR_IO. End with produce_output_done. */
int produce_output_open_file(const char *path, ProduceOutput *ret, Error *err) MUST_CHECK;
void produce_output_done(ProduceOutput *output);

/* A value of no bytes and a tombstone are an empty line of a file. */
int produce_output_write(ProduceOutput *output, const EmitterMessage *message, Error *err) MUST_CHECK;
/* How many messages are safe: acknowledged, or handed to the file. */
uint64_t produce_output_safe(const ProduceOutput *output);
/* How many were given up. */
uint64_t produce_output_failed(const ProduceOutput *output);
/* Waits until all are safe or given up; calls `on_progress` about once a second. ERR_UNAVAILABLE when nothing moved for `patience_ms`. */
int produce_output_flush(ProduceOutput *output, int patience_ms, void (*on_progress)(void *context), void *context, Error *err) MUST_CHECK;

/* sink.h: where `smelt produce` puts its messages: the topic, or a file with one message a line. One thread. */
#pragma once
#include "base/error.h"
#include "base/settings.h"
#include "kafka/producer.h"
#include "telecom/emitter.h"
#include <stdio.h>

typedef struct Sink {
    KafkaProducer *producer; /* NULL: a file */
    FILE *file;
    char *path;                /* of the file; "-" is stdout */
    uint64_t written, flushed; /* lines */
    bool topic_created;        /* by us */
    int partitions;            /* of the topic */
} Sink;

/* The topic of the settings, created with this many partitions when absent. ERR_UNAVAILABLE, ERR_CONFIG. End with sink_done. */
int sink_open_topic(const Settings *settings, int partitions, int timeout_ms, Sink *ret, Error *err) MUST_CHECK;
/* A new file, or stdout. ERR_IO. End with sink_done. */
int sink_open_file(const char *path, Sink *ret, Error *err) MUST_CHECK;
void sink_done(Sink *sink);

/* A value of no bytes and a tombstone are an empty line of a file. */
int sink_write(Sink *sink, const EmitterMessage *message, Error *err) MUST_CHECK;
/* How many messages are safe: acknowledged, or handed to the file. */
uint64_t sink_safe(const Sink *sink);
/* How many were given up. */
uint64_t sink_failed(const Sink *sink);
/* Waits until all are safe or given up; calls `on_progress` about once a second. ERR_UNAVAILABLE when nothing moved for `patience_ms`. */
int sink_flush(Sink *sink, int patience_ms, void (*on_progress)(void *context), void *context, Error *err) MUST_CHECK;

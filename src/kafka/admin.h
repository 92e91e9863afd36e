/* admin.h: requests to the cluster about itself and its topics. With any KafkaClient, from any thread; each call waits for its own answers.
 *
 * Errors as client.h says, and ERR_STOPPED when a stop is requested while no answer comes; timeouts are for the whole call. */
#pragma once
#include "base/offsets.h"
#include "kafka/client.h"
#include <stdbool.h>

typedef struct KafkaTopic {
    bool exists;      /* false: cluster_id alone is set */
    char *cluster_id; /* "" when the broker does not know it */
    char *topic_id;   /* as Kafka's own tools print it (base64, 22 characters): another one means that the topic was recreated */
    /* In order, from 0. [start, end): what the broker still has and a read_committed reader can get; OFFSET_UNKNOWN where the leader of the
     * partition gave no answer. `next`, `last`: OFFSET_UNKNOWN. Owned. */
    Offsets *partitions;
    size_t partition_count;
    int64_t *high; /* of each partition, the end of what was written (the high watermark) just before `end` was asked for, also behind an
                      open transaction; OFFSET_UNKNOWN: no answer. NULL: not asked */
    size_t unanswered;       /* partitions without an answer */
    char *unanswered_reason; /* of the first of them, as a sentence; NULL: all answered */
} KafkaTopic;

/* Fills `ret`; the caller ends it with kafka_topic_done. A topic that does not exist is an answer, not an error; so is a partition that has
 * no leader just now. */
int kafka_topic_describe(KafkaClient *client, const char *topic, int timeout_ms, KafkaTopic *ret, Error *err) MUST_CHECK;
/* The same without offsets, which no leader is asked for: is it there, with which id, and how many partitions? */
int kafka_topic_identify(KafkaClient *client, const char *topic, int timeout_ms, KafkaTopic *ret, Error *err) MUST_CHECK;
/* The same with `high`, as it was before `end`: what is between them waits behind an open transaction. */
int kafka_topic_describe_high(KafkaClient *client, const char *topic, int timeout_ms, KafkaTopic *ret, Error *err) MUST_CHECK;
/* ERR_UNAVAILABLE with the reason, when a partition gave no answer: for callers that need all of them. */
int kafka_topic_check_answered(const KafkaTopic *topic, Error *err) MUST_CHECK;
void kafka_topic_done(KafkaTopic *topic);

/* Creates the topic when it is absent, with the cluster's default replication, and waits until each partition has a leader. With `keep_all`
 * the new topic keeps records of any age (retention.ms is -1): brokers go by the records' own timestamps. ret_created and ret_partitions
 * may be NULL. An existing topic keeps its number of partitions, which ret_partitions gets. */
int kafka_topic_ensure(KafkaClient *client, const char *topic, int partitions, bool keep_all, int timeout_ms, bool *ret_created,
                       int *ret_partitions, Error *err) MUST_CHECK;

typedef struct KafkaPing {
    int brokers;
    double latency_ms; /* of the metadata request; the first one of a handle includes the connection */
} KafkaPing;
/* Sends one metadata request, in Kafka's own protocol: for health checks. */
int kafka_ping(KafkaClient *client, int timeout_ms, KafkaPing *ret, Error *err) MUST_CHECK;

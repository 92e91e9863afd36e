/* feed.h: where messages come from: a Kafka topic, or a file of lines that behaves like a topic with one partition (offset = line number).
 *
 * One thread after feed_start; feed_report may come from another one. Events and descriptions are those of the Kafka room. */
#pragma once
#include "base/settings.h"
#include "kafka/admin.h"
#include "kafka/consumer.h"

typedef struct Feed Feed;

int feed_open_kafka(const Settings *settings, Feed **ret, Error *err) MUST_CHECK; /* the topic of the settings */
int feed_open_topic(const Settings *settings, const char *topic, Feed **ret, Error *err) MUST_CHECK;
/* By the name under which the ledger knows it. */
int feed_open_named(const Settings *settings, const char *name, Feed **ret, Error *err) MUST_CHECK;
int feed_open_file(const char *path, bool follow, Feed **ret, Error *err) MUST_CHECK;
void feed_free(Feed *feed);
DEFINE_CLEANUP(feed_free, Feed)
/* The name under which the ledger knows it: the topic, or "file:<absolute path>". Borrowed. */
const char *feed_topic(const Feed *feed);
/* What is there now. A file's topic_id is a checksum of its first line: another file under the same name is noticed like a recreated topic.
 */
int feed_describe(Feed *feed, int timeout_ms, KafkaTopic *ret, Error *err) MUST_CHECK;
/* Is the other side there, and still the one that was described as `was`? Ids never come back: after this, everything that was read before
 * it is of that one. Cheap. ERR_UNAVAILABLE; ERR_DATA when it was deleted, recreated or truncated. */
int feed_check(Feed *feed, const KafkaTopic *was, int timeout_ms, bool *ret_grown,
               Error *err) MUST_CHECK; /* grown: it has more partitions */
/* Starts reading each of these partitions at its `next`. Again after more partitions came, with all of them. */
int feed_start(Feed *feed, const Offsets *partitions, size_t n, Error *err) MUST_CHECK;
int feed_poll(Feed *feed, int timeout_ms, KafkaEvent *ret, Error *err) MUST_CHECK;
/* Reads one partition on from another offset, after KAFKA_OUT_OF_RANGE. */
int feed_seek(Feed *feed, int32_t partition, int64_t offset, Error *err) MUST_CHECK;
/* Everything below each `next` is durable: for the lag tools of a broker. Never fails. */
void feed_report(Feed *feed, const Offsets *partitions, size_t n);

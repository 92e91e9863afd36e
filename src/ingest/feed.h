/* feed.h: where messages come from: a Kafka topic, or a file of lines that behaves like a topic with one partition (offset = line number).
 *
 *   feed_open_..., feed_describe, feed_start, then feed_poll again and again, feed_check and feed_seek in between, feed_free
 *
 * Events and descriptions are those of the kafka module. One thread at a time; feed_report may come from another one while a thread polls.
 * tests/unit/ingest/test_feed.c runs one list of cases against every kind of feed. */
#pragma once
#include "base/settings.h"
#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "kafka/topics.h"

typedef struct Feed Feed;

/* ---- opening: none waits for a broker; the caller frees ---- */

/* One of so many topics that are read at the same time. `client`, for what is asked of the topic, is borrowed; NULL: it makes one of its
 * own. `settings` are borrowed. ERR_CONFIG. */
int feed_open_topic(const Settings *settings, KafkaClient *client, const char *topic, size_t topics, Feed **ret, Error *err) MUST_CHECK;
/* ERR_DATA: the file cannot be read. With `follow`, a last line without a newline is not there yet. */
int feed_open_file(const char *path, bool follow, Feed **ret, Error *err) MUST_CHECK;
/* Of a line of such a file: where its message begins, behind a byte order mark on the first one and a timestamp (feed_file.c), which is
 * INT64_MIN when there is none. */
size_t feed_line_head(const char *line, size_t len, bool first, int64_t *ret_timestamp_us);
/* By the name under which the ledger knows it: one of the two above, without `follow`. */
int feed_open_named(const Settings *settings, const char *name, Feed **ret, Error *err) MUST_CHECK;
/* What one ingest reads. Owns its feeds and the client that they share: end it with feeds_done. */
typedef struct FeedList {
    Feed **items;
    size_t count;
    KafkaClient *client; /* NULL: of a file */
} FeedList;
int feeds_open_topics(const Settings *settings, const TopicList *topics, FeedList *ret, Error *err) MUST_CHECK;
int feeds_open_file(const char *path, bool follow, FeedList *ret, Error *err) MUST_CHECK;
void feeds_done(FeedList *feeds);
/* Waits up to a second for what is under way. */
void feed_free(Feed *feed);
DEFINE_CLEANUP(feed_free, Feed)

/* The name under which the ledger knows it: the topic, or "file:<absolute path>". Borrowed. */
const char *feed_topic(const Feed *feed);
/* What the user types to accept that it was recreated or cut off. Borrowed. */
const char *feed_new_epoch(const Feed *feed);

/* ---- what it has ---- */

/* What is there now; end it with kafka_topic_done. A topic that does not exist is an answer, not an error. A file's topic_id is a checksum
 * of its first line, "" while it has none: another file under the same name is noticed like a recreated topic. After it, feed_start or
 * feed_seek says where to read. ERR_UNAVAILABLE: no answer within the timeout; ERR_STOPPED. */
int feed_describe(Feed *feed, int timeout_ms, KafkaTopic *ret, Error *err) MUST_CHECK;
/* Is it still there, and the one that was described as `was`? Ids never come back: after this, everything that was read before it is of
 * that one. Cheap, also while reading; asks nothing of the leaders of partitions. *ret_grown: it has more partitions than `was`.
 * ERR_UNAVAILABLE, ERR_STOPPED; ERR_DATA when it was deleted, recreated or truncated. */
int feed_check(Feed *feed, const KafkaTopic *was, int timeout_ms, bool *ret_grown, Error *err) MUST_CHECK;

/* ---- reading ---- */

/* Starts reading each of these partitions at its `next`. Again after more partitions came, with all of them. An offset that is not there
 * is ERR_DATA here, or KAFKA_OUT_OF_RANGE from feed_poll. */
int feed_start(Feed *feed, const Offsets *partitions, size_t n, Error *err) MUST_CHECK;
/* The next event, KAFKA_NOTHING after the timeout. Messages of a partition come in the order of their offsets, which may have holes; after
 * the last one KAFKA_END, again after more messages. A message may come twice. A broker that is away is KAFKA_NOTHING; an error is one that
 * waiting does not mend. */
int feed_poll(Feed *feed, int timeout_ms, KafkaEvent *ret, Error *err) MUST_CHECK;
/* When messages come slowly because a quota of the broker holds them back: which broker, and how long. NULL: nothing is known of that.
 * Valid until the next poll. */
const char *feed_throttle(Feed *feed);
/* Reads one of the partitions on from another offset, after KAFKA_OUT_OF_RANGE. */
int feed_seek(Feed *feed, int32_t partition, int64_t offset, Error *err) MUST_CHECK;
/* Reads a partition on from `offset`, which is above p->last, when the message at p->last is still the one of p->leader_epoch; otherwise
 * KAFKA_TRUNCATED follows. After feed_start, at an offset that is there, and before the first poll. A feed without leader epochs does
 * nothing. */
int feed_verify(Feed *feed, const Offsets *p, int64_t offset, Error *err) MUST_CHECK;
/* Is reading `partition` at `next` worth a try by another client? True once for each position: the caller begins another session. */
bool feed_renew(Feed *feed, int32_t partition, int64_t next);
/* Everything below each `next` is durable: for the lag tools of a broker. Never fails, never waits. */
void feed_report(Feed *feed, const Offsets *partitions, size_t n);

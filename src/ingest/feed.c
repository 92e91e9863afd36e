/* feed.c: hands each call to the kind of feed. */
#include "base/memory.h"
#include "ingest/feed_internal.h"

void feed_free(Feed *feed) {
    free(feed->new_epoch);
    feed->ops->free(feed);
}

const char *feed_topic(const Feed *feed) {
    return feed->topic;
}

const char *feed_new_epoch(const Feed *feed) {
    return feed->new_epoch != NULL ? feed->new_epoch : "smelt ingest --new-epoch";
}

void feed_set_of_several(Feed *feed) {
    free(feed->new_epoch);
    feed->new_epoch = xasprintf("smelt ingest --topic %s --new-epoch", feed->topic);
}

int feed_describe(Feed *feed, int timeout_ms, KafkaTopic *ret, Error *err) {
    return feed->ops->describe(feed, timeout_ms, ret, err);
}

int feed_check(Feed *feed, const KafkaTopic *was, int timeout_ms, bool *ret_grown, Error *err) {
    return feed->ops->check(feed, was, timeout_ms, ret_grown, err);
}

int feed_start(Feed *feed, const Offsets *partitions, size_t n, Error *err) {
    return feed->ops->start(feed, partitions, n, err);
}

int feed_poll(Feed *feed, int timeout_ms, KafkaEvent *ret, Error *err) {
    return feed->ops->poll(feed, timeout_ms, ret, err);
}

int feed_seek(Feed *feed, int32_t partition, int64_t offset, Error *err) {
    return feed->ops->seek(feed, partition, offset, err);
}

int feed_verify(Feed *feed, const Offsets *p, int64_t offset, Error *err) {
    return feed->ops->verify != NULL ? feed->ops->verify(feed, p, offset, err) : 0;
}

const char *feed_throttle(Feed *feed) {
    return feed->ops->throttle != NULL ? feed->ops->throttle(feed) : NULL;
}

void feed_report(Feed *feed, const Offsets *partitions, size_t n) {
    feed->ops->report(feed, partitions, n);
}

bool feed_renew(Feed *feed, int32_t partition, int64_t next) {
    if (feed->renewed_partition == partition && feed->renewed_next == next + 1) return false;
    feed->renewed_partition = partition;
    feed->renewed_next = next + 1;
    return true;
}

/* feed_internal.h: what a feed is made of; feed_kafka.c and feed_file.c fill it. */
#pragma once
#include "ingest/feed.h"

typedef struct FeedOps {
    void (*free)(Feed *feed);
    int (*describe)(Feed *feed, int timeout_ms, KafkaTopic *ret, Error *err);
    int (*check)(Feed *feed, const KafkaTopic *was, int timeout_ms, bool *ret_grown, Error *err);
    int (*start)(Feed *feed, const Offsets *partitions, size_t n, Error *err);
    int (*poll)(Feed *feed, int timeout_ms, KafkaEvent *ret, Error *err);
    int (*seek)(Feed *feed, int32_t partition, int64_t offset, Error *err);
    int (*verify)(Feed *feed, const Offsets *p, int64_t offset, Error *err); /* NULL: there is nothing to compare */
    void (*report)(Feed *feed, const Offsets *partitions, size_t n);
    const char *(*throttle)(Feed *feed); /* NULL: it never is */
} FeedOps;

/* It is one of several topics. */
void feed_set_of_several(Feed *feed);

struct Feed { /* the first member of each kind of feed */
    const FeedOps *ops;
    char *topic;               /* owned */
    int32_t renewed_partition; /* see feed_renew */
    int64_t renewed_next;      /* ... and one more; 0: never yet */
    char *new_epoch;           /* see feed_new_epoch; NULL: there is no other topic. Owned by feed.c */
};

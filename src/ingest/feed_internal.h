/* feed_internal.h: what a feed is made of; feed_kafka.c and feed_file.c fill it. */
#pragma once
#include "ingest/feed.h"

typedef struct FeedOps {
    void (*free)(Feed *feed);
    int (*describe)(Feed *feed, int timeout_ms, KafkaTopic *ret, Error *err);
    int (*check)(Feed *feed, const KafkaTopic *was, int timeout_ms, bool *ret_grown, Error *err);
    int (*start)(Feed *feed, const KafkaPosition *from, size_t n, Error *err);
    int (*poll)(Feed *feed, int timeout_ms, KafkaEvent *ret, Error *err);
    int (*seek)(Feed *feed, KafkaPosition to, Error *err);
    void (*report)(Feed *feed, const KafkaPosition *positions, size_t n);
} FeedOps;

struct Feed { /* the first member of each kind of feed */
    const FeedOps *ops;
    char *topic; /* owned */
};

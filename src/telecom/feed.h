/* feed.h: the operator's events as messages, one after the other, with faults mixed in.
 *
 *   Feed *feed = feed_new(op, &options);
 *   feed_window(feed, from_us, until_us, 1000);
 *   while (feed_next(feed, &message)) ...
 *
 * The same operator, options and windows give the same bytes. No allocation a message, well below a microsecond each. One thread. */
#pragma once
#include "telecom/fault.h"
#include "telecom/operator.h"
#include <stddef.h>

typedef struct Feed Feed;

typedef struct FeedOptions {
    uint64_t seed;     /* of the events; the operator has its own */
    double fault_rate; /* 0..1: the share of messages with a fault */
} FeedOptions;

typedef struct FeedMessage {
    const char *key; /* the subscriber id in upper case: a subscriber stays on one partition */
    size_t key_len;
    const char *value; /* no NUL behind; NULL: a tombstone */
    size_t value_len;
    int64_t at_us;   /* when the event happened, as far as it says so */
    FaultKind fault; /* FAULT_NONE mostly */
} FeedMessage;

/* Borrows the operator, which must live longer. The caller frees. */
Feed *feed_new(const Operator *op, const FeedOptions *options) __attribute__((returns_nonnull)) MUST_CHECK;
void feed_free(Feed *feed);
DEFINE_CLEANUP(feed_free, Feed)
/* The next `count` messages happen in [from_us, until_us). What is left of the window before is dropped. */
void feed_window(Feed *feed, int64_t from_us, int64_t until_us, uint64_t count);
/* False at the end of the window. `ret` borrows memory of the feed until the next call. */
bool feed_next(Feed *feed, FeedMessage *ret);
/* How many messages had this fault so far. */
uint64_t feed_faults(const Feed *feed, FaultKind kind);

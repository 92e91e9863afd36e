/* landing.h: the full batches of several queues, one a topic, into Bronze. A thread of its own stages each batch; the caller's thread
 * lands it and gives it back to its queue. Both work at the same time, on the two slots of Bronze in turn.
 *
 * The queues have their turns one after the other: a batch waits for the ones that are staged, and for at most one of each other topic. */
#pragma once
#include "ingest/batch_queue.h"
#include "ingest/bronze.h"

typedef struct Landing Landing;

/* For so many topics, none of which has a queue yet. Both are borrowed and must outlive it. */
int landing_start(Bronze *bronze, BatchPool *pool, size_t topics, Landing **ret, Error *err) MUST_CHECK;
/* Gives the pool up and waits for the thread: what was not landed by then is read again another time. Before the queues are freed. */
void landing_free(Landing *l);
DEFINE_CLEANUP(landing_free, Landing)
/* The topic at this place, from 0, has a queue from now on. `topic`: its texts are set when it hands its first batch over. Both are
 * borrowed until LANDING_ENDED, or until landing_free. `queue` NULL: it has none after all. */
void landing_add(Landing *l, size_t place, BatchQueue *queue, const LedgerTopic *topic);

typedef enum LandingKind {
    LANDING_NOTHING, /* there was none within the timeout */
    LANDING_LANDED,
    LANDING_ENDED /* the queue at `place` was closed, and everything of it has landed */
} LandingKind;

typedef struct LandingEvent {
    LandingKind kind;
    size_t place;
    LedgerCounts counts;
    const Offsets *positions; /* each partition that moved; borrowed until the next call */
    size_t position_count;
} LandingEvent;

/* Lands the next batch, durable on return. -1: error, after which landing_free follows. */
int landing_next(Landing *l, int timeout_ms, LandingEvent *ret, Error *err) MUST_CHECK;

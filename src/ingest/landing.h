/* landing.h: the full batches of a queue into Bronze. A thread of its own stages each batch and gives it back to the queue; the caller's
 * thread lands what was staged. Both work at the same time, on the two slots of Bronze in turn. */
#pragma once
#include "ingest/batch_queue.h"
#include "ingest/bronze.h"

typedef struct Landing Landing;

/* Both are borrowed and must outlive it. */
int landing_start(Bronze *bronze, BatchQueue *queue, Landing **ret, Error *err) MUST_CHECK;
/* Gives the queue up and waits for the thread: what was not landed by then is read again another time. */
void landing_free(Landing *l);
DEFINE_CLEANUP(landing_free, Landing)
/* Lands the next batch, durable on return. *ret_positions: each partition that moved, borrowed until the next call. 1: it landed; 0: there
 * was none within `timeout_ms`, or there will be none (*ret_closed); -1: error, after which landing_free follows. */
int landing_next(Landing *l, int timeout_ms, LedgerCounts *ret_counts, const Offsets **ret_positions, size_t *ret_position_count,
                 bool *ret_closed, Error *err) MUST_CHECK;

/* query_timeouts.h: interrupts queries that take too long, or whose client has gone. Any thread; watch, begin and end by the worker itself.
 */
#pragma once
#include "lake/lake.h"
#include <stdatomic.h>

typedef struct QueryTimeouts QueryTimeouts;

/* `grace_ms`: how long a query goes on after its client has gone. */
QueryTimeouts *query_timeouts_new(size_t workers, int limit_ms, int grace_ms) MUST_CHECK;
void query_timeouts_free(QueryTimeouts *q);
/* When the client of what the worker does has gone, in clock_mono_ns; 0 while it has not. Borrowed until the next call; NULL: no client. */
void query_timeouts_watch(QueryTimeouts *q, size_t worker, const atomic_int_fast64_t *gone_ns);
/* A worker runs a query on `conn`, which lives until query_timeouts_end. */
void query_timeouts_begin(QueryTimeouts *q, size_t worker, LakeConn *conn);
void query_timeouts_end(QueryTimeouts *q, size_t worker);
/* The same by a worker that does not know its number, for work that may take longer. */
void query_timeouts_begin_long(QueryTimeouts *q, LakeConn *conn, int limit_ms);
void query_timeouts_end_long(QueryTimeouts *q);
/* Interrupts the queries that are over their limit, and those whose client has gone. To be called a few times a second. */
void query_timeouts_sweep(QueryTimeouts *q);
/* Interrupts every query, for the end of the process. */
void query_timeouts_interrupt_all(QueryTimeouts *q);

/* query_timeouts.h: interrupts queries that take too long. Any thread; begin and end by the worker itself. */
#pragma once
#include "lake/lake.h"

typedef struct QueryTimeouts QueryTimeouts;

QueryTimeouts *query_timeouts_new(size_t workers, int limit_ms) MUST_CHECK;
void query_timeouts_free(QueryTimeouts *q);
/* A worker runs a query on `conn`, which lives until query_timeouts_end. */
void query_timeouts_begin(QueryTimeouts *q, size_t worker, LakeConn *conn);
void query_timeouts_end(QueryTimeouts *q, size_t worker);
/* Interrupts the queries that are over their limit. To be called a few times a second. */
void query_timeouts_sweep(QueryTimeouts *q);
/* Interrupts every query, for the end of the process. */
void query_timeouts_interrupt_all(QueryTimeouts *q);

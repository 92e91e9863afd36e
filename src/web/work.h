/* work.h: a fixed number of threads that take jobs in the order in which they came, so that the event loop never waits for a query. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct Workers Workers;
/* Runs on a worker's thread; `worker` counts from 0. The caller owns the job's memory. */
typedef void (*WorkFn)(void *state, size_t worker, void *job);

/* BUG when threads cannot be made. */
Workers *workers_start(size_t threads, size_t queue_max, WorkFn run, void *state) MUST_CHECK;
/* False when the queue is full or the workers are stopped: the job was not taken. Any thread. */
bool workers_push(Workers *w, void *job) MUST_CHECK;
/* Runs what is queued, then ends the threads. A job that is pushed from now on is refused. */
void workers_stop(Workers *w);
void workers_free(Workers *w); /* after workers_stop, when no thread pushes any more */

/* periodic.h: calls a function periodically on a thread of its own. Any thread; periodic_stop may be called once. */
#pragma once
#include "base/error.h"

typedef struct Periodic Periodic;
typedef void (*PeriodicFn)(void *arg);

/* Calls run(arg) at once, and again `interval_ms` after each call has returned. `arg` is borrowed. ERR_IO: the thread could not be
 * created. */
int periodic_start(int interval_ms, PeriodicFn run, void *arg, Periodic **ret, Error *err) MUST_CHECK;
/* Makes the next call now; if a call is running, right after it. */
void periodic_wake(Periodic *p);
/* Waits for a running call to return, then ends the thread and frees. */
void periodic_stop(Periodic *p);
DEFINE_CLEANUP(periodic_stop, Periodic)

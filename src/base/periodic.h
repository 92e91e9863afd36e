/* periodic.h: work that a thread of its own does again and again, until it is stopped. Any thread; periodic_stop once, from one. */
#pragma once
#include "base/error.h"

typedef struct Periodic Periodic;
typedef void (*PeriodicFn)(void *arg);

/* Calls run(arg) at once, and again `interval_ms` after each call has returned. `arg` is borrowed. ERR_IO: there is no thread to spare. */
int periodic_start(int interval_ms, PeriodicFn run, void *arg, Periodic **ret, Error *err) MUST_CHECK;
/* The next call comes now; when one is running, right behind it. */
void periodic_wake(Periodic *p);
/* Waits for the call that is running; there is no other one afterwards. Frees. */
void periodic_stop(Periodic *p);
DEFINE_CLEANUP(periodic_stop, Periodic)

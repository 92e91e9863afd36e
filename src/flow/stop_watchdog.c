/* stop_watchdog.c: see stop_watchdog.h. */
#include "flow/stop_watchdog.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/periodic.h"
#include "base/stop.h"

/* A batch lands within the grace; the rest of the 5 s in which the process ends is for closing. */
enum { GRACE_MS = 2500, CHECK_MS = 100 };

struct StopWatchdog {
    Lake *lake;
    Periodic *checks;
    int64_t stop_seen_ns; /* 0: no stop yet; of the thread of `checks` */
};

static void check(void *arg) {
    StopWatchdog *s = arg;
    if (!stop_requested()) return;
    if (s->stop_seen_ns == 0) s->stop_seen_ns = clock_mono_ns();
    if (clock_mono_ns() - s->stop_seen_ns >= GRACE_MS * INT64_C(1000000)) lake_interrupt_all(s->lake);
}

StopWatchdog *stop_watchdog_new(Lake *lake) {
    Error err = {0};
    StopWatchdog *s = xcalloc(1, sizeof *s);
    s->lake = lake;
    if (periodic_start(CHECK_MS, check, s, &s->checks, &err) == 0) return s;
    log_warn("flow", "a stop will wait for the statement that runs: %s", err.text);
    error_clear(&err);
    free(s);
    return NULL;
}

void stop_watchdog_free(StopWatchdog *s) {
    periodic_stop(s->checks);
    free(s);
}

/* waits.c: how long librdkafka waits.
 *
 * It waits for its queues with cnd_timedwait, which takes a time of the wall clock: when that clock is set back by an hour, a wait of
 * 100 ms that has begun becomes one of an hour, and with it a poll of the consumer, and the end of the process. The linker gives librdkafka
 * this function in its place (meson.build), which waits for the same duration by the monotonic clock. A librdkafka that is linked as
 * a shared library keeps its own. */
#include "base/clock.h"
#include <errno.h>
#include <threads.h>

int __wrap_cnd_timedwait(cnd_t *cond, mtx_t *mutex, const struct timespec *until);

/* From `a` to `b`, at most as many as fit: nanoseconds since 1970 end in the year 2262, and a clock may be wrong by more than that. */
static int64_t between_ns(struct timespec a, struct timespec b) {
    int64_t seconds, ns;
    if (__builtin_sub_overflow(b.tv_sec, a.tv_sec, &seconds) || __builtin_mul_overflow(seconds, NSEC_PER_SEC, &ns) ||
        __builtin_add_overflow(ns, b.tv_nsec - a.tv_nsec, &ns))
        return b.tv_sec > a.tv_sec ? INT64_MAX : 0;
    return ns > 0 ? ns : 0;
}

int __wrap_cnd_timedwait(cnd_t *cond, mtx_t *mutex, const struct timespec *until) {
    struct timespec wall, end;
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t left = between_ns(wall, *until), ns = end.tv_nsec + left % NSEC_PER_SEC;
    end.tv_sec += left / NSEC_PER_SEC + ns / NSEC_PER_SEC;
    end.tv_nsec = ns % NSEC_PER_SEC;
    /* In glibc both are the same objects. */
    int rc = pthread_cond_clockwait((pthread_cond_t *)cond, (pthread_mutex_t *)mutex, CLOCK_MONOTONIC, &end);
    return rc == 0 ? thrd_success : rc == ETIMEDOUT ? thrd_timedout : thrd_error;
}

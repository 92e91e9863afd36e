/* waits.c: how long librdkafka waits.
 *
 * It waits for its queues with cnd_timedwait, which takes a time of the wall clock: when that clock is set back by an hour, a wait of
 * 100 ms that has begun becomes one of an hour, and with it a poll of the consumer, and the end of the process. The linker gives librdkafka
 * this function in its place (meson.build), which waits as long as was meant by the clock that nobody sets. A librdkafka that is linked as
 * a shared library keeps its own. */
#include "base/clock.h"
#include <errno.h>
#include <threads.h>

int __wrap_cnd_timedwait(cnd_t *cond, mtx_t *mutex, const struct timespec *until);

static int64_t nanoseconds(struct timespec t) {
    return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

int __wrap_cnd_timedwait(cnd_t *cond, mtx_t *mutex, const struct timespec *until) {
    struct timespec wall, mono;
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_MONOTONIC, &mono);
    int64_t left = nanoseconds(*until) - nanoseconds(wall), end = nanoseconds(mono) + (left > 0 ? left : 0);
    mono = (struct timespec){.tv_sec = end / NSEC_PER_SEC, .tv_nsec = end % NSEC_PER_SEC};
    /* In glibc both are the same objects. */
    int rc = pthread_cond_clockwait((pthread_cond_t *)cond, (pthread_mutex_t *)mutex, CLOCK_MONOTONIC, &mono);
    return rc == 0 ? thrd_success : rc == ETIMEDOUT ? thrd_timedout : thrd_error;
}

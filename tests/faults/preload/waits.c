/* waits.c: waiting until a time of a wall clock that jumps (clock.c). The kernel knows the true time alone, so a wait is cut into slices;
 * after each the deadline is looked at again by the clock as it is then: a clock that goes ahead ends a wait early, one that goes back
 * prolongs it, as the kernel does when the time is set. */
#include "fault.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define SLICE_NS     50000000
#define NSEC_PER_SEC 1000000000L

int clock_gettime(clockid_t clock, struct timespec *ret);
int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until);

static bool is_before(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* glibc keeps a condition's clock there: see __condvar_get_clockid. */
static bool is_monotonic(const pthread_cond_t *cond) {
    return (cond->__data.__wrefs & 2) != 0;
}

static int wait_in_slices(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until) {
    for (;;) {
        struct timespec wall, slice;
        clock_gettime(CLOCK_REALTIME, &wall);
        if (!is_before(&wall, until)) return ETIMEDOUT;
        syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &slice);
        int64_t left = (until->tv_sec - wall.tv_sec) >= 1 ? NSEC_PER_SEC : until->tv_nsec - wall.tv_nsec;
        slice.tv_nsec += left < SLICE_NS ? left : SLICE_NS;
        slice.tv_sec += slice.tv_nsec / NSEC_PER_SEC;
        slice.tv_nsec %= NSEC_PER_SEC;
        int rc = pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &slice);
        if (rc != ETIMEDOUT) return rc;
    }
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, const struct timespec *restrict until) {
    if (is_monotonic(cond)) return pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, until);
    if (getenv("FAULT_CLOCK") == NULL) return pthread_cond_clockwait(cond, mutex, CLOCK_REALTIME, until);
    return wait_in_slices(cond, mutex, until);
}

/* In glibc both are the same objects. */
int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex, const struct timespec *restrict until) {
    int rc = pthread_cond_timedwait((pthread_cond_t *)cond, (pthread_mutex_t *)mutex, until);
    return rc == 0 ? thrd_success : rc == ETIMEDOUT ? thrd_timedout : thrd_error;
}

/* clock.c: a wall clock that jumps. FAULT_CLOCK names a file with a number of seconds, which may be rewritten while the process runs. The
 * monotonic clock is left alone, as no jump of the wall clock moves it. */
#include "fault.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int64_t read_offset(const char *path) {
    char text[32];
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    long n = fd >= 0 ? syscall(SYS_read, fd, text, sizeof text - 1) : 0;
    if (fd >= 0) syscall(SYS_close, fd);
    text[n > 0 ? n : 0] = '\0';
    return strtoll(text, NULL, 10);
}

/* Each jump that the process saw is reported once. */
static int64_t wall_offset(void) {
    static int64_t last;
    const char *path = getenv("FAULT_CLOCK");
    if (path == NULL) return 0;
    int64_t now = read_offset(path);
    pthread_mutex_lock(&mutex);
    if (now != last) report_line("FAULT_LOG", "fired 0 clock %lld", (long long)now);
    last = now;
    pthread_mutex_unlock(&mutex);
    return now;
}

int clock_gettime(clockid_t clock, struct timespec *ret) {
    int rc = (int)syscall(SYS_clock_gettime, clock, ret);
    if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) ret->tv_sec += wall_offset();
    return rc;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone) {
    (void)zone;
    struct timespec now;
    int rc = clock_gettime(CLOCK_REALTIME, &now);
    *ret = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return rc;
}

time_t time(time_t *ret) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    if (ret != NULL) *ret = now.tv_sec;
    return now.tv_sec;
}

/* threads.c: at most FAULT_THREADS threads besides the first one, as a control group's pids.max, or little address space, has it. */
#include "fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

typedef int (*CreateFn)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
typedef struct Start {
    void *(*run)(void *);
    void *arg;
} Start;

static atomic_int running;

static void *run(void *arg) {
    Start start = *(Start *)arg;
    free(arg);
    void *result = start.run(start.arg);
    atomic_fetch_sub(&running, 1);
    return result;
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr, void *(*body)(void *), void *restrict arg) {
    CreateFn create = (CreateFn)dlsym(RTLD_NEXT, "pthread_create");
    const char *limit = getenv("FAULT_THREADS");
    if (limit == NULL) return create(thread, attr, body, arg);
    Start *start = malloc(sizeof *start);
    if (start == NULL || atomic_fetch_add(&running, 1) >= strtol(limit, NULL, 10)) {
        free(start);
        atomic_fetch_sub(&running, 1);
        report_line("FAULT_LOG", "fired threads %s", limit);
        return EAGAIN;
    }
    *start = (Start){body, arg};
    int problem = create(thread, attr, run, start);
    if (problem != 0) {
        free(start);
        atomic_fetch_sub(&running, 1);
    }
    return problem;
}

/* What librdkafka calls; glibc's own does not go through the function above. */
typedef struct Thrd {
    thrd_start_t run;
    void *arg;
} Thrd;

static void *run_thrd(void *arg) {
    Thrd thrd = *(Thrd *)arg;
    free(arg);
    return (void *)(intptr_t)thrd.run(thrd.arg);
}

int thrd_create(thrd_t *thread, thrd_start_t body, void *arg) {
    Thrd *thrd = malloc(sizeof *thrd);
    if (thrd == NULL) return thrd_nomem;
    *thrd = (Thrd){body, arg};
    if (pthread_create(thread, NULL, run_thrd, thrd) == 0) return thrd_success;
    free(thrd);
    return thrd_error;
}

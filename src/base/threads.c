/* threads.c: see threads.h. Each thread waits for the last one, so that all of them are there at once, as they will be. */
#include "base/threads.h"

#include "base/memory.h"
#include <pthread.h>

static void *wait_for_all(void *arg) {
    pthread_mutex_t *all_started = arg;
    pthread_mutex_lock(all_started);
    pthread_mutex_unlock(all_started);
    return NULL;
}

int threads_check(int count, Error *err) {
    pthread_t *threads = xcalloc((size_t)count, sizeof *threads);
    pthread_mutex_t all_started = PTHREAD_MUTEX_INITIALIZER;
    int started = 0, problem = 0;
    pthread_mutex_lock(&all_started);
    while (started < count && problem == 0) {
        problem = pthread_create(&threads[started], NULL, wait_for_all, &all_started);
        if (problem == 0) started++;
    }
    pthread_mutex_unlock(&all_started);
    for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&all_started);
    free(threads);
    if (problem == 0) return 0;
    return error_errno(err, ERR_IO, problem, "cannot start a thread (%d of %d): the limits on processes, tasks and memory allow no more",
                       started + 1, count);
}

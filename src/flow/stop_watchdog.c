/* stop_watchdog.c: see stop_watchdog.h. */
#include "flow/stop_watchdog.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/stop.h"
#include <pthread.h>
#include <stdatomic.h>

/* A batch lands within the grace; the rest of the 5 s within which a stop must be done is for closing. */
enum { GRACE_MS = 2500, CHECK_MS = 200, REPEAT_MS = 100 };

struct StopWatchdog {
    Lake *lake;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool over; /* under lock */
};

/* True when the watchdog is to end. */
static bool wait_ms(StopWatchdog *s, int ms) {
    struct timespec until = clock_deadline(ms);
    pthread_mutex_lock(&s->lock);
    while (!s->over && pthread_cond_timedwait(&s->changed, &s->lock, &until) == 0) {
    }
    bool over = s->over;
    pthread_mutex_unlock(&s->lock);
    return over;
}

static void *watch(void *arg) {
    StopWatchdog *s = arg;
    while (!stop_requested())
        if (wait_ms(s, CHECK_MS)) return NULL;
    for (int pause = GRACE_MS; !wait_ms(s, pause); pause = REPEAT_MS) lake_interrupt_all(s->lake);
    return NULL;
}

StopWatchdog *stop_watchdog_new(Lake *lake) {
    StopWatchdog *s = xcalloc(1, sizeof *s);
    s->lake = lake;
    pthread_mutex_init(&s->lock, NULL);
    clock_cond_init(&s->changed);
    if (pthread_create(&s->thread, NULL, watch, s) == 0) return s;
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
    return NULL;
}

void stop_watchdog_free(StopWatchdog *s) {
    pthread_mutex_lock(&s->lock);
    s->over = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

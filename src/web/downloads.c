/* downloads.c: see downloads.h. A generation that was asked for has a shared lock for ten minutes, so that publishing does not remove it.
 *
 * Invariant: `held` has a lock for each generation at most once. */
#include "web/downloads.h"

#include "base/clock.h"
#include "base/memory.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { HELD_MAX = 8, HELD_FOR_S = 600 };

typedef struct Held {
    int64_t generation; /* 0: none */
    FileLock *lock;
    int64_t asked_ns;
} Held;

struct Downloads {
    char *dir;
    pthread_mutex_t lock; /* of held */
    Held held[HELD_MAX];
};

Downloads *downloads_new(const char *dir) {
    Downloads *d = xcalloc(1, sizeof *d);
    d->dir = xstrdup(dir);
    pthread_mutex_init(&d->lock, NULL);
    return d;
}

static void let_go(Held *held) {
    if (held->lock != NULL) file_lock_free(held->lock);
    *held = (Held){0};
}

void downloads_free(Downloads *d) {
    for (size_t i = 0; i < HELD_MAX; i++) let_go(&d->held[i]);
    pthread_mutex_destroy(&d->lock);
    free(d->dir);
    free(d);
}

/* Takes the lock. In the place of this generation, a free one, or that of the one that was asked for longest ago. */
static void hold(Downloads *d, int64_t generation, FileLock *lock) {
    pthread_mutex_lock(&d->lock);
    Held *place = &d->held[0];
    for (size_t i = 0; i < HELD_MAX; i++) {
        if (d->held[i].asked_ns < place->asked_ns) place = &d->held[i];
        if (d->held[i].generation == generation) {
            place = &d->held[i];
            break;
        }
    }
    let_go(place);
    *place = (Held){generation, lock, clock_mono_ns()};
    pthread_mutex_unlock(&d->lock);
}

int downloads_open(Downloads *d, int64_t generation, int64_t *ret_size, char ret_etag[64]) {
    SnapshotFile file;
    if (!snapshot_file_open(d->dir, generation, &file)) return -1;
    *ret_size = file.bytes;
    snprintf(ret_etag, 64, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "\"", generation, file.bytes, file.modified_ns);
    hold(d, generation, file.lock);
    return file.fd;
}

int64_t downloads_newest(const Downloads *d) {
    return snapshot_current(d->dir);
}

void downloads_sweep(Downloads *d) {
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < HELD_MAX; i++)
        if (d->held[i].generation != 0 && clock_seconds_since(d->held[i].asked_ns) > HELD_FOR_S) let_go(&d->held[i]);
    pthread_mutex_unlock(&d->lock);
}

/* single_flight.c: see single_flight.h. A list: as many are under way as there are workers, a few. */
#include "web/single_flight.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct Flight {
    struct Flight *next;
    char *key;
    uint64_t number; /* tells it from a later one with the same key */
} Flight;

struct SingleFlight {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    Flight *flights;
    uint64_t count;
};

SingleFlight *single_flight_new(void) {
    SingleFlight *f = xcalloc(1, sizeof *f);
    clock_cond_init(&f->ended);
    pthread_mutex_init(&f->lock, NULL);
    return f;
}

void single_flight_free(SingleFlight *f) {
    BUG_IF(f->flights != NULL);
    pthread_mutex_destroy(&f->lock);
    pthread_cond_destroy(&f->ended);
    free(f);
}

/* Where the flight of that key is linked, or would be. Under the lock. */
static Flight **place_of(SingleFlight *f, const char *key) {
    Flight **at = &f->flights;
    while (*at != NULL && strcmp((*at)->key, key) != 0) at = &(*at)->next;
    return at;
}

static bool flies(SingleFlight *f, const char *key, uint64_t number) {
    const Flight *flight = *place_of(f, key);
    return flight != NULL && flight->number == number;
}

bool single_flight_begin(SingleFlight *f, const char *key, int most_ms) {
    const struct timespec until = clock_deadline(most_ms);
    pthread_mutex_lock(&f->lock);
    Flight **at = place_of(f, key);
    bool first = *at == NULL;
    if (first) {
        *at = xcalloc(1, sizeof **at);
        **at = (Flight){.key = xstrdup(key), .number = ++f->count};
    } else {
        uint64_t number = (*at)->number;
        while (flies(f, key, number) && pthread_cond_timedwait(&f->ended, &f->lock, &until) == 0) {
        }
    }
    pthread_mutex_unlock(&f->lock);
    return first;
}

void single_flight_end(SingleFlight *f, const char *key) {
    pthread_mutex_lock(&f->lock);
    Flight **at = place_of(f, key), *flight = *at;
    BUG_IF(flight == NULL);
    *at = flight->next;
    pthread_cond_broadcast(&f->ended);
    pthread_mutex_unlock(&f->lock);
    free(flight->key);
    free(flight);
}

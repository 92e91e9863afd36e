/* connections.c: a list ordered by the last change of state.
 *
 * Invariant: a socket in the list is open, because its owner removes it before closing it; so shutdown(2) never hits a reused descriptor.
 */
#include "web/connections.h"

#include "base/clock.h"
#include "base/memory.h"
#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>

enum { REQUEST_WITHIN_S = 10, ANSWER_WITHIN_S = 60, IDLE_FOR_S = 30 };

struct Connection {
    Connection *prev, *next;
    int socket;
    bool busy, shut;
    int64_t ends_ns;
};

struct Connections {
    pthread_mutex_t lock;
    Connection list; /* sentinel; list.next has been in its state longest */
    size_t count, limit;
};

Connections *connections_new(size_t limit) {
    Connections *all = xcalloc(1, sizeof *all);
    pthread_mutex_init(&all->lock, NULL);
    all->list.prev = all->list.next = &all->list;
    all->limit = limit;
    return all;
}

void connections_free(Connections *all) {
    pthread_mutex_destroy(&all->lock);
    free(all);
}

static void unlink_connection(Connection *c) {
    c->prev->next = c->next;
    c->next->prev = c->prev;
}

static void append_connection(Connections *all, Connection *c, int seconds) {
    c->ends_ns = clock_mono_ns() + seconds * NSEC_PER_SEC;
    c->prev = all->list.prev;
    c->next = &all->list;
    c->prev->next = c->next->prev = c;
}

static void shut(Connection *c) {
    if (!c->shut) shutdown(c->socket, SHUT_RDWR);
    c->shut = true;
}

/* Closes the connection that has waited longest for a request, not one that is being answered. */
static void shut_longest_waiting(Connections *all) {
    for (Connection *c = all->list.next; c != &all->list; c = c->next)
        if (!c->busy && !c->shut) {
            shut(c);
            return;
        }
}

Connection *connections_add(Connections *all, int socket) {
    Connection *c = xcalloc(1, sizeof *c);
    c->socket = socket;
    pthread_mutex_lock(&all->lock);
    if (++all->count > all->limit - all->limit / 8) shut_longest_waiting(all);
    append_connection(all, c, REQUEST_WITHIN_S);
    pthread_mutex_unlock(&all->lock);
    return c;
}

void connections_remove(Connections *all, Connection *c) {
    pthread_mutex_lock(&all->lock);
    unlink_connection(c);
    all->count--;
    pthread_mutex_unlock(&all->lock);
    free(c);
}

static void change(Connections *all, Connection *c, bool busy, int seconds) {
    pthread_mutex_lock(&all->lock);
    unlink_connection(c);
    c->busy = busy;
    append_connection(all, c, seconds);
    pthread_mutex_unlock(&all->lock);
}

void connections_set_busy(Connections *all, Connection *c) {
    change(all, c, true, ANSWER_WITHIN_S);
}

void connections_set_idle(Connections *all, Connection *c) {
    change(all, c, false, IDLE_FOR_S);
}

void connections_sweep(Connections *all) {
    int64_t now = clock_mono_ns();
    pthread_mutex_lock(&all->lock);
    for (Connection *c = all->list.next; c != &all->list; c = c->next)
        if (c->ends_ns < now) shut(c);
    pthread_mutex_unlock(&all->lock);
}

size_t connections_count(Connections *all) {
    pthread_mutex_lock(&all->lock);
    size_t count = all->count;
    pthread_mutex_unlock(&all->lock);
    return count;
}

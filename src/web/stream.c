/* stream.c: see stream.h.
 *
 *   janitor: stream_look ─▶ has it changed? ─▶ events[] (a ring) ◀─ stream_read: event loop, for each client
 *
 * Invariant: numbers grow by one; events[number % EVENTS_KEPT] is that event while it is kept. */
#include "web/stream.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/memory.h"
#include "web/downloads.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { EVENTS_KEPT = 256 };
typedef enum Kind { KIND_GENERATION, KIND_STATUS, KIND_RUN, KIND_COUNTERS, KINDS } Kind;
static const char *const names[KINDS] = {"generation", "status", "run", "counters"};

typedef struct Event {
    Kind kind;
    char *data; /* JSON on one line; NULL: none yet */
} Event;

struct Stream {
    char boot[17]; /* names this process: its numbers mean nothing to another */
    atomic_int clients;
    int64_t looked_ns;    /* of the thread that looks */
    pthread_mutex_t lock; /* of all below */
    uint64_t last;        /* number of the newest event; 0: none */
    char *newest[KINDS];  /* the data of the last event of each kind; NULL: none yet */
    Event events[EVENTS_KEPT];
};

Stream *stream_new(void) {
    Stream *s = xcalloc(1, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    snprintf(s->boot, sizeof s->boot, "%" PRIx64, clock_wall_us());
    return s;
}

void stream_free(Stream *s) {
    for (size_t i = 0; i < EVENTS_KEPT; i++) free(s->events[i].data);
    for (size_t i = 0; i < KINDS; i++) free(s->newest[i]);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

bool stream_enter(Stream *s) {
    if (atomic_fetch_add(&s->clients, 1) < STREAMS_MAX) return true;
    stream_leave(s);
    return false;
}

void stream_leave(Stream *s) {
    atomic_fetch_sub(&s->clients, 1);
}

/* ---- what has changed ---- */

/* Takes the reference of `data`. */
static void say_if_new(Stream *s, Kind kind, json_t *data) {
    CLEANUP(free_text) char *text = json_text(data);
    json_decref(data);
    pthread_mutex_lock(&s->lock);
    if (s->newest[kind] == NULL || strcmp(s->newest[kind], text) != 0) {
        Event *e = &s->events[++s->last % EVENTS_KEPT];
        free(e->data);
        *e = (Event){kind, xstrdup(text)};
        free(s->newest[kind]);
        s->newest[kind] = TAKE(text);
    }
    pthread_mutex_unlock(&s->lock);
}

/* The sum of a metric over its labels. */
static double sum_of(const json_t *samples, const char *metric) {
    size_t i;
    const json_t *sample;
    double sum = 0;
    json_array_foreach(samples, i, sample) {
        const char *name = json_string_value(json_array_get(sample, 0));
        if (name != NULL && strcmp(name, metric) == 0) sum += json_number_value(json_array_get(sample, 1));
    }
    return sum;
}

static void look_at_samples(Stream *s, const Service *service) {
    CLEANUP(json_freep) json_t *samples = service->samples(service->samples_arg);
    say_if_new(s, KIND_RUN, json_pack("{s:b}", "running", sum_of(samples, "smelt_run_running") > 0));
    say_if_new(s, KIND_COUNTERS,
               json_pack("{s:I, s:I}", "commits", (json_int_t)sum_of(samples, "smelt_bronze_commits_total"), "lag_events",
                         (json_int_t)sum_of(samples, "smelt_partition_lag_events")));
}

void stream_look(Stream *s, Service *service) {
    if (atomic_load(&s->clients) == 0 || (s->looked_ns != 0 && clock_seconds_since(s->looked_ns) < 1)) return;
    s->looked_ns = clock_mono_ns();
    int64_t published = service->downloads != NULL ? downloads_newest(service->downloads) : 0;
    say_if_new(
        s, KIND_GENERATION,
        json_pack("{s:I, s:I}", "generation", (json_int_t)snapshot_pool_generation(service->pool), "published", (json_int_t)published));
    if (service->status != NULL) {
        CLEANUP(json_freep) json_t *report = service->status(service->status_arg);
        say_if_new(s, KIND_STATUS, json_pack("{s:O}", "state", json_object_get(report, "state")));
    }
    if (service->samples != NULL) look_at_samples(s, service);
}

/* ---- what a client gets ---- */

static void add_event(const Stream *s, uint64_t number, Kind kind, const char *data, Buf *out) {
    if (data != NULL) buf_addf(out, "id: %s-%" PRIu64 "\nevent: %s\ndata: %s\n\n", s->boot, number, names[kind], data);
}

/* A client that was away for longer than events are kept gets the newest of each kind, as a new client does. */
void stream_read(Stream *s, uint64_t *seen, Buf *out) {
    pthread_mutex_lock(&s->lock);
    uint64_t oldest = s->last >= EVENTS_KEPT ? s->last - EVENTS_KEPT + 1 : 1;
    bool from_start = *seen == 0 || *seen + 1 < oldest;
    for (Kind kind = 0; from_start && kind < KINDS; kind++) add_event(s, s->last, kind, s->newest[kind], out);
    for (uint64_t number = *seen + 1; !from_start && number <= s->last; number++) {
        const Event *e = &s->events[number % EVENTS_KEPT];
        add_event(s, number, e->kind, e->data, out);
    }
    *seen = s->last;
    pthread_mutex_unlock(&s->lock);
}

uint64_t stream_parse_id(Stream *s, const char *id) {
    size_t n = strlen(s->boot);
    if (id == NULL || strncmp(id, s->boot, n) != 0 || id[n] != '-') return 0;
    size_t digits = strspn(id + n + 1, "0123456789");
    if (digits == 0 || digits > 18 || id[n + 1 + digits] != '\0') return 0;
    uint64_t number = strtoull(id + n + 1, NULL, 10);
    pthread_mutex_lock(&s->lock);
    bool is_said = number <= s->last;
    pthread_mutex_unlock(&s->lock);
    return is_said ? number : 0;
}

/* The event loop writes what follows the head (server.c). */
int handle_stream(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease, (void)err;
    bool is_head = strcmp(req->method, "HEAD") == 0;
    if (s->stream == NULL || (!is_head && !stream_enter(s->stream))) {
        response_problem(resp, 503, req, "There are %d streams already.", STREAMS_MAX);
        resp->retry_after_s = 5;
        return 0;
    }
    resp->status = 200;
    resp->content_type = "text/event-stream";
    resp->streams = !is_head;
    return 0;
}

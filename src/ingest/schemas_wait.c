/* schemas_wait.c: the schemas of a batch, on the reading thread. A registry that is away is not bad data: the batch waits, and so do all
 * messages behind it. */
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "ingest/ingest_internal.h"

/* From the message on that was not found before. */
static int find_schemas(const Reader *r, size_t *from, Error *err) {
    Batch *b = r->batch;
    for (; *from < b->count; (*from)++) {
        BatchMessage *m = &b->messages[*from];
        if (m->tombstone || m->too_large) continue;
        Span bytes = {m->len > 0 ? b->bytes.data + m->at : "", m->len};
        if (schemas_find(r->schemas, bytes, &m->schema, err) != 0) return -1;
    }
    return 0;
}

/* For the status: every partition that this batch holds back. ingest_watch ends it. */
static void tell_waiting(Reader *r, int64_t began_ns, const char *reason) {
    json_t *stuck = json_array();
    int64_t since_us = clock_wall_us() - (clock_mono_ns() - began_ns) / 1000;
    for (size_t i = 0; i < r->count; i++) {
        const Offsets *p = &r->partitions[i];
        int64_t stored = r->states[i].handed_over != OFFSET_UNKNOWN ? r->states[i].handed_over : p->start;
        if (p->next == r->states[i].handed_over) continue;
        json_array_append_new(stuck, json_pack("{ss si sI sI sI ss}", "topic", feed_topic(r->feed), "partition", (int)p->partition,
                                               "offset", (json_int_t)stored, "end_offset", (json_int_t)p->end, "since_us",
                                               (json_int_t)since_us, "reason", reason));
    }
    r->stuck_count = json_array_size(stuck);
    json_decref(atomic_exchange(&r->stuck, stuck));
}

/* ERR_UNAVAILABLE when it is away for too long. */
static int report_registry(Reader *r, int64_t began_ns, int pause_ms, const Error *away, Error *err) {
    double seconds = clock_seconds_since(began_ns);
    if (ingest_is_too_long(began_ns, pause_ms, r->options->timeout_ms)) /* as with a broker that is away */
        return error_set(err, ERR_UNAVAILABLE, "gave up after %.0f s: %s", seconds, away->text);
    log_warn("ingest", "away for %.0f s: %s; everything stored is safe, waiting", seconds, away->text);
    tell_waiting(r, began_ns, away->text);
    return 0;
}

int ingest_find_schemas(Reader *r, Error *err) {
    int64_t began_ns = clock_mono_ns();
    size_t from = 0;
    if (r->schemas == NULL) return 1;
    for (int pause = ingest_longer_pause(0);; pause = ingest_longer_pause(pause)) {
        Error away = {0};
        if (find_schemas(r, &from, &away) == 0) return 1;
        if (!error_is_retriable(&away)) return error_move(err, &away);
        int rc = report_registry(r, began_ns, pause, &away, err);
        error_clear(&away);
        if (rc != 0) return -1;
        if (stop_wait_ms(pause) || batch_queue_given_up(r->queue)) return 0;
    }
}

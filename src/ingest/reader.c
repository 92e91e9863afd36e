/* reader.c: the reading thread: polls the feed, fills a batch and hands it over. The invariants are those of session.c. */
#include "ingest/ingest_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include <inttypes.h>

#define POLL_MS            100
#define DESCRIBE_MS        10000
#define CHECK_MS           2000 /* twice this is less than the 5 s within which a stop must be done */
#define QUIET_BEFORE_CHECK (5 * NSEC_PER_SEC)
#define BACKOFF_FIRST_MS   500
#define BACKOFF_MAX_MS     10000

static int longer(int pause_ms) {
    return pause_ms * 2 < BACKOFF_MAX_MS ? pause_ms * 2 : BACKOFF_MAX_MS;
}

int ingest_describe(Feed *feed, const IngestOptions *o, const BatchQueue *queue, KafkaTopic *ret, Error *err) {
    int64_t began = clock_mono_ns();
    for (int pause = BACKOFF_FIRST_MS;; pause = longer(pause)) {
        int64_t left_ms = o->timeout_ms > 0 ? o->timeout_ms - (clock_mono_ns() - began) / 1000000 : INT64_MAX;
        if (feed_describe(feed, left_ms < DESCRIBE_MS ? (int)(left_ms > 1 ? left_ms : 1) : DESCRIBE_MS, ret, err) == 0) {
            error_clear(err); /* of an attempt before */
            if (ret->exists) return 0;
            kafka_topic_done(ret);
            error_set(err, ERR_UNAVAILABLE, "the topic %s does not exist: create it, or run `smelt produce`", feed_topic(feed));
            if (!o->follow) return -1;
        }
        if (!error_is_retriable(err)) return -1;
        double away = clock_seconds_since(began);
        if (o->timeout_ms > 0 && away * 1000 + pause >= (double)o->timeout_ms) return error_prefix(err, "gave up after %.0f s", away);
        log_warn("ingest", "%s; trying again in %.1f s", err->text, pause / 1000.0);
        if (stop_wait_ms(pause) || (queue != NULL && batch_queue_given_up(queue)))
            return error_set(err, ERR_STOPPED, "stopped while waiting for %s", feed_topic(feed));
    }
}

/* The offsets before `next` will never be delivered. */
static void add_gap(Reader *r, Offsets *p, int64_t next, const char *reason) {
    batch_add_gap(r->batch, (BatchGap){.partition = p->partition, .first = p->next, .next = next, .reason = reason});
    p->next = next;
}

void ingest_skip_to(Reader *r, Offsets *p, int64_t start, const char *reason) {
    log_error("ingest", "%s partition %d: offsets %" PRId64 " to %" PRId64 " are lost (%s): Kafka no longer has them", feed_topic(r->feed),
              (int)p->partition, p->next, start - 1, reason);
    add_gap(r, p, start, reason);
}

static bool at_end(const Reader *r) {
    for (size_t i = 0; i < r->count; i++)
        if (r->partitions[i].next < r->partitions[i].end) return false;
    return true;
}

static Offsets *find_partition(Reader *r, int32_t partition) {
    size_t i = offsets_find(r->partitions, r->count, partition);
    if (i == r->count) BUG("a message of a partition that is not read");
    return &r->partitions[i];
}

/* The feed is away, for `seconds` now: logs that. ERR_UNAVAILABLE when that is too long. */
static int report_outage(const Reader *r, double seconds, const Error *away, Error *err) {
    if (r->options->timeout_ms > 0 && seconds * 1000 >= (double)r->options->timeout_ms)
        return error_set(err, ERR_UNAVAILABLE, "gave up after %.0f s: %s", seconds, away->text);
    log_warn("ingest", "away for %.0f s: %s; everything stored is safe, waiting", seconds, away->text);
    return 0;
}

/* 1: the feed is there and the same, 0: it is away, -1: it is another one, or away for too long. */
static int check_feed(Reader *r, Error *err) {
    Error away = {0};
    bool grown = false;
    if (feed_check(r->feed, r->topic, CHECK_MS, &grown, &away) == 0) {
        r->heard_ns = clock_mono_ns();
        r->grown = r->options->follow && grown;
        return 1;
    }
    bool stopped = away.kind == ERR_STOPPED; /* while it waited */
    if (!stopped && !error_is_retriable(&away)) {
        *err = away;
        return -1;
    }
    int rc = stopped ? 0 : report_outage(r, clock_seconds_since(r->heard_ns), &away, err);
    error_clear(&away);
    return rc;
}

/* Waits for a feed that is away. 1: what was read until now is of the topic that was described at the start; 0: a stop was requested or the
 * queue given up before that was known; -1: error. */
static int wait_until_confirmed(Reader *r, Error *err) {
    for (int pause = BACKOFF_FIRST_MS;; pause = longer(pause)) {
        if (batch_queue_given_up(r->queue)) return 0;
        int rc = check_feed(r, err);
        if (rc != 0) return rc;
        if (stop_wait_ms(pause)) return 0;
    }
}

/* Hands the batch over. 1: done, or, without `wait`, both batches are in use: this one is filled further. 0: the queue was given up, or a
 * stop was requested before the feed was there again: the batch is dropped, and its messages are read again next time. -1: error. */
static int hand_over(Reader *r, bool wait, Error *err) {
    Batch *next = wait ? NULL : batch_queue_take_empty(r->queue, false);
    if (!wait && next == NULL) return 1;
    int rc = wait_until_confirmed(r, err);
    if (rc > 0 && wait) next = batch_queue_take_empty(r->queue, true);
    if (rc <= 0 || next == NULL) {
        if (next != NULL) batch_queue_put_empty(r->queue, next);
        return rc < 0 ? -1 : 0;
    }
    for (size_t i = 0; i < r->count; i++) {
        if (r->partitions[i].next == r->handed_over[i]) continue;
        batch_add_position(r->batch, r->partitions[i]);
        r->handed_over[i] = r->partitions[i].next;
    }
    batch_queue_put_full(r->queue, r->batch);
    r->batch = next;
    return 1;
}

static void record_gap(Reader *r, Offsets *p, int64_t offset) {
    if (offset > p->next) add_gap(r, p, offset, "compacted_or_aborted");
}

static int take_message(Reader *r, const KafkaEvent *e, Error *err) {
    Offsets *p = find_partition(r, e->partition);
    if (e->offset < p->next) return 1;
    if (!r->options->follow && p->next >= p->end) return 1; /* written after the end that was seen at the start */
    int rc = batch_is_full_for(r->batch, e->len) ? hand_over(r, true, err) : 1;
    if (rc <= 0) return rc;
    record_gap(r, p, e->offset);
    batch_add(r->batch, e->partition, e->offset, e->timestamp_us, e->value, e->len);
    p->next = e->offset + 1;
    if (p->next > p->end) p->end = p->next;
    return 1;
}

static void handle_partition_end(Reader *r, const KafkaEvent *e) {
    Offsets *p = find_partition(r, e->partition);
    int64_t end = r->options->follow || e->offset < p->end ? e->offset : p->end;
    record_gap(r, p, end);
    p->end = r->options->follow ? e->offset : p->end;
}

static int take_out_of_range(Reader *r, const KafkaEvent *e, Error *err) {
    Offsets *p = find_partition(r, e->partition);
    CLEANUP(kafka_topic_done) KafkaTopic now = {0};
    if (ingest_describe(r->feed, r->options, r->queue, &now, err) != 0) return -1;
    size_t i = offsets_find(now.partitions, now.partition_count, p->partition);
    if (i == now.partition_count || p->next > now.partitions[i].end)
        return error_set(err, ERR_DATA,
                         "%s partition %d no longer reaches offset %" PRId64
                         ": it was deleted, truncated or recreated; run `smelt ingest` again for details",
                         feed_topic(r->feed), (int)p->partition, p->next);
    if (now.partitions[i].start > p->next) ingest_skip_to(r, p, now.partitions[i].start, "retention");
    return feed_seek(r->feed, p->partition, p->next, err);
}

/* Nothing was read for a while: is the feed away, is it another one, or has it nothing new? */
static int check_silence(Reader *r, Error *err) {
    if (clock_mono_ns() - r->heard_ns < QUIET_BEFORE_CHECK) return 0;
    return check_feed(r, err) < 0 ? -1 : 0;
}

static bool is_due(const Reader *r) {
    if (batch_is_empty(r->batch)) return false;
    return (clock_coarse_ns() - r->batch->started_ns) / 1000000 >= r->options->commit_interval_ms;
}

/* One event. 1: read on, 0: stop reading, -1: error. */
static int handle_event(Reader *r, Error *err) {
    KafkaEvent e;
    if (feed_poll(r->feed, POLL_MS, &e, err) != 0) return -1;
    if (e.kind != KAFKA_NOTHING) r->heard_ns = clock_coarse_ns();
    switch (e.kind) {
    case KAFKA_MESSAGE: return take_message(r, &e, err);
    case KAFKA_END: handle_partition_end(r, &e); return 1;
    case KAFKA_OUT_OF_RANGE: return take_out_of_range(r, &e, err) == 0 ? 1 : -1;
    case KAFKA_NOTHING: return check_silence(r, err) == 0 ? 1 : -1;
    }
    BUG("unknown event");
}

static bool positions_moved(const Reader *r) {
    for (size_t i = 0; i < r->count; i++)
        if (r->partitions[i].next != r->handed_over[i]) return true;
    return false;
}

void *ingest_read_feed(void *arg) {
    Reader *r = arg;
    r->heard_ns = clock_mono_ns();
    int rc = 1;
    while (rc > 0 && !stop_requested() && !batch_queue_given_up(r->queue) && !r->grown && (r->options->follow || !at_end(r))) {
        rc = handle_event(r, &r->err);
        if (rc > 0 && is_due(r)) rc = hand_over(r, false, &r->err);
    }
    if (rc < 0 && r->err.kind == ERR_STOPPED) error_clear(&r->err); /* while it waited: no failure */
    if (rc > 0 && positions_moved(r)) rc = hand_over(r, true, &r->err);
    if (rc <= 0 || stop_requested()) r->grown = false;
    batch_queue_close(r->queue);
    return NULL;
}

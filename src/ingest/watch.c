/* watch.c: is the feed there, and does each partition move? "The broker answers" is not "this partition moves": a batch that cannot be
 * read, or a leader that is missing, stops one partition and no other.
 *
 * Invariant: a partition is called stuck only while the feed answers, while there is more of it to read than was read, and after
 * options->stall_ms in which this thread could have read it. */
#include "base/clock.h"
#include "base/document.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "ingest/ingest_internal.h"
#include <inttypes.h>
#include <string.h>

#define DESCRIBE_MS       10000
#define CHECK_MS          2000 /* twice this is less than the 5 s within which a stop must be done */
#define BACKOFF_FIRST_MS  500
#define SLICE_MS          200 /* of a pause, in which the session may end */
#define BACKOFF_MAX_MS    10000
#define WATCH_EVERY       NSEC_PER_SEC
#define WATCH_LATE        (5 * NSEC_PER_SEC) /* this thread waited for something else meanwhile */
#define DESCRIBE_EVERY_MS 30000
#define REPORT_EVERY      (60 * NSEC_PER_SEC)
#define NSEC_PER_MS       1000000

int ingest_longer_pause(int pause_ms) {
    if (pause_ms == 0) return BACKOFF_FIRST_MS;
    return pause_ms * 2 < BACKOFF_MAX_MS ? pause_ms * 2 : BACKOFF_MAX_MS;
}

/* ---- the whole feed ---- */

/* Is what was described enough to read? */
static int check_description(const Feed *feed, const KafkaTopic *topic, bool all, Error *err) {
    if (!topic->exists)
        return error_set(err, ERR_UNAVAILABLE, "the topic %s does not exist: create it, or run `smelt produce`", feed_topic(feed));
    return all || topic->unanswered == topic->partition_count ? kafka_topic_check_answered(topic, err) : 0;
}

/* What was logged last while something was waited for: the same again is worth a line once a minute. */
typedef struct Logged {
    char *text;
    int64_t at_ns;
} Logged;

static void logged_done(Logged *l) {
    free(l->text);
}

static bool is_worth_a_line(Logged *l, const char *text) {
    int64_t now = clock_mono_ns();
    if (l->text != NULL && strcmp(l->text, text) == 0 && now - l->at_ns < REPORT_EVERY) return false;
    free(l->text);
    *l = (Logged){.text = xstrdup(text), .at_ns = now};
    return true;
}

/* Waits so long, unless there is nothing to wait for any more. */
static bool is_over_after(int pause_ms, const BatchQueue *queue) {
    for (; pause_ms > 0; pause_ms -= SLICE_MS) {
        if (queue != NULL && batch_queue_given_up(queue)) return true;
        if (stop_wait_ms(pause_ms < SLICE_MS ? pause_ms : SLICE_MS)) return true;
    }
    return false;
}

int ingest_describe(Feed *feed, const IngestOptions *o, const BatchQueue *queue, bool all, KafkaTopic *ret, Error *err) {
    int64_t began = clock_mono_ns();
    CLEANUP(logged_done) Logged logged = {0};
    for (int pause = BACKOFF_FIRST_MS;; pause = ingest_longer_pause(pause)) {
        int64_t left_ms = o->timeout_ms > 0 ? o->timeout_ms - (clock_mono_ns() - began) / NSEC_PER_MS : INT64_MAX;
        CLEANUP(kafka_topic_done) KafkaTopic now = {0};
        int rc = feed_describe(feed, left_ms < DESCRIBE_MS ? (int)(left_ms > 1 ? left_ms : 1) : DESCRIBE_MS, &now, err);
        if (rc == 0 && check_description(feed, &now, all, err) == 0) {
            error_clear(err); /* of an attempt before */
            *ret = now;
            now = (KafkaTopic){0};
            return 0;
        }
        if (!error_is_retriable(err) || (rc == 0 && !now.exists && !o->follow)) return -1;
        double away = clock_seconds_since(began);
        if (o->timeout_ms > 0 && away * 1000 + pause >= (double)o->timeout_ms) return error_prefix(err, "gave up after %.0f s", away);
        if (is_worth_a_line(&logged, err->text)) log_warn("ingest", "%s; trying again", err->text);
        if (is_over_after(pause, queue)) return error_set(err, ERR_STOPPED, "stopped while waiting for %s", feed_topic(feed));
    }
}

/* The feed is away, for `seconds` now: logs that, once a minute. ERR_UNAVAILABLE when that is too long. */
static int report_outage(Reader *r, double seconds, const Error *away, Error *err) {
    if (r->options->timeout_ms > 0 && seconds * 1000 >= (double)r->options->timeout_ms)
        return error_set(err, ERR_UNAVAILABLE, "gave up after %.0f s: %s", seconds, away->text);
    int64_t now = clock_mono_ns();
    if (r->outage_logged_ns != 0 && now - r->outage_logged_ns < REPORT_EVERY) return 0;
    r->outage_logged_ns = now;
    log_warn("ingest", "%s is away for %.0f s: %s; everything stored is safe, waiting", feed_topic(r->feed), seconds, away->text);
    return 0;
}

int ingest_check_feed(Reader *r, Error *err) {
    Error away = {0};
    bool grown = false;
    if (feed_check(r->feed, r->topic, CHECK_MS, &grown, &away) == 0) {
        r->heard_ns = clock_mono_ns();
        r->check_pause_ms = 0;
        r->outage_logged_ns = 0;
        if (r->options->follow && grown) r->grown = true;
        return 1;
    }
    bool stopped = away.kind == ERR_STOPPED; /* while it waited */
    if (!stopped && !error_is_retriable(&away)) {
        *err = away;
        return -1;
    }
    int rc = stopped ? 0 : report_outage(r, clock_seconds_since(r->heard_ns), &away, err);
    error_clear(&away);
    r->check_pause_ms = ingest_longer_pause(r->check_pause_ms);
    r->check_ns = clock_mono_ns() + (int64_t)r->check_pause_ms * NSEC_PER_MS;
    return rc;
}

/* ---- what it has ---- */

static void take_description(Reader *r, const KafkaTopic *now) {
    for (size_t i = 0; i < r->topic->partition_count && i < now->partition_count; i++) {
        const Offsets *found = &now->partitions[i];
        size_t at = offsets_find(r->partitions, r->count, found->partition);
        bool known = offsets_are_known(found);
        if (at == r->count) {
            r->grown = r->grown || known; /* it was left out */
            continue;
        }
        r->states[at].unanswered = !known;
        if (known && r->options->follow && found->end > r->partitions[at].end) r->partitions[at].end = found->end;
        if (!known && r->states[at].reason == NULL) r->states[at].reason = xstrdup("it has no leader, or its leader gives no answer");
    }
}

/* A feed that is away is dealt with where nothing is read from it. */
static void describe_again(Reader *r) {
    CLEANUP(kafka_topic_done) KafkaTopic now = {0};
    CLEANUP(error_clear) Error away = {0};
    if (feed_describe(r->feed, CHECK_MS, &now, &away) == 0 && now.exists) take_description(r, &now);
    r->described_ns = clock_mono_ns();
}

static int64_t describe_every(const IngestOptions *o) {
    int64_t ms = o->stall_ms > 0 && o->stall_ms / 2 < DESCRIBE_EVERY_MS ? o->stall_ms / 2 : DESCRIBE_EVERY_MS;
    return ms * NSEC_PER_MS;
}

/* ---- one partition ---- */

void ingest_note_problem(Reader *r, const KafkaEvent *e) {
    const Offsets *p = &r->partitions[offsets_find(r->partitions, r->count, e->partition)];
    PartitionState *s = ingest_state(r, p);
    s->problems++;
    s->unreadable = s->unreadable || e->unreadable;
    /* A wrong checksum is the cause of what librdkafka complains about besides. */
    if (s->reason != NULL && (strstr(s->reason, "CRC") != NULL || strstr(e->reason, "CRC") == NULL)) return;
    free(s->reason);
    s->reason = xstrdup(e->reason);
    log_warn("ingest", "%s partition %d: cannot be read on at offset %" PRId64 " just now: %s", feed_topic(r->feed), (int)e->partition,
             p->next, e->reason);
}

static bool is_behind(const Offsets *p, const PartitionState *s) {
    return s->unverified || s->unanswered || p->next < p->end;
}

/* `passed`: since this was last called. Of a partition that does not move now, time in which nothing could be read does not count. */
static void note_progress(const Reader *r, const Offsets *p, PartitionState *s, int64_t passed) {
    bool paused = passed > WATCH_LATE || r->check_pause_ms > 0;
    if (is_behind(p, s) && p->next == s->seen_next && !s->search.active) {
        s->moved_ns += paused ? passed : 0;
        return;
    }
    if (s->reported_ns != 0) log_info("ingest", "%s partition %d moves again", feed_topic(r->feed), (int)p->partition);
    s->seen_next = p->next;
    s->moved_ns = r->now_ns;
    s->reported_ns = 0;
    s->problems = 0;
    s->unreadable = false;
    free(s->reason);
    s->reason = NULL;
}

/* The setting that helps. By librdkafka's texts: its codes do not tell too large from damaged. */
static const char *advice(const PartitionState *s) {
    if (s->reason == NULL) return "; no message and no reason came. Next: is the leader of the partition well?";
    if (strstr(s->reason, "Decompression") != NULL || strstr(s->reason, "too large") != NULL)
        return ". Next: raise kafka.receive.message.max.bytes (up to 2147483647) if it is only large; `smelt ingest --skip-unreadable` records "
               "the batch as a gap and goes on";
    if (s->unreadable)
        return ". Next: restore the broker's log from a replica; kafka.check.crcs=false reads it in spite of its checksum; `smelt ingest "
               "--skip-unreadable` records the batch as a gap and goes on";
    return "";
}

static char *describe_stuck(const Reader *r, const Offsets *p, const PartitionState *s) {
    double seconds = (double)(r->now_ns - s->moved_ns) / (double)NSEC_PER_SEC;
    return xasprintf("%s partition %d has not moved for %.0f s: it is at offset %" PRId64 " of %" PRId64 "%s%s%s", feed_topic(r->feed),
                     (int)p->partition, seconds, p->next, p->end, s->reason != NULL ? ": " : "", s->reason != NULL ? s->reason : "",
                     advice(s));
}

/* Without `follow`: the others are read to their ends, and the caller gets this as the problem. */
static void give_up(Reader *r, const Offsets *p, PartitionState *s) {
    CLEANUP(free_text) char *text = describe_stuck(r, p, s);
    s->given_up = true;
    log_error("ingest", "%s", text);
    if (r->problem.kind == ERR_NONE) error_set(&r->problem, s->unreadable ? ERR_DATA : ERR_UNAVAILABLE, "%s", text);
}

static void report(const Reader *r, const Offsets *p, PartitionState *s) {
    if (s->reported_ns != 0 && r->now_ns - s->reported_ns < REPORT_EVERY) return;
    CLEANUP(free_text) char *text = describe_stuck(r, p, s);
    log_error("ingest", "%s", text);
    s->reported_ns = r->now_ns;
}

/* True: it is stuck. */
static bool judge(Reader *r, const Offsets *p, PartitionState *s) {
    bool stuck = is_behind(p, s) && r->options->stall_ms > 0 && r->check_pause_ms == 0 &&
                 r->now_ns - s->moved_ns >= r->options->stall_ms * NSEC_PER_MS;
    if (stuck && r->options->follow) report(r, p, s);
    if (stuck && !r->options->follow && !s->given_up) give_up(r, p, s);
    return stuck;
}

static json_t *stuck_json(const Reader *r, const Offsets *p, const PartitionState *s) {
    int64_t since_us = clock_wall_us() - (r->now_ns - s->moved_ns) / 1000;
    return json_pack("{ss si sI sI sI ss}", "topic", feed_topic(r->feed), "partition", (int)p->partition, "offset", (json_int_t)p->next,
                     "end_offset", (json_int_t)p->end, "since_us", (json_int_t)since_us, "reason", s->reason != NULL ? s->reason : "");
}

static void tell(Reader *r, json_t *stuck) {
    json_decref(atomic_exchange(&r->stuck, stuck));
}

void ingest_begin_watch(Reader *r) {
    r->began_ns = r->heard_ns = r->now_ns = r->watched_ns = r->described_ns = clock_mono_ns();
    for (size_t i = 0; i < r->count; i++) {
        r->states[i].seen_next = r->partitions[i].next;
        r->states[i].moved_ns = r->now_ns;
    }
}

void ingest_watch(Reader *r) {
    int64_t passed = r->now_ns - r->watched_ns;
    if (passed < WATCH_EVERY) return;
    r->watched_ns = r->now_ns;
    if (r->now_ns - r->described_ns >= describe_every(r->options) && (r->options->follow || r->left_out > 0)) describe_again(r);
    size_t before = r->stuck_count, now = 0;
    CLEANUP(json_freep) json_t *stuck = json_array();
    for (size_t i = 0; i < r->count; i++) {
        note_progress(r, &r->partitions[i], &r->states[i], passed);
        if (!judge(r, &r->partitions[i], &r->states[i])) continue;
        json_array_append_new(stuck, stuck_json(r, &r->partitions[i], &r->states[i]));
        now++;
    }
    r->stuck_count = now;
    if (now != before) tell(r, json_incref(stuck));
}

void ingest_wait_for_left_out(Reader *r) {
    int64_t timeout_ms = r->options->timeout_ms;
    for (int pause = BACKOFF_FIRST_MS;; pause = ingest_longer_pause(pause)) {
        describe_again(r);
        if (r->grown || batch_queue_given_up(r->queue)) return;
        if (timeout_ms > 0 && (clock_mono_ns() - r->began_ns) / NSEC_PER_MS + pause >= timeout_ms) break;
        if (stop_wait_ms(pause)) return;
    }
    if (r->problem.kind != ERR_NONE) return;
    const char *why = r->topic->unanswered_reason;
    error_set(&r->problem, ERR_UNAVAILABLE, "gave up after %.0f s: %zu partition%s of %s could not be read, the others were: %s",
              clock_seconds_since(r->began_ns), r->left_out, r->left_out == 1 ? "" : "s", feed_topic(r->feed),
              why != NULL ? why : "the brokers did not name them");
}

void ingest_states_done(Reader *r) {
    for (size_t i = 0; i < r->count; i++) free(r->states[i].reason);
    free(r->states);
    tell(r, NULL);
    error_clear(&r->problem);
}

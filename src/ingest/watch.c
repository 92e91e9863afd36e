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

#define CHECK_MS          2000 /* twice this is less than the 5 s within which a stop must be done */
#define WATCH_EVERY       NSEC_PER_SEC
#define WATCH_LATE        (5 * NSEC_PER_SEC) /* this thread waited for something else meanwhile */
#define DESCRIBE_EVERY_MS 30000
#define REPORT_EVERY      (60 * NSEC_PER_SEC)
#define NSEC_PER_MS       1000000

/* ---- the whole feed ---- */

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
    int64_t limit_ms = ingest_leaderless_ms(o, o->stall_ms);
    int64_t ms = limit_ms > 0 && limit_ms / 2 < DESCRIBE_EVERY_MS ? limit_ms / 2 : DESCRIBE_EVERY_MS;
    return ms * NSEC_PER_MS;
}

/* ---- one partition ---- */

static void forget_problem(PartitionState *s) {
    s->problems = 0;
    s->unreadable = false;
    free(s->reason);
    s->reason = NULL;
}

void ingest_note_problem(Reader *r, const KafkaEvent *e) {
    const Offsets *p = &r->partitions[offsets_find(r->partitions, r->count, e->partition)];
    PartitionState *s = ingest_state(r, p);
    if (s->reason_next != p->next) forget_problem(s);
    s->reason_next = p->next;
    s->problems++;
    s->unreadable = s->unreadable || e->unreadable;
    /* A wrong checksum is the cause of what librdkafka complains about besides. */
    if (s->reason != NULL && (strstr(s->reason, "CRC") != NULL || strstr(e->reason, "CRC") == NULL)) return;
    free(s->reason);
    s->reason = xstrdup(e->reason);
    log_warn("ingest", "%s partition %d: cannot be read on at offset %" PRId64 " just now: %s", feed_topic(r->feed), (int)e->partition,
             p->next, e->reason);
}

/* With `follow` there may be more messages behind the end that was reported last. */
static bool is_behind(const Reader *r, const Offsets *p, const PartitionState *s) {
    return s->unverified || (s->unanswered && r->options->follow) || p->next < p->end;
}

/* `passed`: since this was last called. Of a partition that does not move now, time in which nothing could be read does not count. */
static void note_progress(const Reader *r, const Offsets *p, PartitionState *s, int64_t passed) {
    bool paused = passed > WATCH_LATE || r->check_pause_ms > 0;
    if (is_behind(r, p, s) && p->next == s->seen_next && !s->search.active) {
        s->moved_ns += paused ? passed : 0;
        return;
    }
    if (s->reported_ns != 0) log_info("ingest", "%s partition %d moves again", feed_topic(r->feed), (int)p->partition);
    s->seen_next = p->next;
    s->moved_ns = r->now_ns;
    s->reported_ns = 0;
    if (!is_behind(r, p, s) || s->reason_next != p->next) forget_problem(s); /* one that came since it moved stays */
}

static const char
    no_reason[] = "; no message and no reason came. Next: is the leader of the partition well?",
    throttled[] = ". Next: raise the quota consumer_byte_rate (or request_percentage) of this user and kafka.client.id, or ingest.timeout";

/* The setting that helps. By librdkafka's texts: its codes do not tell too large from damaged. */
static const char *advice(const PartitionState *s) {
    if (s->reason == NULL) return no_reason;
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
    const char *throttle = s->reason == NULL ? feed_throttle(r->feed) : NULL, *why = throttle != NULL ? throttle : s->reason;
    return xasprintf("%s partition %d has not moved for %.0f s: it is at offset %" PRId64 " of %" PRId64 "%s%s%s", feed_topic(r->feed),
                     (int)p->partition, seconds, p->next, p->end, why != NULL ? ": " : "", why != NULL ? why : "",
                     throttle != NULL ? throttled : advice(s));
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

/* Nobody says why it does not move: a client that keeps what it knew of a broker before may never read on, and a new one does. Tried once
 * for each position, in half the time after which it is called stuck. */
static void try_another_client(Reader *r, const Offsets *p, const PartitionState *s) {
    bool rests = is_behind(r, p, s) && r->options->stall_ms > 0 && r->now_ns - s->moved_ns >= r->options->stall_ms / 2 * NSEC_PER_MS;
    if (!r->options->follow || !rests || s->reason != NULL || s->unanswered || r->check_pause_ms > 0) return;
    if (!feed_renew(r->feed, p->partition, p->next)) return;
    log_warn("ingest", "%s partition %d does not move, and no reason came: trying another client", feed_topic(r->feed), (int)p->partition);
    r->grown = true;
}

static bool report_replaced(const Reader *r, PartitionState *s) {
    if (r->now_ns - s->reported_ns < REPORT_EVERY) return true;
    log_error("ingest", "%s", s->replaced);
    s->reported_ns = r->now_ns;
    return true;
}

/* True: it is stuck. */
static bool judge(Reader *r, const Offsets *p, PartitionState *s) {
    int64_t stall_ms = r->options->stall_ms, limit_ms = s->unanswered ? ingest_leaderless_ms(r->options, stall_ms) : stall_ms;
    if (s->replaced != NULL) return report_replaced(r, s);
    bool stuck = is_behind(r, p, s) && limit_ms > 0 && r->check_pause_ms == 0 && r->now_ns - s->moved_ns >= limit_ms * NSEC_PER_MS;
    if (stuck && r->options->follow) report(r, p, s);
    if (stuck && !r->options->follow && !s->given_up) give_up(r, p, s);
    return stuck;
}

static json_t *stuck_json(const Reader *r, const Offsets *p, const PartitionState *s) {
    const char *throttle = feed_throttle(r->feed), *why = s->reason != NULL ? s->reason : throttle != NULL ? throttle : "";
    if (s->replaced != NULL) why = s->replaced;
    int64_t since_us = clock_wall_us() - (r->now_ns - s->moved_ns) / 1000;
    return json_pack("{ss si sI sI sI ss}", "topic", feed_topic(r->feed), "partition", (int)p->partition, "offset", (json_int_t)p->next,
                     "end_offset", (json_int_t)p->end, "since_us", (json_int_t)since_us, "reason", why);
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

/* Has one not moved for so long that its leader may be gone? */
static bool one_rests(const Reader *r) {
    for (size_t i = 0; i < r->count; i++) {
        const PartitionState *s = &r->states[i];
        bool waits = !s->given_up && is_behind(r, &r->partitions[i], s);
        if (waits && r->now_ns - s->moved_ns >= describe_every(r->options)) return true;
    }
    return false;
}

void ingest_watch(Reader *r) {
    int64_t passed = r->now_ns - r->watched_ns;
    if (passed < WATCH_EVERY) return;
    r->watched_ns = r->now_ns;
    if (r->now_ns - r->described_ns >= describe_every(r->options) && (r->options->follow || r->left_out > 0 || one_rests(r)))
        describe_again(r);
    size_t before = r->stuck_count, now = 0;
    CLEANUP(json_freep) json_t *stuck = json_array();
    for (size_t i = 0; i < r->count; i++) {
        if (r->states[i].replaced == NULL) {
            note_progress(r, &r->partitions[i], &r->states[i], passed);
            try_another_client(r, &r->partitions[i], &r->states[i]);
        }
        if (!judge(r, &r->partitions[i], &r->states[i])) continue;
        json_array_append_new(stuck, stuck_json(r, &r->partitions[i], &r->states[i]));
        now++;
    }
    r->stuck_count = now;
    if (now != before) tell(r, json_incref(stuck));
}

/* "partition 2", "each of partitions 2, 5, 7". */
static void name_left_out(const KafkaTopic *topic, Buf *out) {
    enum { NAMED_MAX = 20 };
    size_t n = 0;
    buf_add_str(out, topic->unanswered == 1 ? "partition " : "each of partitions ");
    for (size_t i = 0; i < topic->partition_count; i++) {
        if (offsets_are_known(&topic->partitions[i])) continue;
        if (n < NAMED_MAX) buf_addf(out, "%s%d", n > 0 ? ", " : "", (int)topic->partitions[i].partition);
        n++;
    }
    if (n > NAMED_MAX) buf_addf(out, " and %zu more", n - NAMED_MAX);
}

void ingest_wait_for_left_out(Reader *r) {
    int64_t limit_ms = ingest_leaderless_ms(r->options, r->options->timeout_ms);
    for (int pause = ingest_longer_pause(0);; pause = ingest_longer_pause(pause)) {
        describe_again(r);
        if (r->grown || batch_queue_given_up(r->queue)) return;
        if (ingest_is_too_long(r->began_ns, pause, limit_ms)) break;
        if (stop_wait_ms(pause)) return;
    }
    if (r->problem.kind != ERR_NONE) return;
    const char *why = r->topic->unanswered_reason;
    CLEANUP(buf_done) Buf which = {0};
    name_left_out(r->topic, &which);
    error_set(
        &r->problem, ERR_UNAVAILABLE,
        "gave up after %.0f s: %zu partition%s of %s could not be read, the others were: %s has no leader, or its leader gives no answer%s%s%s",
        clock_seconds_since(r->began_ns), r->left_out, r->left_out == 1 ? "" : "s", feed_topic(r->feed), which.data,
        why != NULL ? " (" : "", why != NULL ? why : "", why != NULL ? ")" : "");
}

void ingest_states_done(Reader *r) {
    for (size_t i = 0; i < r->count; i++) {
        free(r->states[i].reason);
        free(r->states[i].replaced);
    }
    free(r->states);
    tell(r, NULL);
    error_clear(&r->problem);
}

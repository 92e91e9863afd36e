/* describe.c: what has the feed? Asked for again after growing pauses while it is away, and while no partition has a leader. */
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "ingest/ingest_internal.h"
#include <string.h>

#define DESCRIBE_MS      10000
#define BACKOFF_FIRST_MS 500
#define BACKOFF_MAX_MS   10000
#define SLICE_MS         200 /* of a pause, in which the session may end */
#define REPORT_EVERY     (60 * NSEC_PER_SEC)
#define NSEC_PER_MS      1000000

int ingest_longer_pause(int pause_ms) {
    if (pause_ms == 0) return BACKOFF_FIRST_MS;
    return pause_ms * 2 < BACKOFF_MAX_MS ? pause_ms * 2 : BACKOFF_MAX_MS;
}

/* Is what was described enough to read? */
static int check_description(const Feed *feed, const KafkaTopic *topic, bool all, Error *err) {
    if (!topic->exists)
        return error_set(err, ERR_UNAVAILABLE, "the topic %s does not exist: create it, or run `smelt produce`", feed_topic(feed));
    return all || topic->unanswered == topic->partition_count ? kafka_topic_check_answered(topic, err) : 0;
}

int64_t ingest_leaderless_ms(const IngestOptions *o, int64_t otherwise_ms) {
    bool shorter = !o->follow && o->leaderless_ms > 0 && (otherwise_ms == 0 || o->leaderless_ms < otherwise_ms);
    return shorter ? o->leaderless_ms : otherwise_ms;
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

bool ingest_is_too_long(int64_t since_ns, int pause_ms, int64_t ms) {
    return ms > 0 && clock_seconds_since(since_ns) * 1000 + pause_ms >= (double)ms;
}

int ingest_describe(Feed *feed, const IngestOptions *o, const BatchQueue *queue, bool all, KafkaTopic *ret, Error *err) {
    int64_t began = clock_mono_ns(), answered = began;
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
        bool leaderless = rc == 0 && now.exists && !all; /* Kafka is there, and none of them has a leader */
        if (!leaderless) answered = clock_mono_ns();
        if (ingest_is_too_long(began, pause, o->timeout_ms) ||
            (leaderless && ingest_is_too_long(answered, pause, ingest_leaderless_ms(o, o->timeout_ms))))
            return error_prefix(err, "gave up after %.0f s", clock_seconds_since(began));
        if (is_worth_a_line(&logged, err->text)) log_warn("ingest", "%s; trying again", err->text);
        if (is_over_after(pause, queue)) return error_set(err, ERR_STOPPED, "stopped while waiting for %s", feed_topic(feed));
    }
}

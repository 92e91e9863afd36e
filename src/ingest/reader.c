/* reader.c: the reading thread: polls the feed, fills a batch and hands it over. The invariants are those of session.c. */
#include "ingest/ingest_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include <inttypes.h>

#define POLL_MS            100
#define POLL_FILLING_MS    20 /* while there is a batch to hand over; when nothing comes for so long, a burst is over */
#define QUIET_BEFORE_CHECK (5 * NSEC_PER_SEC)

static bool at_end(const Reader *r) {
    for (size_t i = 0; i < r->count; i++)
        if (!r->states[i].given_up && (r->states[i].unverified || r->partitions[i].next < r->partitions[i].end)) return false;
    return true;
}

static Offsets *find_partition(Reader *r, int32_t partition) {
    size_t i = offsets_find(r->partitions, r->count, partition);
    if (i == r->count) BUG("a message of a partition that is not read");
    return &r->partitions[i];
}

/* Waits for a feed that is away. 1: what was read until now is of the topic that was described at the start; 0: a stop was requested or the
 * queue given up before that was known; -1: error. */
static int wait_until_confirmed(Reader *r, Error *err) {
    for (;;) {
        if (batch_queue_given_up(r->queue)) return 0;
        int rc = ingest_check_feed(r, err);
        if (rc != 0) return rc;
        if (stop_wait_ms(r->check_pause_ms)) return 0;
    }
}

/* Hands the batch over. 1: done, or, without `wait`, both batches are in use: this one is filled further. 0: the queue was given up, or a
 * stop was requested before the feed was there again: the batch is dropped, and its messages are read again next time. -1: error.
 *
 * With `wait` there may be no batch to fill until the one before has landed: this one is staged meanwhile. */
static int hand_over(Reader *r, bool wait, Error *err) {
    Batch *next = batch_queue_take_empty(r->queue, false);
    if (!wait && next == NULL) return 1;
    int rc = ingest_find_schemas(r, err);
    if (rc > 0) rc = wait_until_confirmed(r, err);
    if (rc <= 0) {
        if (next != NULL) batch_queue_put_empty(r->queue, next);
        return rc < 0 ? -1 : 0;
    }
    for (size_t i = 0; i < r->count; i++) {
        if (r->partitions[i].next == r->states[i].handed_over) continue;
        batch_add_position(r->batch, r->partitions[i]);
        r->states[i].handed_over = r->partitions[i].next;
    }
    r->batch->envelope = r->envelope;
    r->handed_ns = r->now_ns;
    batch_queue_put_full(r->queue, r->batch);
    r->batch = next != NULL ? next : batch_queue_take_empty(r->queue, true);
    return r->batch != NULL ? 1 : 0;
}

/* What the feed has of the partition now; OFFSET_UNKNOWN when it has it no more. */
static int describe_partition(Reader *r, const Offsets *p, Offsets *ret, Error *err) {
    CLEANUP(kafka_topic_done) KafkaTopic now = {0};
    if (ingest_describe(r->feed, r->options, r->queue, true, &now, err) != 0) return -1;
    size_t i = offsets_find(now.partitions, now.partition_count, p->partition);
    *ret = i < now.partition_count ? now.partitions[i] : offsets_unknown(p->partition);
    return 0;
}

/* The log of the partition was cut off. 1: the next session reads it on under a new epoch, or nothing more of it is read; -1: error. Where
 * it was cut off is believed of a leader that is newer than the last message alone: one whose log was restored from a copy counts its
 * epochs again. */
static int take_cut(Reader *r, const Offsets *p, int64_t offset, Error *err) {
    Offsets now;
    if (describe_partition(r, p, &now, err) != 0) return -1;
    if (p->leader_epoch >= 0 && now.leader_epoch <= p->leader_epoch) offset = OFFSET_UNKNOWN;
    if (ingest_note_cut(r->feed, r->options, r->epoch, p, offset, r->cuts, err) != 0)
        return err->kind == ERR_DATA ? ingest_leave(r, p, err) : -1;
    r->cut = true;
    return 1;
}

/* A message below what is to be read next: delivered again, which does no harm; or written where a gap was, after the log was cut off. */
static int take_old_message(Reader *r, const Offsets *p, int64_t offset, Error *err) {
    return p->last >= 0 && offset > p->last ? take_cut(r, p, offset, err) : 1;
}

/* For a message of so many bytes. */
static bool has_room(const Reader *r, size_t len) {
    while (batch_is_full_for(r->batch, len))
        if (!batch_queue_extend(r->queue, r->batch)) return false;
    return true;
}

static int take_message(Reader *r, Offsets *p, const KafkaEvent *e, Error *err) {
    if (e->offset < p->next) return take_old_message(r, p, e->offset, err);
    if (!r->options->follow && p->next >= p->end) return 1; /* written after the end that was seen at the start */
    int rc = has_room(r, e->len + e->key_len + e->headers_len) ? 1 : hand_over(r, true, err);
    if (rc <= 0) return rc;
    ingest_pass_gap(r, p, e->offset);
    batch_add(r->batch, e->partition, e->offset, e->timestamp_us, e->value, e->len);
    if (e->key != NULL || e->headers != NULL)
        batch_add_extras(r->batch, r->options->keep_keys, e->key, e->key_len, e->headers, e->headers_len);
    p->last = e->offset;
    p->last_us = e->timestamp_us;
    p->leader_epoch = e->leader_epoch;
    p->next = e->offset + 1;
    if (p->next > p->end) p->end = p->next;
    return 1;
}

/* The end is below what was read: an answer of a leader that is not up to date yet, or the log was cut off behind the last message. */
static int take_early_end(Reader *r, const Offsets *p, Error *err) {
    Offsets now;
    if (describe_partition(r, p, &now, err) != 0) return -1;
    return offsets_are_known(&now) && now.end < p->next ? take_cut(r, p, now.end, err) : 1;
}

static int take_partition_end(Reader *r, Offsets *p, const KafkaEvent *e, Error *err) {
    if (e->offset < p->next && p->last >= 0) return take_early_end(r, p, err);
    int64_t end = r->options->follow || e->offset < p->end ? e->offset : p->end;
    ingest_pass_gap(r, p, end);
    p->end = r->options->follow ? e->offset : p->end;
    return 1;
}

/* Where the epoch of the last message ends in the log now: see cuts.c. */
static int take_truncation(Reader *r, const Offsets *p, const KafkaEvent *e, Error *err) {
    if (e->offset == OFFSET_UNKNOWN || p->last < 0 || e->offset <= p->last) return take_cut(r, p, e->offset, err);
    return feed_seek(r->feed, p->partition, p->last + 1, err) == 0 ? 1 : -1;
}

static int take_out_of_range(Reader *r, Offsets *p, Error *err) {
    Offsets now;
    if (describe_partition(r, p, &now, err) != 0) return -1;
    if (!offsets_are_known(&now))
        return error_set(err, ERR_DATA, "%s partition %d is no longer there: it was deleted; run `smelt ingest` again for details",
                         feed_topic(r->feed), (int)p->partition);
    if (p->next > now.end) {
        p->end = now.end;
        return take_cut(r, p, p->last >= 0 && now.end > p->last ? now.end : OFFSET_UNKNOWN, err);
    }
    if (now.start > p->next) ingest_skip_to(r, p, now.start, "retention");
    /* an answer from before the leader was asked ends the asking */
    if (ingest_state(r, p)->unverified) return ingest_verify(r, p, &now, err) == 0 ? 1 : -1;
    return feed_seek(r->feed, p->partition, p->next, err) == 0 ? 1 : -1;
}

/* Nothing was read for a while: is the feed away, is it another one, or has it nothing new? */
static int check_silence(Reader *r, Error *err) {
    if (r->now_ns - r->heard_ns < QUIET_BEFORE_CHECK || r->now_ns < r->check_ns) return 1;
    return ingest_check_feed(r, err) < 0 ? -1 : 1;
}

static int64_t commit_interval_ms(const IngestOptions *o) {
    bool hurry = o->hurry != NULL && atomic_load_explicit(o->hurry, memory_order_relaxed);
    return hurry ? o->hurried_interval_ms : o->commit_interval_ms;
}

/* More comes soon, so it is worth waiting for; but not when nothing had come for as long before this batch, and it is over. */
static bool is_due(const Reader *r) {
    if (batch_is_empty(r->batch)) return false;
    int64_t interval_ns = commit_interval_ms(r->options) * 1000000, began_ns = r->batch->started_ns;
    return r->now_ns - began_ns >= interval_ns || (r->options->follow && r->is_over && began_ns - r->handed_ns >= interval_ns);
}

/* The last message once more. 1: the event is dealt with; 0: it is like any other; -1: error. */
static int recheck(Reader *r, Offsets *p, const KafkaEvent *e, Error *err) {
    PartitionState *s = ingest_state(r, p);
    if (s->recheck == RECHECK_DONE) return 0;
    bool is_message = e->kind == KAFKA_MESSAGE, is_damaged = e->kind == KAFKA_PROBLEM && e->unreadable;
    if (s->recheck == RECHECK_WANTED) {
        if (!is_message && e->kind != KAFKA_END) return 0;
        s->recheck = RECHECK_ASKED;
        return feed_seek(r->feed, p->partition, p->last, err) == 0 ? 1 : -1;
    }
    if (is_message && e->offset < p->last) return 1;
    if (!is_message && e->kind != KAFKA_END && e->kind != KAFKA_OUT_OF_RANGE && !is_damaged) return 0;
    s->recheck = RECHECK_DONE;
    if (is_damaged) return feed_seek(r->feed, p->partition, p->next, err) == 0 ? 1 : -1; /* it was read before that */
    if (!is_message || e->offset > p->last) return 0;                                    /* compaction took it */
    return e->timestamp_us == p->last_us ? 1 : take_cut(r, p, OFFSET_UNKNOWN, err);
}

static int take_event(Reader *r, const KafkaEvent *e, Error *err) {
    Offsets *p = find_partition(r, e->partition);
    int rc;
    if (ingest_state(r, p)->replaced != NULL) return 1;
    if (r->options->skip_unreadable && ingest_skip_unreadable(r, p, e, &rc, err)) return rc;
    if (e->kind == KAFKA_MESSAGE || e->kind == KAFKA_END) {
        ingest_state(r, p)->unverified = false;
        atomic_store(&r->heard, true);
    }
    if ((rc = recheck(r, p, e, err)) != 0) return rc;
    switch (e->kind) {
    case KAFKA_MESSAGE: return take_message(r, p, e, err);
    case KAFKA_END: return take_partition_end(r, p, e, err);
    case KAFKA_OUT_OF_RANGE: return take_out_of_range(r, p, err);
    case KAFKA_TRUNCATED: return take_truncation(r, p, e, err);
    case KAFKA_PROBLEM: ingest_note_problem(r, e); return 1;
    case KAFKA_NOTHING: break;
    }
    BUG("an event of no partition");
}

/* One event. 1: read on, 0: stop reading, -1: error. */
static int handle_event(Reader *r, Error *err) {
    KafkaEvent e;
    if (feed_poll(r->feed, batch_is_empty(r->batch) ? POLL_MS : POLL_FILLING_MS, &e, err) != 0) return -1;
    r->now_ns = clock_coarse_ns();
    r->is_over = e.kind == KAFKA_NOTHING;
    if (r->is_over) return check_silence(r, err);
    r->heard_ns = r->now_ns;
    return take_event(r, &e, err);
}

static bool positions_moved(const Reader *r) {
    for (size_t i = 0; i < r->count; i++)
        if (r->partitions[i].next != r->states[i].handed_over) return true;
    return false;
}

static bool goes_on(const Reader *r) {
    if (stop_requested() || batch_queue_given_up(r->queue) || r->grown || r->cut) return false;
    return r->options->follow || !at_end(r);
}

void ingest_read_feed(Reader *r) {
    int rc = 1;
    r->handed_ns = clock_coarse_ns();
    ingest_begin_watch(r);
    while (rc > 0 && goes_on(r)) {
        rc = handle_event(r, &r->err);
        if (rc > 0) ingest_watch(r);
        if (rc > 0 && is_due(r)) rc = hand_over(r, false, &r->err);
    }
    if (rc < 0 && r->err.kind == ERR_STOPPED) error_clear(&r->err); /* while it waited: no failure */
    if (rc > 0 && positions_moved(r)) rc = hand_over(r, true, &r->err);
    if (rc > 0 && !r->options->follow && !r->cut && r->left_out > 0) ingest_wait_for_left_out(r);
    if (rc <= 0 || stop_requested()) r->grown = r->cut = false;
}

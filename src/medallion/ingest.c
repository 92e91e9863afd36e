/* ingest.c: reading and landing overlap: the reader thread polls the feed and fills a batch while the calling thread lands the other one.
 *
 * Invariants: an offset below `expected` of its partition is dropped (redelivered by the client library), one above it makes a gap; so the
 * offsets of all batches of a partition, in order, are seamless. Progress is stored only by bronze_land, with the rows. A batch lands only
 * after the feed was seen to be the same one once more (feed_check): the offsets of a topic that was recreated meanwhile mean other
 * messages. */
#include "medallion/ingest.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/room.h"
#include "base/stop.h"
#include "medallion/batch_queue.h"
#include "medallion/landing.h"
#include "medallion/ledger.h"
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#define POLL_MS            100
#define TURN_MS            1000
#define DESCRIBE_MS        10000
#define CHECK_MS           2000 /* twice this is less than the 5 s in which we end */
#define QUIET_BEFORE_CHECK (5 * NSEC_PER_SEC)
#define FULL_PAUSE_MS      1000
#define BACKOFF_FIRST_MS   500
#define BACKOFF_MAX_MS     10000

typedef struct Partition {
    int32_t id;
    int64_t start, expected; /* expected: the next offset that may be added */
    int64_t end;             /* as last seen; without `follow` reading stops here */
    bool moved;              /* since the last batch was handed over */
} Partition;

typedef struct Reader {
    Feed *feed;
    const IngestOptions *options;
    const KafkaTopic *topic; /* as it was described at the start */
    Partition *partitions;
    size_t count;
    Batch *batch; /* being filled */
    BatchQueue *queue;
    int64_t heard_ns; /* when the feed last said anything */
    bool grown;       /* the topic has partitions that we do not read yet */
    Error err;        /* why it ended; read after the thread was joined */
} Reader;

/* ---- where to start ---- */

static int longer(int pause_ms) {
    return pause_ms * 2 < BACKOFF_MAX_MS ? pause_ms * 2 : BACKOFF_MAX_MS;
}

/* Waits for the feed with growing pauses, saying so, until the timeout; not longer than anybody is there to land (`queue`, NULL: at the
 * start). */
static int describe_patiently(Feed *feed, const IngestOptions *o, const BatchQueue *queue, KafkaTopic *ret, Error *err) {
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

static int check_identity(Feed *feed, const KafkaTopic *now, Ledger *ledger, const IngestOptions *o, Error *err) {
    bool same = !ledger->known || ledger->topic_id == NULL || ledger->topic_id[0] == '\0' || strcmp(ledger->topic_id, now->topic_id) == 0;
    if (same) return 0;
    if (!o->new_epoch)
        return error_set(err, ERR_DATA,
                         "%s was deleted and recreated: its id was %s, now it is %s. Nothing was read. If that was meant, run `smelt "
                         "ingest --new-epoch` "
                         "once: it reads the new one from its beginning and keeps what the old one brought",
                         feed_topic(feed), ledger->topic_id, now->topic_id);
    log_warn("ingest", "%s was recreated (id %s, before %s): reading epoch %d from its beginning", feed_topic(feed), now->topic_id,
             ledger->topic_id, ledger->epoch + 1);
    int epoch = ledger->epoch + 1;
    ledger_done(ledger);
    ledger->epoch = epoch;
    return 0;
}

/* Kafka's retention was faster than we: these offsets are recorded as a gap and said, never skipped in silence. */
static void skip_to(Reader *r, Partition *p, int64_t low, const char *reason) {
    log_error("ingest", "%s partition %d: offsets %" PRId64 " to %" PRId64 " are lost (%s): Kafka no longer has them", feed_topic(r->feed),
              p->id, p->expected, low - 1, reason);
    batch_add_gap(r->batch, (BatchGap){.partition = p->id, .first_offset = p->expected, .next_offset = low, .reason = reason});
    p->expected = low;
    p->moved = true;
}

static int place_partition(Reader *r, const KafkaPartition *now, const LedgerPartition *before, Error *err) {
    Partition *p = &r->partitions[r->count++];
    *p = (Partition){.id = now->id, .start = now->low, .expected = now->low, .end = now->high};
    if (before == NULL) {
        p->moved = true; /* so that the ledger knows the partition even while it is empty */
        return 0;
    }
    p->start = before->start_offset;
    p->expected = before->next_offset;
    if (p->expected > now->high)
        return error_set(err, ERR_DATA,
                         "%s partition %d ends at offset %" PRId64 ", but %" PRId64 " were read before: it was truncated or replaced",
                         feed_topic(r->feed), p->id, now->high, p->expected);
    if (p->expected < now->low) skip_to(r, p, now->low, "retention");
    return 0;
}

static int place_all(Reader *r, const KafkaTopic *now, const Ledger *ledger, Error *err) {
    r->partitions = xcalloc((size_t)now->partition_count, sizeof *r->partitions);
    for (int i = 0; i < now->partition_count; i++)
        if (place_partition(r, &now->partitions[i], ledger_find(ledger, now->partitions[i].id), err) != 0) return -1;
    return 0;
}

static int start_feed(Reader *r, Error *err) {
    KafkaPosition *from = xcalloc(r->count, sizeof *from);
    for (size_t i = 0; i < r->count; i++) from[i] = (KafkaPosition){r->partitions[i].id, r->partitions[i].expected};
    int rc = feed_start(r->feed, from, r->count, err);
    free(from);
    return rc;
}

/* ---- the reading thread ---- */

static bool at_end(const Reader *r) {
    for (size_t i = 0; i < r->count; i++)
        if (r->partitions[i].expected < r->partitions[i].end) return false;
    return true;
}

static Partition *find_partition(Reader *r, int32_t id) {
    if (id >= 0 && (size_t)id < r->count && r->partitions[id].id == id) return &r->partitions[id];
    for (size_t i = 0; i < r->count; i++)
        if (r->partitions[i].id == id) return &r->partitions[i];
    BUG("a message of a partition that is not read");
}

/* The feed is away, for `seconds` now: says so. ERR_UNAVAILABLE when that is too long. */
static int bear_absence(const Reader *r, double seconds, const Error *away, Error *err) {
    if (r->options->timeout_ms > 0 && seconds * 1000 >= (double)r->options->timeout_ms)
        return error_set(err, ERR_UNAVAILABLE, "gave up after %.0f s: %s", seconds, away->text);
    log_warn("ingest", "away for %.0f s: %s; everything stored is safe, waiting", seconds, away->text);
    return 0;
}

/* One look at the feed. 1: it is ours, 0: it is away, -1: it is another one, or away for too long. */
static int look(Reader *r, Error *err) {
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
    int rc = stopped ? 0 : bear_absence(r, clock_seconds_since(r->heard_ns), &away, err);
    error_clear(&away);
    return rc;
}

/* Waits for a feed that is away. 1: what was read until now is of the topic that we know, 0: asked to stop, or the lander gave up, before
 * that was known, -1: error. */
static int confirm(Reader *r, Error *err) {
    for (int pause = BACKOFF_FIRST_MS;; pause = longer(pause)) {
        if (batch_queue_given_up(r->queue)) return 0;
        int rc = look(r, err);
        if (rc != 0) return rc;
        if (stop_wait_ms(pause)) return 0;
    }
}

/* Hands the batch over. 1: it went, or without `wait` stays here to be filled further since the lander is busy; 0: the lander gave up, or
 * we shall stop before the feed is there again: the batch is dropped, and read again next time; -1: error. */
static int hand_over(Reader *r, bool wait, Error *err) {
    Batch *next = wait ? NULL : batch_queue_take_empty(r->queue, false);
    if (!wait && next == NULL) return 1;
    int rc = confirm(r, err);
    if (rc > 0 && wait) next = batch_queue_take_empty(r->queue, true);
    if (rc <= 0 || next == NULL) {
        if (next != NULL) batch_queue_put_empty(r->queue, next);
        return rc < 0 ? -1 : 0;
    }
    for (size_t i = 0; i < r->count; i++) {
        Partition *p = &r->partitions[i];
        if (p->moved) batch_set_position(r->batch, (BatchPosition){p->id, p->start, p->expected});
        p->moved = false;
    }
    batch_queue_put_full(r->queue, r->batch);
    r->batch = next;
    return 1;
}

static void pass_gap(Reader *r, Partition *p, int64_t offset) {
    if (offset <= p->expected) return;
    batch_add_gap(r->batch,
                  (BatchGap){.partition = p->id, .first_offset = p->expected, .next_offset = offset, .reason = "compacted_or_aborted"});
    p->expected = offset;
    p->moved = true;
}

static int take_message(Reader *r, const KafkaEvent *e, Error *err) {
    Partition *p = find_partition(r, e->partition);
    if (e->offset < p->expected) return 1;
    if (!r->options->follow && p->expected >= p->end) return 1; /* came after the end that we promised to read to */
    int rc = batch_is_full_for(r->batch, e->len) ? hand_over(r, true, err) : 1;
    if (rc <= 0) return rc;
    pass_gap(r, p, e->offset);
    batch_add(r->batch, e->partition, e->offset, e->timestamp_us, e->value, e->len);
    p->expected = e->offset + 1;
    p->moved = true;
    if (p->expected > p->end) p->end = p->expected;
    return 1;
}

static void take_end(Reader *r, const KafkaEvent *e) {
    Partition *p = find_partition(r, e->partition);
    int64_t end = r->options->follow || e->offset < p->end ? e->offset : p->end;
    pass_gap(r, p, end);
    p->end = r->options->follow ? e->offset : p->end;
}

static int take_out_of_range(Reader *r, const KafkaEvent *e, Error *err) {
    Partition *p = find_partition(r, e->partition);
    KafkaTopic now = {0};
    if (describe_patiently(r->feed, r->options, r->queue, &now, err) != 0) return -1;
    int64_t low = -1, high = -1;
    for (int i = 0; i < now.partition_count; i++)
        if (now.partitions[i].id == p->id) low = now.partitions[i].low, high = now.partitions[i].high;
    kafka_topic_done(&now);
    if (low < 0 || p->expected > high)
        return error_set(err, ERR_DATA,
                         "%s partition %d no longer reaches offset %" PRId64
                         ": it was deleted, truncated or recreated; run `smelt ingest` again for details",
                         feed_topic(r->feed), p->id, p->expected);
    if (low > p->expected) skip_to(r, p, low, "retention");
    return feed_seek(r->feed, (KafkaPosition){p->id, p->expected}, err);
}

/* Nothing came for a while: is the feed away, is it another one, or is there nothing? */
static int check_silence(Reader *r, Error *err) {
    if (clock_mono_ns() - r->heard_ns < QUIET_BEFORE_CHECK) return 0;
    return look(r, err) < 0 ? -1 : 0;
}

static bool is_due(const Reader *r) {
    if (batch_is_empty(r->batch)) return false;
    return (clock_coarse_ns() - r->batch->started_ns) / 1000000 >= r->options->commit_interval_ms;
}

/* One event. 1: go on, 0: the lander gave up, -1: error. */
static int step(Reader *r, Error *err) {
    KafkaEvent e;
    if (feed_poll(r->feed, POLL_MS, &e, err) != 0) return -1;
    if (e.kind != KAFKA_NOTHING) r->heard_ns = clock_coarse_ns();
    switch (e.kind) {
    case KAFKA_MESSAGE: return take_message(r, &e, err);
    case KAFKA_END: take_end(r, &e); return 1;
    case KAFKA_OUT_OF_RANGE: return take_out_of_range(r, &e, err) == 0 ? 1 : -1;
    case KAFKA_NOTHING: return check_silence(r, err) == 0 ? 1 : -1;
    }
    BUG("unknown event");
}

static bool positions_moved(const Reader *r) {
    for (size_t i = 0; i < r->count; i++)
        if (r->partitions[i].moved) return true;
    return false;
}

static void *read_feed(void *arg) {
    Reader *r = arg;
    r->heard_ns = clock_mono_ns();
    int rc = 1;
    while (rc > 0 && !stop_requested() && !batch_queue_given_up(r->queue) && !r->grown && (r->options->follow || !at_end(r))) {
        rc = step(r, &r->err);
        if (rc > 0 && is_due(r)) rc = hand_over(r, false, &r->err);
    }
    if (rc < 0 && r->err.kind == ERR_STOPPED) error_clear(&r->err); /* while it waited: no failure */
    if (rc > 0 && positions_moved(r)) rc = hand_over(r, true, &r->err);
    if (rc <= 0 || stop_requested()) r->grown = false;
    batch_queue_close(r->queue);
    return NULL;
}

/* ---- the landing thread ---- */

static uint64_t total_left(const Reader *r) {
    uint64_t left = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->partitions[i].end > r->partitions[i].expected) left += (uint64_t)(r->partitions[i].end - r->partitions[i].expected);
    return left;
}

static void report_positions(Feed *feed, const BatchPosition *moved, size_t n) {
    KafkaPosition *positions = xcalloc(n, sizeof *positions);
    for (size_t i = 0; i < n; i++) positions[i] = (KafkaPosition){moved[i].partition, moved[i].next_offset};
    if (n > 0) feed_report(feed, positions, n);
    free(positions);
}

static void after_landing(const Bronze *bronze, Reader *r, const BronzeCounts *counts, const BatchPosition *moved, size_t n) {
    watermark_landed(r->options->watermark, &(WatermarkBatch){.topic = bronze_topic(bronze),
                                                              .positions = moved,
                                                              .position_count = n,
                                                              .batch_id = bronze_batch_id(bronze),
                                                              .counts = *counts});
    report_positions(r->feed, moved, n);
}

static int need_room(const IngestOptions *o, Error *err) {
    if (o->room_dir == NULL) return 0;
    return o->follow ? room_wait(o->room_dir, o->reserve, err) : room_check(o->room_dir, o->reserve, err);
}

/* One turn: lands a batch when there is one within a second. */
static int turn(Landing *landing, const Bronze *bronze, Reader *r, BronzeCounts *total, bool *ret_closed, Error *err) {
    BronzeCounts counts = {0};
    const BatchPosition *moved;
    size_t n;
    if (need_room(r->options, err) != 0) return -1;
    int rc = landing_next(landing, TURN_MS, &counts, &moved, &n, ret_closed, err);
    if (rc < 0) return -1;
    if (rc > 0) after_landing(bronze, r, &counts, moved, n);
    total->landed += counts.landed;
    total->duplicates += counts.duplicates;
    total->rejected += counts.rejected;
    total->gaps += counts.gaps;
    if (*ret_closed || r->options->on_turn == NULL) return 0;
    return r->options->on_turn(r->options->user, rc > 0, err);
}

static int land_all(Bronze *bronze, Reader *r, Progress *progress, BronzeCounts *total, Error *err) {
    CLEANUP(landing_freep) Landing *landing = NULL;
    if (landing_start(bronze, r->queue, &landing, err) != 0) return -1;
    for (bool closed = false; !closed;) {
        if (turn(landing, bronze, r, total, &closed, err) != 0) return -1;
        if (progress != NULL) progress_update(progress, (uint64_t)(total->landed + total->duplicates + total->rejected + total->gaps));
    }
    return 0;
}

static int read_and_land(Bronze *bronze, Reader *r, BronzeCounts *total, Error *err) {
    Progress progress;
    if (!r->options->quiet) progress_start(&progress, "ingest", "events", r->options->follow ? 0 : total_left(r));
    pthread_t thread;
    int problem = pthread_create(&thread, NULL, read_feed, r);
    if (problem != 0) return error_errno(err, ERR_IO, problem, "cannot start the reading thread");
    int rc = land_all(bronze, r, r->options->quiet ? NULL : &progress, total, err);
    if (rc != 0) batch_queue_give_up(r->queue);
    pthread_join(thread, NULL);
    if (!r->options->quiet) progress_end(&progress);
    if (rc == 0 && r->err.kind != ERR_NONE) {
        *err = r->err;
        r->err = (Error){0};
        rc = -1;
    }
    return rc;
}

static void reader_done(Reader *r) {
    if (r->batch != NULL) batch_free(r->batch);
    if (r->queue != NULL) batch_queue_free(r->queue);
    free(r->partitions);
    error_clear(&r->err);
}

/* The ledger says what was stored: the reader may have been further. */
static int fill_result(LakeConn *conn, const Reader *r, IngestResult *ret, Error *err) {
    CLEANUP(ledger_done) Ledger ledger = {0};
    if (ledger_read(conn, feed_topic(r->feed), &ledger, err) != 0) return -1;
    free(ret->partitions);
    ret->partitions = xcalloc(r->count, sizeof *ret->partitions);
    ret->partition_count = r->count;
    ret->stopped = false;
    for (size_t i = 0; i < r->count; i++) {
        const LedgerPartition *stored = ledger_find(&ledger, r->partitions[i].id);
        int64_t next = stored != NULL ? stored->next_offset : r->partitions[i].start, end = r->partitions[i].end;
        ret->partitions[i] = (IngestPartition){r->partitions[i].id, next, end};
        if (!r->options->follow && next < end) ret->stopped = true;
    }
    return 0;
}

/* *ret_again: the topic has grown meanwhile, there is more to follow. */
static int run_described(LakeConn *conn, Feed *feed, const IngestOptions *options, const KafkaTopic *now, IngestResult *ret,
                         bool *ret_again, Error *err) {
    CLEANUP(ledger_done) Ledger ledger = {0};
    CLEANUP(bronze_freep) Bronze *bronze = NULL;
    CLEANUP(reader_done) Reader r = {.feed = feed, .options = options, .topic = now};
    if (ledger_read(conn, feed_topic(feed), &ledger, err) != 0 || check_identity(feed, now, &ledger, options, err) != 0) return -1;
    BronzeTopic topic = {.name = feed_topic(feed), .epoch = ledger.epoch, .topic_id = now->topic_id, .cluster_id = now->cluster_id};
    if (bronze_open(lake_of(conn), &topic, &bronze, err) != 0) return -1;
    r.queue = batch_queue_new(options->batch_rows, options->batch_bytes);
    r.batch = batch_queue_take_empty(r.queue, true);
    if (place_all(&r, now, &ledger, err) != 0 || start_feed(&r, err) != 0) return -1;
    if (read_and_land(bronze, &r, &ret->counts, err) != 0 || fill_result(conn, &r, ret, err) != 0) return -1;
    *ret_again = r.grown;
    if (r.grown) log_info("ingest", "%s has more partitions now: reading them too", feed_topic(feed));
    return 0;
}

static int run_once(LakeConn *conn, Feed *feed, const IngestOptions *options, IngestResult *ret, bool *ret_again, Error *err) {
    CLEANUP(kafka_topic_done) KafkaTopic now = {0};
    if (describe_patiently(feed, options, NULL, &now, err) != 0) return -1;
    return run_described(conn, feed, options, &now, ret, ret_again, err);
}

static bool can_wait_for_room(const LakeConn *conn, const IngestOptions *o, const Error *err) {
    return err->kind == ERR_FULL && o->follow && o->room_dir != NULL && !lake_is_lost(lake_of(conn));
}

/* The disk was full all the same: what was not stored is read again when there is room, and what was stored is perhaps not refined yet. */
static int pass_full_disk(const LakeConn *conn, const IngestOptions *o, Error *err) {
    int rc = -1;
    while (rc != 0 && can_wait_for_room(conn, o, err)) {
        log_error("ingest", "%s", err->text);
        error_clear(err);
        if (stop_wait_ms(FULL_PAUSE_MS)) return error_set(err, ERR_STOPPED, "stopped while the disk was full");
        if (room_wait(o->room_dir, o->reserve, err) != 0) return -1;
        rc = o->on_turn != NULL ? o->on_turn(o->user, true, err) : 0;
    }
    return rc;
}

int ingest_run(LakeConn *conn, Feed *feed, const IngestOptions *options, IngestResult *ret, Error *err) {
    CLEANUP(ingest_result_done) IngestResult result = {0};
    int64_t began = clock_mono_ns();
    for (bool again = true; again;)
        if (run_once(conn, feed, options, &result, &again, err) != 0 && pass_full_disk(conn, options, err) != 0) return -1;
    result.seconds = clock_seconds_since(began);
    *ret = result;
    result = (IngestResult){0};
    return 0;
}

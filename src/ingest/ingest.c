/* ingest.c: reading and landing overlap: the reader thread polls the feed and fills a batch while the calling thread lands the other one.
 *
 * Invariants: an offset below `next` of its partition is dropped (redelivered by the client library), one above it makes a gap; so the
 * offsets of all batches of a partition, in order, are seamless. Progress is stored only by bronze_land, with the rows. A batch lands only
 * after the feed was seen to be the same one once more (feed_check): the offsets of a topic that was recreated meanwhile mean other
 * messages. */
#include "ingest/ingest_internal.h"

#include "base/clock.h"
#include "base/disk_space.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/stop.h"
#include "ingest/landing.h"
#include "ledger/ledger.h"
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#define STEP_MS       1000
#define FULL_PAUSE_MS 1000

/* ---- where to start ---- */

static int check_identity(Feed *feed, const KafkaTopic *now, TopicOffsets *ledger, const IngestOptions *o, Error *err) {
    const char *was = ledger->topic.topic_id;
    if (was == NULL || was[0] == '\0' || strcmp(was, now->topic_id) == 0) return 0;
    if (!o->new_epoch)
        return error_set(err, ERR_DATA,
                         "%s was deleted and recreated: its id was %s, now it is %s. Nothing was read. If that was meant, run `smelt "
                         "ingest --new-epoch` "
                         "once: it reads the new one from its beginning and keeps what the old one brought",
                         feed_topic(feed), was, now->topic_id);
    log_warn("ingest", "%s was recreated (id %s, before %s): reading epoch %d from its beginning", feed_topic(feed), now->topic_id, was,
             ++ledger->topic.epoch);
    ledger->count = 0;
    return 0;
}

/* `p` is as Kafka describes it; `before`, how far the ledger has it: NULL when it was not read before. */
static int init_partition(Reader *r, Offsets *p, const Offsets *before, Error *err) {
    int64_t start = p->start;
    if (before == NULL) {
        p->next = start;
        return 0;
    }
    p->start = before->start;
    p->next = before->next;
    if (p->next > p->end)
        return error_set(err, ERR_DATA,
                         "%s partition %d ends at offset %" PRId64 ", but %" PRId64 " were read before: it was truncated or replaced",
                         feed_topic(r->feed), (int)p->partition, p->end, p->next);
    if (p->next < start) ingest_skip_to(r, p, start, "retention");
    return 0;
}

static int init_offsets(Reader *r, const KafkaTopic *now, const TopicOffsets *ledger, Error *err) {
    r->partitions = xcalloc(now->partition_count, sizeof *r->partitions);
    r->handed_over = xcalloc(now->partition_count, sizeof *r->handed_over);
    for (r->count = 0; r->count < now->partition_count; r->count++) {
        const Offsets *before = topic_offsets_find(ledger, now->partitions[r->count].partition);
        r->partitions[r->count] = now->partitions[r->count];
        r->handed_over[r->count] = before != NULL ? before->next : OFFSET_UNKNOWN; /* the ledger gets to know also an empty partition */
        if (init_partition(r, &r->partitions[r->count], before, err) != 0) return -1;
    }
    return 0;
}

/* ---- the landing thread ---- */

static uint64_t total_left(const Reader *r) {
    uint64_t left = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->partitions[i].end > r->partitions[i].next) left += (uint64_t)(r->partitions[i].end - r->partitions[i].next);
    return left;
}

static void after_landing(const Bronze *bronze, Reader *r, const LedgerCounts *counts, const Offsets *moved, size_t n) {
    commit_mark_keeper_landed(r->options->mark, &(CommitMarkBatch){.topic = bronze_topic(bronze),
                                                                   .positions = moved,
                                                                   .position_count = n,
                                                                   .batch_id = bronze_batch_id(bronze),
                                                                   .counts = *counts});
    if (n > 0) feed_report(r->feed, moved, n);
}

static int check_disk_space(const IngestOptions *o, Error *err) {
    if (o->disk_dir == NULL) return 0;
    return o->follow ? disk_space_wait(o->disk_dir, o->reserve, err) : disk_space_check(o->disk_dir, o->reserve, err);
}

/* One step: lands a batch when there is one within a second. */
static int step(Landing *landing, const Bronze *bronze, Reader *r, LedgerCounts *total, bool *ret_closed, Error *err) {
    LedgerCounts counts = {0};
    const Offsets *moved;
    size_t n;
    if (check_disk_space(r->options, err) != 0) return -1;
    int rc = landing_next(landing, STEP_MS, &counts, &moved, &n, ret_closed, err);
    if (rc < 0) return -1;
    if (rc > 0) after_landing(bronze, r, &counts, moved, n);
    total->landed += counts.landed;
    total->duplicates += counts.duplicates;
    total->rejected += counts.rejected;
    total->gaps += counts.gaps;
    if (*ret_closed || r->options->after_step == NULL) return 0;
    return r->options->after_step(r->options->user, rc > 0, err);
}

static int land_all(Bronze *bronze, Reader *r, Progress *progress, LedgerCounts *total, Error *err) {
    CLEANUP(landing_freep) Landing *landing = NULL;
    if (landing_start(bronze, r->queue, &landing, err) != 0) return -1;
    for (bool closed = false; !closed;) {
        if (step(landing, bronze, r, total, &closed, err) != 0) return -1;
        if (progress != NULL) progress_update(progress, (uint64_t)(total->landed + total->duplicates + total->rejected + total->gaps));
    }
    return 0;
}

static int read_and_land(Bronze *bronze, Reader *r, LedgerCounts *total, Error *err) {
    Progress progress;
    if (!r->options->quiet) progress_start(&progress, "ingest", "events", r->options->follow ? 0 : total_left(r));
    pthread_t thread;
    int problem = pthread_create(&thread, NULL, ingest_read_feed, r);
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
    free(r->handed_over);
    error_clear(&r->err);
}

/* The ledger says what was stored: the reader may have been further. */
static int fill_result(LakeConn *conn, const Reader *r, IngestResult *ret, Error *err) {
    CLEANUP(topic_offsets_done) TopicOffsets ledger = {0};
    if (ledger_read(conn, feed_topic(r->feed), &ledger, err) != 0) return -1;
    free(ret->partitions);
    ret->partitions = xcalloc(r->count, sizeof *ret->partitions);
    ret->partition_count = r->count;
    ret->stopped = false;
    for (size_t i = 0; i < r->count; i++) {
        Offsets *p = &ret->partitions[i];
        *p = r->partitions[i];
        const Offsets *stored = topic_offsets_find(&ledger, p->partition);
        p->next = stored != NULL ? stored->next : p->start;
        if (!r->options->follow && p->next < p->end) ret->stopped = true;
    }
    return 0;
}

/* *ret_again: the topic has grown meanwhile, there is more to follow. */
static int run_described(LakeConn *conn, Feed *feed, const IngestOptions *options, const KafkaTopic *now, IngestResult *ret,
                         bool *ret_again, Error *err) {
    CLEANUP(topic_offsets_done) TopicOffsets ledger = {0};
    CLEANUP(bronze_freep) Bronze *bronze = NULL;
    CLEANUP(reader_done) Reader r = {.feed = feed, .options = options, .topic = now};
    if (ledger_read(conn, feed_topic(feed), &ledger, err) != 0 || check_identity(feed, now, &ledger, options, err) != 0) return -1;
    LedgerTopic topic = {.name = feed_topic(feed), .epoch = ledger.topic.epoch, .topic_id = now->topic_id, .cluster_id = now->cluster_id};
    if (bronze_open(lake_of(conn), &topic, &bronze, err) != 0) return -1;
    r.queue = batch_queue_new(options->batch_rows, options->batch_bytes);
    r.batch = batch_queue_take_empty(r.queue, true);
    if (init_offsets(&r, now, &ledger, err) != 0 || feed_start(feed, r.partitions, r.count, err) != 0) return -1;
    if (read_and_land(bronze, &r, &ret->counts, err) != 0 || fill_result(conn, &r, ret, err) != 0) return -1;
    *ret_again = r.grown;
    if (r.grown) log_info("ingest", "%s has more partitions now: reading them too", feed_topic(feed));
    return 0;
}

static int run_once(LakeConn *conn, Feed *feed, const IngestOptions *options, IngestResult *ret, bool *ret_again, Error *err) {
    CLEANUP(kafka_topic_done) KafkaTopic now = {0};
    if (ingest_describe(feed, options, NULL, &now, err) != 0) return -1;
    return run_described(conn, feed, options, &now, ret, ret_again, err);
}

static bool can_wait_for_disk_space(const LakeConn *conn, const IngestOptions *o, const Error *err) {
    return err->kind == ERR_FULL && o->follow && o->disk_dir != NULL && !lake_is_lost(lake_of(conn));
}

/* The disk was full all the same: what was not stored is read again when there is room, and what was stored is perhaps not refined yet. */
static int recover_from_full_disk(const LakeConn *conn, const IngestOptions *o, Error *err) {
    int rc = -1;
    while (rc != 0 && can_wait_for_disk_space(conn, o, err)) {
        log_error("ingest", "%s", err->text);
        error_clear(err);
        if (stop_wait_ms(FULL_PAUSE_MS)) return error_set(err, ERR_STOPPED, "stopped while the disk was full");
        if (disk_space_wait(o->disk_dir, o->reserve, err) != 0) return -1;
        rc = o->after_step != NULL ? o->after_step(o->user, true, err) : 0;
    }
    return rc;
}

int ingest_run(LakeConn *conn, Feed *feed, const IngestOptions *options, IngestResult *ret, Error *err) {
    CLEANUP(ingest_result_done) IngestResult result = {0};
    int64_t began = clock_mono_ns();
    for (bool again = true; again;)
        if (run_once(conn, feed, options, &result, &again, err) != 0 && recover_from_full_disk(conn, options, err) != 0) return -1;
    result.seconds = clock_seconds_since(began);
    *ret = result;
    result = (IngestResult){0};
    return 0;
}

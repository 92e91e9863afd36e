/* session.c: see session.h.
 *
 * Invariants: an offset below `next` of its partition is dropped (redelivered by the client library), one above it makes a gap; so the
 * offsets of all batches of a partition, in order, are seamless. Progress is stored only by bronze_land, with the rows. A batch lands only
 * after the feed was seen to be the same one once more (feed_check): the offsets of a topic that was recreated meanwhile mean other
 * messages. */
#include "ingest/session.h"

#include "base/disk_space.h"
#include "base/memory.h"
#include "base/progress.h"
#include "ingest/ingest_internal.h"
#include "ingest/landing.h"
#include "ingest/topic_envelope.h"
#include "ledger/ledger.h"
#include <pthread.h>

#define STEP_MS 1000

struct Session {
    KafkaTopic topic; /* as it was described at the start */
    EnvelopeTable *envelope;
    Bronze *bronze;
    Reader reader;
    Landing *landing; /* NULL: not started, or ended */
    Progress progress;
    pthread_t thread;
    bool reading; /* `thread` is to be joined */
};

/* ---- the start ---- */

static int init_reader(Session *s, LakeConn *conn, Error *err) {
    Reader *r = &s->reader;
    CLEANUP(topic_offsets_done) TopicOffsets ledger = {0};
    if (ledger_read(conn, feed_topic(r->feed), &ledger, err) != 0) return -1;
    int stored = ledger.topic.epoch;
    if (ingest_check_identity(r->feed, r->topic, r->options, &ledger, err) != 0) return -1;
    if (ingest_find_cuts(r->feed, r->options, r->topic, &ledger, r->cuts, err) != 0) return -1;
    if (ingest_has_cuts(r->cuts, &ledger)) {
        if (kafka_topic_check_answered(r->topic, err) != 0) return -1; /* the next epoch has a place for every partition */
        ingest_apply_cuts(r->feed, r->cuts, r->topic, &ledger);
    }
    LedgerTopic topic = {
        .name = feed_topic(r->feed), .epoch = ledger.topic.epoch, .topic_id = s->topic.topic_id, .cluster_id = s->topic.cluster_id};
    if (ingest_open_envelope(conn, r->options, &topic, ledger.count > 0 || stored > 0, &s->envelope, &r->envelope_changed, err) != 0)
        return -1;
    r->envelope = s->envelope;
    if (bronze_open(lake_of(conn), &topic, &s->bronze, err) != 0) return -1;
    r->queue = batch_queue_new(r->options->batch_rows, r->options->batch_bytes);
    r->batch = batch_queue_take_empty(r->queue, true);
    ingest_init_offsets(r, &ledger, ledger.topic.epoch != stored);
    return 0;
}

static uint64_t total_left(const Reader *r) {
    uint64_t left = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->partitions[i].end > r->partitions[i].next) left += (uint64_t)(r->partitions[i].end - r->partitions[i].next);
    return left;
}

static int start_threads(Session *s, Error *err) {
    Reader *r = &s->reader;
    if (!r->options->quiet) progress_start(&s->progress, "ingest", "events", r->options->follow ? 0 : total_left(r));
    int problem = pthread_create(&s->thread, NULL, ingest_read_feed, r);
    if (problem != 0) return error_errno(err, ERR_IO, problem, "cannot start the reading thread");
    s->reading = true;
    return landing_start(s->bronze, r->queue, &s->landing, err);
}

int session_open(LakeConn *conn, Feed *feed, const IngestOptions *options, Cuts *cuts, Session **ret, Error *err) {
    CLEANUP(session_freep) Session *s = xcalloc(1, sizeof *s);
    s->reader = (Reader){.feed = feed, .options = options, .topic = &s->topic, .cuts = cuts};
    if (ingest_describe(feed, options, NULL, cuts->count > 0, &s->topic, err) != 0 || init_reader(s, conn, err) != 0) return -1;
    if (ingest_start_feed(&s->reader, err) != 0 || start_threads(s, err) != 0) return -1;
    *ret = TAKE(s);
    return 0;
}

/* ---- one step ---- */

static int check_disk_space(const IngestOptions *o, Error *err) {
    if (o->disk_dir == NULL) return 0;
    return o->follow ? disk_space_wait(o->disk_dir, o->reserve, err) : disk_space_check(o->disk_dir, o->reserve, err);
}

static void add_counts(LedgerCounts *total, const LedgerCounts *c) {
    total->landed += c->landed;
    total->duplicates += c->duplicates;
    total->rejected += c->rejected;
    total->gaps += c->gaps;
    total->lost += c->lost;
}

static void after_landing(const Session *s, const LedgerCounts *counts, const Offsets *moved, size_t n) {
    commit_mark_keeper_landed(s->reader.options->mark, &(CommitMarkBatch){.topic = bronze_topic(s->bronze),
                                                                          .positions = moved,
                                                                          .position_count = n,
                                                                          .batch_id = bronze_batch_id(s->bronze),
                                                                          .counts = *counts});
    if (n > 0) feed_report(s->reader.feed, moved, n);
}

/* Partitions that stopped moving, or move again: for the status, which reads the mark. */
static void keep_stuck(Session *s) {
    json_t *news = atomic_exchange(&s->reader.stuck, NULL);
    if (news != NULL) commit_mark_keeper_stuck(s->reader.options->mark, news);
}

int session_step(Session *s, LedgerCounts *total, IngestState *ret, Error *err) {
    LedgerCounts counts = {0};
    const Offsets *moved;
    size_t n;
    bool closed;
    if (check_disk_space(s->reader.options, err) != 0) return -1;
    int rc = landing_next(s->landing, STEP_MS, &counts, &moved, &n, &closed, err);
    if (rc < 0) return -1;
    if (rc > 0) after_landing(s, &counts, moved, n);
    keep_stuck(s);
    add_counts(total, &counts);
    if (!s->reader.options->quiet)
        progress_update(&s->progress, (uint64_t)(total->landed + total->duplicates + total->rejected + total->gaps));
    *ret = closed ? INGEST_DONE : rc > 0 ? INGEST_COMMITTED : INGEST_IDLE;
    return 0;
}

/* ---- the end ---- */

static void end_threads(Session *s) {
    landing_freep(&s->landing);
    if (!s->reading) return;
    batch_queue_give_up(s->reader.queue);
    pthread_join(s->thread, NULL);
    s->reading = false;
    if (!s->reader.options->quiet) progress_end(&s->progress);
}

/* By the ledger, which has what was stored: the reader may have been further. */
static int fill_result(LakeConn *conn, Reader *r, IngestResult *ret, Error *err) {
    CLEANUP(topic_offsets_done) TopicOffsets ledger = {0};
    if (ledger_read(conn, feed_topic(r->feed), &ledger, err) != 0) return -1;
    free(ret->partitions);
    ret->partitions = xcalloc(r->count, sizeof *ret->partitions);
    ret->partition_count = r->count;
    ret->stopped = false;
    ret->envelope_changed |= r->envelope_changed;
    error_move(&ret->problem, &r->problem);
    for (size_t i = 0; i < r->count; i++) {
        Offsets *p = &ret->partitions[i];
        *p = r->partitions[i];
        const Offsets *stored = topic_offsets_find(&ledger, p->partition);
        p->next = stored != NULL ? stored->next : p->start;
        if (!r->options->follow && p->next < p->end && !r->states[i].given_up) ret->stopped = true;
    }
    return 0;
}

int session_end(Session *s, LakeConn *conn, IngestResult *ret, bool *ret_again, Error *err) {
    Reader *r = &s->reader;
    end_threads(s);
    keep_stuck(s);
    if (r->err.kind != ERR_NONE) {
        *err = r->err;
        r->err = (Error){0};
        return -1;
    }
    if (fill_result(conn, r, ret, err) != 0) return -1;
    *ret_again = r->grown || r->cut;
    return 0;
}

void session_free(Session *s) {
    end_threads(s);
    if (s->reader.batch != NULL) batch_free(s->reader.batch);
    if (s->reader.queue != NULL) batch_queue_free(s->reader.queue);
    free(s->reader.partitions);
    ingest_states_done(&s->reader);
    error_clear(&s->reader.err);
    bronze_freep(&s->bronze);
    envelope_table_freep(&s->envelope);
    kafka_topic_done(&s->topic);
    free(s);
}

/* session.c: see session.h.
 *
 * Invariants: an offset below `next` of its partition is dropped (redelivered by the client library), one above it makes a gap; so the
 * offsets of all batches of a partition, in order, are seamless. Progress is stored only by bronze_land, with the rows. A batch lands only
 * after the feed was seen to be the same one once more (feed_check): the offsets of a topic that was recreated meanwhile mean other
 * messages. */
#include "ingest/session.h"

#include "base/memory.h"
#include "ingest/topic_envelope.h"
#include "ledger/ledger.h"
#include <pthread.h>

struct Session {
    Lake *lake;        /* borrowed */
    KafkaTopic topic;  /* as it was described at the start */
    LedgerTopic named; /* what its batches land as */
    EnvelopeTable *envelope;
    Reader reader;
    uint64_t left;     /* at the start; read after `began` */
    atomic_bool began; /* it reads; `left` is set */
    pthread_t thread;
    bool running; /* `thread` is to be joined */
};

/* ---- the thread ---- */

static int compare_with_ledger(Session *s, TopicOffsets *ledger, Error *err) {
    Reader *r = &s->reader;
    if (ingest_check_identity(r->feed, r->topic, r->options, ledger, err) != 0) return -1;
    if (ingest_find_cuts(r->feed, r->options, r->topic, ledger, r->cuts, err) != 0) return -1;
    if (!ingest_has_cuts(r->cuts, ledger)) return 0;
    if (kafka_topic_check_answered(r->topic, err) != 0) return -1; /* the next epoch has a place for every partition */
    ingest_apply_cuts(r->feed, r->cuts, r->topic, ledger);
    return 0;
}

static int init_reader(Session *s, Error *err) {
    Reader *r = &s->reader;
    CLEANUP(topic_offsets_done) TopicOffsets ledger = {0};
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    if (lake_connect(s->lake, &conn, err) != 0 || ledger_read(conn, feed_topic(r->feed), &ledger, err) != 0) return -1;
    int stored = ledger.topic.epoch;
    if (compare_with_ledger(s, &ledger, err) != 0) return -1;
    s->named = (LedgerTopic){
        .name = feed_topic(r->feed), .epoch = ledger.topic.epoch, .topic_id = s->topic.topic_id, .cluster_id = s->topic.cluster_id};
    bool read_before = ledger.count > 0 || stored > 0;
    if (ingest_open_envelope(conn, r->options, &s->named, read_before, &s->envelope, &r->envelope_changed, err) != 0) return -1;
    r->envelope = s->envelope;
    if (schemas_open(s->lake, ingest_format_of(r->options, feed_topic(r->feed)), &r->options->registry, feed_topic(r->feed), &r->schemas,
                     err) != 0)
        return -1;
    r->batch = batch_queue_take_empty(r->queue, true);
    if (r->batch == NULL) return error_set(err, ERR_STOPPED, "stopped before %s was read", feed_topic(r->feed));
    return ingest_init_offsets(r, &ledger, ledger.topic.epoch != stored, err);
}

static uint64_t total_left(const Reader *r) {
    uint64_t left = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->partitions[i].end > r->partitions[i].next) left += (uint64_t)(r->partitions[i].end - r->partitions[i].next);
    return left;
}

static int begin(Session *s, Error *err) {
    Reader *r = &s->reader;
    if (ingest_describe(r->feed, r->options, r->queue, r->cuts->count > 0, &s->topic, err) != 0) return -1;
    if (init_reader(s, err) != 0 || ingest_start_feed(r, err) != 0) return -1;
    s->left = total_left(r);
    atomic_store(&s->began, true);
    return 0;
}

static void *read_feed(void *arg) {
    Session *s = arg;
    if (begin(s, &s->reader.err) == 0) ingest_read_feed(&s->reader);
    batch_queue_close(s->reader.queue);
    return NULL;
}

int session_open(Lake *lake, Feed *feed, const IngestOptions *options, Cuts *cuts, BatchPool *pool, Landing *landing, size_t place,
                 Session **ret, Error *err) {
    CLEANUP(session_freep) Session *s = xcalloc(1, sizeof *s);
    s->lake = lake;
    s->reader = (Reader){.feed = feed, .options = options, .topic = &s->topic, .cuts = cuts, .queue = batch_queue_new(pool)};
    landing_add(landing, place, s->reader.queue, &s->named); /* before the thread, which may end at once */
    int problem = pthread_create(&s->thread, NULL, read_feed, s);
    if (problem != 0) {
        landing_add(landing, place, NULL, NULL);
        return error_errno(err, ERR_IO, problem, "cannot start the reading thread");
    }
    s->running = true;
    *ret = TAKE(s);
    return 0;
}

/* ---- meanwhile ---- */

void session_landed(Session *s, const LandingEvent *event, int64_t batch_id) {
    commit_mark_keeper_landed(s->reader.options->mark, &(CommitMarkBatch){.topic = &s->named,
                                                                          .positions = event->positions,
                                                                          .position_count = event->position_count,
                                                                          .batch_id = batch_id,
                                                                          .counts = event->counts});
    if (event->position_count > 0) feed_report(s->reader.feed, event->positions, event->position_count);
}

bool session_has_begun(Session *s, uint64_t *ret_left) {
    if (!atomic_exchange(&s->began, false)) return false;
    *ret_left = s->left;
    return true;
}

bool session_is_read(const Session *s) {
    return atomic_load(&s->reader.heard);
}

void session_keep_stuck(Session *s) {
    json_t *news = atomic_exchange(&s->reader.stuck, NULL);
    if (news != NULL) commit_mark_keeper_stuck(s->reader.options->mark, feed_topic(s->reader.feed), news);
}

/* ---- the end ---- */

static void end_thread(Session *s) {
    if (!s->running) return;
    batch_queue_give_up(s->reader.queue);
    pthread_join(s->thread, NULL);
    s->running = false;
}

/* By the ledger, which has what was stored: the reader may have been further. */
static int fill_result(LakeConn *conn, Reader *r, IngestTopic *ret, Error *err) {
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

int session_end(Session *s, LakeConn *conn, IngestTopic *ret, bool *ret_again, Error *err) {
    Reader *r = &s->reader;
    end_thread(s);
    session_keep_stuck(s);
    if (r->err.kind != ERR_NONE) return error_move(err, &r->err);
    if (fill_result(conn, r, ret, err) != 0) return -1;
    *ret_again = r->grown || r->cut;
    return 0;
}

void session_free(Session *s) {
    end_thread(s);
    if (s->reader.batch != NULL) batch_queue_put_empty(s->reader.queue, s->reader.batch);
    batch_queue_free(s->reader.queue);
    free(s->reader.partitions);
    ingest_states_done(&s->reader);
    error_clear(&s->reader.err);
    schemas_freep(&s->reader.schemas);
    envelope_table_freep(&s->envelope);
    kafka_topic_done(&s->topic);
    free(s);
}

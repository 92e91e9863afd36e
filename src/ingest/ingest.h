/* ingest.h: from one feed or several into Bronze, step by step:
 *
 *   Ingest *ingest = ingest_open(...);
 *   ingest_step(ingest, &state, ...) until it fails or the state is INGEST_DONE
 *   ingest_close(ingest);
 *
 * or all of it by ingest_run. A thread for each feed reads it (session.h), one stages batches, and the thread that calls, the writer's,
 * lands them (landing.h). No transaction is open between two steps: the caller may use the connection then.
 *
 * With several feeds, a topic that cannot be read holds no other back: without `follow` the others are read to their ends, and the caller
 * gets its problem with the result; with it, the topic is tried again after growing pauses, which is logged once and is in the commit mark.
 * With `keeps_trying` so is the only topic.
 */
#pragma once
#include "ingest/bronze.h"
#include "ingest/decode.h"
#include "ingest/feed.h"
#include "ledger/commit_mark_keeper.h"
#include <stdatomic.h>

typedef struct IngestOptions {
    bool follow;       /* read on after the end, until stop_requested() */
    bool keeps_trying; /* with `follow`: also when no topic can be read, which waiting alone does not mend. ingest_blocked has the reason */
    bool new_epoch;    /* accept a topic that was deleted and recreated, or a log that was cut off: read on under the next epoch */
    bool keep_keys;    /* keys and headers also of events, not of rejected messages alone */
    bool skip_unreadable; /* record a batch that cannot be read as a gap, and go on */
    int64_t timeout_ms;   /* give up when the feed was away this long; 0: never */
    /* A partition that does not move this long, although there is more of it: without `follow` it is given up (IngestResult.problem), with
     * it reported once a minute. 0: never. */
    int64_t stall_ms;
    /* Without `follow`: the same for a partition without a leader, and for a feed of which none has one; 0: as long as `stall_ms` or
     * `timeout_ms`. */
    int64_t leaderless_ms;
    size_t batch_rows, batch_bytes;
    int64_t commit_interval_ms; /* a batch ends then; one that came after such a pause, when no more comes */
    /* While `hurry` is true, a batch ends after `hurried_interval_ms`: what works on batches has nothing to do, and somebody waits for it.
     * NULL: never. Borrowed; any thread sets it. */
    const atomic_bool *hurry;
    int64_t hurried_interval_ms;
    MessageFormat format;     /* of a topic whose contracts say none; a file has lines of JSON */
    RegistryOptions registry; /* where the schemas of other formats are. Borrowed */
    /* At least `reserve` bytes must be free in `disk_dir` (NULL: not checked) before a batch lands: with `follow` the step waits for them,
     * otherwise it is ERR_FULL. Borrowed. */
    const char *disk_dir;
    int64_t reserve;
    /* What the contracts say about messages (contract/pipeline.h), borrowed; NULL: all have Smelt's own envelope. `topic`: whose messages a
     * file has; borrowed. */
    const struct Pipeline *pipeline;
    const char *topic;
    CommitMarkKeeper *mark; /* updated after each commit; NULL: none is kept. Borrowed */
    bool quiet;             /* no progress */
} IngestOptions;
/* From the settings ingest.* */
IngestOptions ingest_options(const Settings *settings);

typedef struct Ingest Ingest;

typedef enum IngestState {
    INGEST_COMMITTED, /* a batch landed: it is durable */
    INGEST_IDLE,      /* nothing landed within about a second */
    INGEST_DONE       /* everything up to the end that was seen at the start landed; with `follow`: a stop was requested. No step follows */
} IngestState;

/* Asks the feeds nothing yet. `conn`, the feeds and what `options` points to are borrowed. The caller closes. */
Ingest *ingest_open(LakeConn *conn, Feed *const *feeds, size_t count, const IngestOptions *options) MUST_CHECK;
/* Lands the next batch when there is one within a second. The first step begins to ask each feed what it has and to read where the ledger
 * ends; so does a later one after a topic got more partitions. With `follow` a step waits for space on a full disk. On an error everything
 * committed stays, and the next step would begin again as the first one did. Of the only topic: ERR_UNAVAILABLE after the timeout, ERR_DATA
 * when it was recreated, ERR_STOPPED when a stop was requested before it was read; of several only when none of them can be read. */
int ingest_step(Ingest *ingest, IngestState *ret, Error *err) MUST_CHECK;
/* Why none of the topics can be read now, which waiting alone does not mend; NULL: one of them can. Borrowed until the next step. */
const char *ingest_blocked(const Ingest *ingest);
/* With `follow`: why what was read could not be stored, since the last batch that was; NULL: it could. Borrowed until the next step. */
const char *ingest_unstored(const Ingest *ingest);
/* Within about a second, except while a broker owes an answer (2 s; 10 s before the first one of a topic); what was read but did not land
 * is read again another time. */
void ingest_close(Ingest *ingest);
DEFINE_CLEANUP(ingest_close, Ingest)

typedef struct IngestTopic {
    const char *name; /* of the feed; borrowed */
    LedgerCounts counts;
    Offsets *partitions; /* `next`: as stored; `end`: as last seen. Owned */
    size_t partition_count;
    bool envelope_changed; /* earlier messages of the topic were read with another envelope */
    bool stopped;          /* by a signal, before the end that was seen at the start */
    /* Without `follow`: partitions, or with several topics the whole topic, that could not be read to the end, which did not hold back the
     * others. ERR_DATA, ERR_CONFIG: they cannot be read as they are; ERR_UNAVAILABLE: another attempt may do. ERR_NONE: all were. */
    Error problem;
} IngestTopic;

typedef struct IngestResult {
    LedgerCounts counts; /* of all topics */
    double seconds;
    bool stopped, envelope_changed; /* one of them was, of one of them it has */
    IngestTopic *topics;            /* in the order of the feeds. Owned: ingest_result_done */
    size_t topic_count;
} IngestResult;

/* Steps until INGEST_DONE. On an error everything committed stays, and `ret` is not touched. */
int ingest_run(LakeConn *conn, Feed *const *feeds, size_t count, const IngestOptions *options, IngestResult *ret, Error *err) MUST_CHECK;
/* -1 with the problem of the topic, or with those of all that have one. 0: there was none. */
int ingest_result_check(const IngestResult *result, Error *err) MUST_CHECK;
void ingest_result_done(IngestResult *result);
/* The summary that users rely on: landed, duplicates, rejected, gaps, lost (of the gaps), seconds, events_per_second, stopped, partitions,
 * envelope_changed, and `problem` when there was one; with several topics also `topics`: [{topic, landed, duplicates, rejected, gaps, lost,
 * stopped, envelope_changed, problem}]. The caller owns it. */
json_t *ingest_result_json(const IngestResult *result);

/* ingest.h: from a feed into Bronze: a thread that reads and fills batches, and this one that lands them. */
#pragma once
#include "ingest/bronze.h"
#include "ingest/feed.h"
#include "ledger/commit_mark_keeper.h"

typedef struct IngestResult {
    LedgerCounts counts;
    double seconds;
    Offsets *partitions; /* `next`: as stored; `end`: as last seen. Owned: ingest_result_done */
    size_t partition_count;
    bool stopped; /* by a signal, before the end that was seen at the start */
} IngestResult;

typedef struct IngestOptions {
    bool follow;        /* go on after the end, until stop_requested() */
    bool new_epoch;     /* accept a topic that was deleted and recreated: read it from its beginning */
    int64_t timeout_ms; /* give up when the feed was away this long; 0: never */
    size_t batch_rows, batch_bytes;
    int64_t commit_interval_ms;
    /* After each commit, and about once a second without one, from the calling thread, no transaction open; NULL: none. An error ends it.
     */
    int (*after_step)(void *user, bool committed, Error *err);
    void *user;
    /* At least `reserve` bytes must be free in `disk_dir` (NULL: no matter) before a batch lands: with `follow` it is waited for, otherwise
     * ERR_FULL. Borrowed. */
    const char *disk_dir;
    int64_t reserve;
    CommitMarkKeeper *mark; /* follows each commit; NULL: none is kept. Borrowed */
    bool quiet;             /* no progress */
} IngestOptions;

/* Reads from where the ledger stands to the end offsets seen at the start (or on, see follow). On an error everything committed stays, and
 * `ret` is not touched. ERR_UNAVAILABLE after the timeout; ERR_DATA for a recreated topic. */
int ingest_run(LakeConn *conn, Feed *feed, const IngestOptions *options, IngestResult *ret, Error *err) MUST_CHECK;
void ingest_result_done(IngestResult *result);
/* The summary that users rely on: landed, duplicates, rejected, gaps, seconds, events_per_second, partitions. The caller owns it. */
json_t *ingest_result_json(const IngestResult *result, const char *topic);
/* From the settings ingest.*. */
IngestOptions ingest_options(const Settings *settings);

/* commit_mark_keeper.h: keeps the high-water mark (ledger/commit_mark.h) of the lake that this process writes, and compares the two when it
 * opens.
 *
 * Order: commit_mark_check before anything is changed, migrations, commit_mark_keeper_open, then commit_mark_keeper_landed after each
 * commit of Bronze. One thread at a time: the writer's. */
#pragma once
#include "lake/lake.h"
#include "ledger/commit_mark.h"
#include "ledger/ledger.h"

typedef struct CommitMarkKeeper CommitMarkKeeper;

/* How far the lake is, from its own tables, whatever its schema version; lake_id stays NULL where it has none. */
int commit_mark_of_lake(LakeConn *conn, CommitMark *ret, Error *err) MUST_CHECK;
/* Compares the lake with the mark at `path`; `conn` NULL: there is no lake. `lake` (the caller's, empty) gets where the lake stands when
 * that had to be read. A damaged mark is said and set aside. ERR_DATA when the lake is behind, gone, or another one: says by how much, and
 * the next step. */
int commit_mark_check(LakeConn *conn, const char *path, CommitMark *lake, Error *err) MUST_CHECK;
/* Brings the file up to where the migrated lake stands: `lake`, which is taken over; reads that when it is empty. */
int commit_mark_keeper_open(LakeConn *conn, const char *path, CommitMark *lake, CommitMarkKeeper **ret, Error *err) MUST_CHECK;
void commit_mark_keeper_free(CommitMarkKeeper *w);
DEFINE_CLEANUP(commit_mark_keeper_free, CommitMarkKeeper)
/* A batch landed: it is durable. A mark that cannot be written is said, and tried again with the next batch: a mark that is behind says
 * nothing wrong. `w` NULL: no mark is kept. */
typedef struct CommitMarkBatch {
    const LedgerTopic *topic;
    const Offsets *positions; /* how far the partitions came: each that moved */
    size_t position_count;
    int64_t batch_id;
    LedgerCounts counts;
} CommitMarkBatch;
void commit_mark_keeper_landed(CommitMarkKeeper *w, const CommitMarkBatch *batch);

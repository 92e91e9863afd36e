/* commit_mark_keeper.h: updates the commit mark (ledger/commit_mark.h) of the lake that this process writes, and compares the two when the
 * lake is opened.
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
/* Compares the lake with the mark at `path`; `conn` NULL: there is no lake. `lake` (the caller's, empty) gets how far the lake is
 * when that had to be read. A damaged mark is logged and set aside. ERR_DATA when the lake is behind, missing, or another one: the text has
 * the difference and the next step. */
int commit_mark_check(LakeConn *conn, const char *path, CommitMark *lake, Error *err) MUST_CHECK;
/* The same for those who only read: changes nothing. 0 also without a good mark. The lake may be in use by its writer. */
int commit_mark_verify(LakeConn *conn, const char *path, Error *err) MUST_CHECK;
/* Brings the file up to the migrated lake. `lake`: how far that is; taken over, and read from the lake when it is empty. */
int commit_mark_keeper_open(LakeConn *conn, const char *path, CommitMark *lake, CommitMarkKeeper **ret, Error *err) MUST_CHECK;
void commit_mark_keeper_free(CommitMarkKeeper *w);
DEFINE_CLEANUP(commit_mark_keeper_free, CommitMarkKeeper)
/* A batch that landed. */
typedef struct CommitMarkBatch {
    const LedgerTopic *topic;
    const Offsets *positions; /* of each partition that moved */
    size_t position_count;
    int64_t batch_id;
    LedgerCounts counts;
} CommitMarkBatch;
/* After the commit of the batch. A mark that cannot be written is logged and written with the next batch: one that is behind the lake does
 * no harm. `w` NULL: no mark is kept. */
void commit_mark_keeper_landed(CommitMarkKeeper *w, const CommitMarkBatch *batch);
/* The partitions of the topic that do not move now, as the mark has them; takes the array over. `w` NULL: no mark is kept. */
void commit_mark_keeper_stuck(CommitMarkKeeper *w, const char *topic, json_t *stuck);
/* The topic cannot be read while others are, for this reason; NULL: it is read. */
void commit_mark_keeper_away(CommitMarkKeeper *w, const char *topic, const char *reason);

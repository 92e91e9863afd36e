/* publish.h: Gold, scores and what the dashboards need, as a new immutable snapshot generation. One thread. */
#pragma once
#include "lake/lake.h"
#include "snapshot/snapshot.h"

/* The part of publishing that needs no scores, on a thread and a connection of its own while the caller scores. Begin it after the last
 * refine, and only if nothing but the scores is written to the lake until it is used. */
typedef struct PublishPreparation PublishPreparation;
/* NULL: no thread could be started; then publish_run does all of it. The lake must outlive it. */
PublishPreparation *publish_prepare(Lake *lake);
void publish_preparation_free(PublishPreparation *p); /* waits for its thread */
DEFINE_CLEANUP(publish_preparation_free, PublishPreparation)

/* The scores of the lake, all that there are. */
typedef struct PublishScores {
    int64_t count, newest_us;
} PublishScores;

typedef struct PublishOptions {
    int keep;                     /* generations to keep, at least 1; one that a reader holds is kept anyway */
    bool full;                    /* write all of Gold, also what the last generation already has */
    bool checkpoint_lake;         /* checkpoint the lake meanwhile, because the process ends afterwards */
    SnapshotDraft *draft;         /* begun before; NULL: none. Borrowed */
    const PublishScores *scores;  /* of the step before; nothing may score until publish_run returns. NULL: it counts. Borrowed */
    PublishPreparation *prepared; /* used once, by the first publish; NULL: none. Borrowed */
    const char *parquet_dir;      /* also write Gold there as Parquet; NULL: do not */
} PublishOptions;

typedef struct PublishResult {
    SnapshotInfo snapshot;
    SnapshotPruning *pruning; /* of the old ones, which readers do not wait for; owned */
    char *parquet_path;       /* NULL when none was asked for */
    double seconds;
} PublishResult;
void publish_result_done(PublishResult *result); /* waits for the checkpoint, and until the old ones are removed */

/* Writes the next generation of `snapshots_dir`, makes it CURRENT, begins to remove old ones. ERR_UNAVAILABLE when nothing was refined yet:
 * the text names the command to run first, and readers keep what they have. ERR_IO. The caller ends the result. */
int publish_run(LakeConn *conn, const char *snapshots_dir, const PublishOptions *options, PublishResult *ret, Error *err) MUST_CHECK;

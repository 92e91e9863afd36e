/* publish.h: Gold, scores and what the dashboards need, as a new immutable snapshot generation. One thread. */
#pragma once
#include "lake/lake.h"
#include "snapshot/snapshot.h"

typedef struct PublishOptions {
    int keep;                /* generations to keep, at least 1; one that a reader holds is kept anyway */
    bool full;               /* write all of Gold, also what the last generation already has */
    bool checkpoint_lake;    /* checkpoint the lake meanwhile, because the process ends afterwards */
    SnapshotDraft *draft;    /* begun before; NULL: none. Borrowed */
    const char *parquet_dir; /* also write Gold there as Parquet; NULL: do not */
} PublishOptions;

typedef struct PublishResult {
    SnapshotInfo snapshot;
    char *parquet_path; /* NULL when none was asked for */
    double seconds;
} PublishResult;
void publish_result_done(PublishResult *result);

/* Writes the next generation of `snapshots_dir`, makes it CURRENT, removes old ones. ERR_UNAVAILABLE when nothing was refined yet: the text
 * names the command to run first, and readers keep what they have. ERR_IO. The caller ends the result. */
int publish_run(LakeConn *conn, const char *snapshots_dir, const PublishOptions *options, PublishResult *ret, Error *err) MUST_CHECK;

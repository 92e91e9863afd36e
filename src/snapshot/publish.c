/* publish.c: which tables a snapshot has.
 *
 * Gold is published as it is kept: a base that seldom changes, and the subscribers computed since (src/compile/gold_features.c). So a
 * refresh of a few events copies the last generation and writes the few.
 *
 * The views of sql/serving/views.sql say what readers see; the table below says under which name each becomes a table of the snapshot. The
 * names that users know (gold_subscriber_features, runs, models, ...) stay, so that SQL written for the lake works on a snapshot.
 *
 * Invariant: all tables of a generation come from one state of the lake (snapshot.h). */
#include "snapshot/publish.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <unistd.h>

static const SnapshotTable published[] = {
    {"gold_features_base", "SELECT * FROM serving_subscribers_base", "subscriber_id", SNAPSHOT_BASE},
    {"gold_features_fresh", "SELECT * FROM serving_subscribers_fresh", NULL, SNAPSHOT_TABLE},
    {"gold_subscriber_features",
     "SELECT * FROM gold_features_base ANTI JOIN gold_features_fresh USING (subscriber_id) UNION ALL SELECT * FROM gold_features_fresh",
     NULL, SNAPSHOT_VIEW},
    {"serving_pipeline", "SELECT * FROM serving_pipeline", NULL, SNAPSHOT_TABLE},
    {"serving_hours", "SELECT * FROM serving_hours", NULL, SNAPSHOT_TABLE},
    {"serving_quarantine", "SELECT * FROM serving_quarantine", NULL, SNAPSHOT_TABLE},
    {"silver_drift", "SELECT * FROM silver_drift", NULL, SNAPSHOT_TABLE},
    {"ledger_partitions", "SELECT * FROM ledger_partitions", NULL, SNAPSHOT_TABLE},
    {"runs", "SELECT * FROM serving_runs", NULL, SNAPSHOT_TABLE},
    {"run_steps", "SELECT * FROM serving_run_steps", NULL, SNAPSHOT_TABLE},
    {"models", "SELECT * FROM serving_models", NULL, SNAPSHOT_TABLE},
};

void publish_result_done(PublishResult *result) {
    snapshot_info_done(&result->snapshot);
    free(result->parquet_path);
    *result = (PublishResult){0};
}

/* The tables of Silver and Gold are made by the first refine, from the contracts: without them the views cannot be. */
static int make_views(LakeConn *conn, Error *err) {
    Error ignored = {0};
    int64_t missing = 0;
    if (lake_exec(conn, "serving/views", lake_sql("serving/views"), err) == 0) return 0;
    if (lake_query_int(conn, "serving/missing", lake_sql("serving/missing"), NULL, 0, &missing, &ignored) != 0) error_clear(&ignored);
    if (missing == 0) return -1;
    return error_set(err, ERR_UNAVAILABLE, "there is no Gold to publish yet: run `smelt refine` first");
}

/* Counts what came since the last publish; compacted when small pieces pile up. */
static int advance(LakeConn *conn, Error *err) {
    enum { PIECES_MAX = 20000 };
    int64_t pieces = 0;
    if (lake_begin(conn, err) != 0) return -1;
    if (lake_exec(conn, "serving/advance", lake_sql("serving/advance"), err) != 0 ||
        lake_query_int(conn, "serving/pieces", "SELECT count(*) FROM serving_hour_counts", NULL, 0, &pieces, err) != 0 ||
        (pieces > PIECES_MAX && lake_exec(conn, "serving/compact", lake_sql("serving/compact"), err) != 0) || lake_commit(conn, err) != 0) {
        lake_rollback(conn);
        return -1;
    }
    return 0;
}

/* Names the features and scores below the fresh rows, and the columns that a subscriber has in snapshots of this binary. The caller frees.
 */
static int read_base(LakeConn *conn, char **ret, Error *err) {
    static const char sql[] = "SELECT base_id::VARCHAR || '-' || md5($1) FROM gold_base";
    LakeValue views = lake_text(lake_sql("serving/views"));
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, "publish/base", sql, &views, 1, &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got < 0) return -1;
    *ret = got > 0 ? xstrdup(lake_col_text(rows, 0, NULL)) : NULL;
    return 0;
}

/* COPY does not fsync; file_publish does. */
static int write_parquet(LakeConn *conn, const char *dir, char **ret_path, Error *err) {
    if (dir_make(dir, err) != 0) return -1;
    CLEANUP(free_text) char *path = path_join(dir, "gold_subscriber_features.parquet");
    CLEANUP(free_text) char *tmp = xasprintf("%s.tmp", path);
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("serving/parquet"), &(LakeBinding){"path", lake_text(tmp)}, 1);
    if (lake_exec(conn, "serving/parquet", sql, err) != 0 || file_publish(tmp, path, err) != 0) {
        unlink(tmp);
        return -1;
    }
    *ret_path = TAKE(path);
    return 0;
}

int publish_run(LakeConn *conn, const char *snapshots_dir, const PublishOptions *options, PublishResult *ret, Error *err) {
    int64_t started_ns = clock_mono_ns();
    CLEANUP(publish_result_done) PublishResult result = {0};
    CLEANUP(free_text) char *base = NULL;
    if (make_views(conn, err) != 0 || advance(conn, err) != 0 || read_base(conn, &base, err) != 0) return -1;
    if (options->parquet_dir != NULL && write_parquet(conn, options->parquet_dir, &result.parquet_path, err) != 0) return -1;
    SnapshotOptions how = {.base = base, .full = options->full, .checkpoint_lake = options->checkpoint_lake, .draft = options->draft};
    if (snapshot_publish(conn, snapshots_dir, published, ARRAY_LEN(published), &how, &result.snapshot, err) != 0) return -1;
    int pruned = snapshot_prune(snapshots_dir, options->keep > 0 ? options->keep : 1);
    if (pruned > 0) log_debug("publish", "%d old generations removed", pruned);
    result.seconds = clock_seconds_since(started_ns);
    *ret = result;
    result = (PublishResult){0};
    return 0;
}

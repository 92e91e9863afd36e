/* publish.c: which tables a snapshot has.
 *
 * Gold is published as the lake keeps it: a base that seldom changes, and a delta of the subscribers computed since
 * (src/compile/gold_features.c). So a refresh of a few events copies the last generation and writes a small delta.
 *
 * The views of sql/serving/views.sql define what readers see; write_snapshot has the name under which each becomes a table of the snapshot.
 * The names that users know (gold_subscriber_features, runs, models, ...) stay, so that SQL written for the lake works on a snapshot.
 *
 * Invariant: all tables of a generation come from one state of the lake (snapshot.h). */
#include "snapshot/publish.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <unistd.h>

void publish_result_done(PublishResult *result) {
    snapshot_info_done(&result->snapshot);
    free(result->parquet_path);
    *result = (PublishResult){0};
}

/* The views need the tables of Silver and Gold, which the first refine makes. */
static int make_views(LakeConn *conn, Error *err) {
    Error ignored = {0};
    int64_t missing = 0;
    if (lake_exec(conn, "serving/views", lake_sql("serving/views"), err) == 0) return 0;
    if (lake_query_int(conn, "serving/missing", lake_sql("serving/missing"), NULL, 0, &missing, &ignored) != 0) error_clear(&ignored);
    if (missing == 0) return -1;
    return error_set(err, ERR_UNAVAILABLE, "there is no Gold to publish yet: run `smelt refine` first");
}

/* Counts the events since the last publish; merges the counts when there are many rows. */
static int advance(LakeConn *conn, Error *err) {
    enum { ROWS_MAX = 20000 };
    int64_t rows = 0;
    if (lake_begin(conn, err) != 0) return -1;
    if (lake_exec(conn, "serving/advance", lake_sql("serving/advance"), err) != 0 ||
        lake_query_int(conn, "serving/pieces", lake_sql("serving/pieces"), NULL, 0, &rows, err) != 0 ||
        (rows > ROWS_MAX && lake_exec(conn, "serving/compact", lake_sql("serving/compact"), err) != 0) || lake_commit(conn, err) != 0) {
        lake_rollback(conn);
        return -1;
    }
    return 0;
}

/* Names the content of the base: its features and scores, and the columns that a subscriber has in snapshots of this binary. NULL when the
 * lake does not name it. The caller frees. */
static int read_base(LakeConn *conn, char **ret, Error *err) {
    LakeValue views = lake_text(lake_sql("serving/views"));
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, "publish/base", lake_sql("publish/base"), &views, 1, &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got < 0) return -1;
    *ret = got > 0 ? xstrdup(lake_col_text(rows, 0, NULL)) : NULL;
    return 0;
}

/* COPY does not fsync; file_publish does. */
static int write_parquet(LakeConn *conn, const char *dir, char **ret_path, Error *err) {
    if (dir_make(dir, err) != 0) return -1;
    CLEANUP(free_text) char *path = path_join(dir, "gold_subscriber_features.parquet");
    if (lake_check_path(path, err) != 0) return -1;
    CLEANUP(free_text) char *tmp = xasprintf("%s.tmp", path);
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("serving/parquet"), &(LakeBinding){"path", lake_text(tmp)}, 1);
    if (lake_exec(conn, "serving/parquet", sql, err) != 0 || file_publish(tmp, path, err) != 0) {
        unlink(tmp);
        return -1;
    }
    *ret_path = TAKE(path);
    return 0;
}

static int write_snapshot(LakeConn *conn, const char *dir, const SnapshotOptions *options, SnapshotInfo *ret, Error *err) {
    const SnapshotTable tables[] = {
        {.name = "gold_features_base", .source = "serving_subscribers_base", .key = "subscriber_id", .kind = SNAPSHOT_BASE},
        {.name = "gold_features_fresh", .source = "serving_subscribers_fresh"},
        {.name = "gold_subscriber_features", .query = lake_sql("publish/gold_subscriber_features"), .kind = SNAPSHOT_VIEW},
        {.name = "serving_pipeline", .source = "serving_pipeline"},
        {.name = "serving_hours", .source = "serving_hours"},
        {.name = "serving_quarantine", .source = "serving_quarantine"},
        {.name = "silver_drift", .source = "silver_drift"},
        {.name = "quality_state", .source = "quality_state"},
        {.name = "ledger_partitions", .source = "ledger_partitions"},
        {.name = "runs", .source = "serving_runs"},
        {.name = "run_steps", .source = "serving_run_steps"},
        {.name = "models", .source = "serving_models"},
    };
    return snapshot_publish(conn, dir, tables, ARRAY_LEN(tables), options, ret, err);
}

int publish_run(LakeConn *conn, const char *snapshots_dir, const PublishOptions *options, PublishResult *ret, Error *err) {
    int64_t started_ns = clock_mono_ns();
    CLEANUP(publish_result_done) PublishResult result = {0};
    CLEANUP(free_text) char *base = NULL;
    if (make_views(conn, err) != 0 || advance(conn, err) != 0 || read_base(conn, &base, err) != 0) return -1;
    if (options->parquet_dir != NULL && write_parquet(conn, options->parquet_dir, &result.parquet_path, err) != 0) return -1;
    SnapshotOptions how = {.base = base, .full = options->full, .checkpoint_lake = options->checkpoint_lake, .draft = options->draft};
    if (write_snapshot(conn, snapshots_dir, &how, &result.snapshot, err) != 0) return -1;
    int pruned = snapshot_prune(snapshots_dir, options->keep > 0 ? options->keep : 1);
    if (pruned > 0) log_debug("publish", "%d old generations removed", pruned);
    result.seconds = clock_seconds_since(started_ns);
    *ret = result;
    result = (PublishResult){0};
    return 0;
}

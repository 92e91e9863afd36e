/* publish.c: which tables a snapshot has.
 *
 * The views of sql/serving/views.sql say what readers see; the table below says under which name each becomes a table of the snapshot. The
 * names that users know (gold_subscriber_features, runs, models, ...) stay, so that SQL written for the lake works on a snapshot.
 *
 * Invariant: all tables of a generation come from one state of the lake (snapshot.h). */
#include "medallion/publish.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <unistd.h>

static const SnapshotTable published[] = {
    {"gold_subscriber_features", "SELECT * FROM serving_subscribers", "subscriber_id"},
    {"serving_pipeline", "SELECT * FROM serving_pipeline", NULL},
    {"serving_hours", "SELECT * FROM serving_hours", NULL},
    {"serving_quarantine", "SELECT * FROM serving_quarantine", NULL},
    {"silver_drift", "SELECT * FROM silver_drift", NULL},
    {"ledger_partitions", "SELECT * FROM ledger_partitions", NULL},
    {"runs", "SELECT * FROM serving_runs", NULL},
    {"run_steps", "SELECT * FROM serving_run_steps", NULL},
    {"models", "SELECT * FROM serving_models", NULL},
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
    if (make_views(conn, err) != 0 || advance(conn, err) != 0) return -1;
    if (options->parquet_dir != NULL && write_parquet(conn, options->parquet_dir, &result.parquet_path, err) != 0) return -1;
    if (snapshot_publish(conn, snapshots_dir, published, ARRAY_LEN(published), &result.snapshot, err) != 0) return -1;
    int pruned = snapshot_prune(snapshots_dir, options->keep > 0 ? options->keep : 1);
    if (pruned > 0) log_debug("publish", "%d old generations removed", pruned);
    result.seconds = clock_seconds_since(started_ns);
    *ret = result;
    result = (PublishResult){0};
    return 0;
}

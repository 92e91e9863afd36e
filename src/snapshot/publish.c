/* publish.c: which tables a snapshot has.
 *
 * Gold is published as the lake keeps it: a base that seldom changes, and a delta of the rows computed since
 * (src/compile/gold_features.c). So a refresh of a few events copies the last generation and writes a small delta.
 *
 * The views of sql/serving/views.sql define what readers see; write_snapshot has the name under which each becomes a table of the snapshot.
 * The names that users know (gold_<entity>_features, runs, models, ...) stay, so that SQL written for the lake works on a snapshot.
 *
 * Entities behind the first one have no scores: a table each, written for each generation.
 *
 * Invariant: all tables of a generation come from one state of the lake (snapshot.h). */
#include "snapshot/publish.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "snapshot/entities.h"
#include <unistd.h>

void publish_result_done(PublishResult *result) {
    snapshot_info_done(&result->snapshot);
    free(result->parquet_path);
    *result = (PublishResult){0};
}

/* The views need the tables of Silver and Gold, which the first refine makes. */
static int make_views(LakeConn *conn, const GoldEntities *entities, Error *err) {
    CLEANUP(free_text) char *views = entities->count > 0 ? gold_entity_sql(&entities->items[0], "serving/views") : NULL;
    Error ignored = {0};
    int64_t missing = 1;
    if (views != NULL && lake_exec(conn, "serving/views", views, err) == 0) return 0;
    if (views != NULL && lake_query_int(conn, "serving/missing", lake_sql("serving/missing"), NULL, 0, &missing, &ignored) != 0)
        error_clear(&ignored);
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

/* Names the content of the base: its features and scores, and the columns that it has in snapshots of this binary. NULL when the
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

/* COPY does not fsync; file_publish does. `rows`: the view of an entity's rows. */
static int write_parquet(LakeConn *conn, const char *dir, const GoldEntity *e, const char *rows, char **ret_path, Error *err) {
    CLEANUP(free_text) char *file = xasprintf("%s.parquet", e->view);
    CLEANUP(free_text) char *path = path_join(dir, file);
    if (lake_check_path(path, err) != 0) return -1;
    CLEANUP(free_text) char *tmp = xasprintf("%s.tmp", path);
    const LakeBinding bindings[] = {{"rows", lake_name(rows)}, {"key", lake_name(e->key)}, {"path", lake_text(tmp)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("serving/parquet"), bindings, ARRAY_LEN(bindings));
    if (lake_exec(conn, "serving/parquet", sql, err) != 0 || file_publish(tmp, path, err) != 0) {
        unlink(tmp);
        return -1;
    }
    *ret_path = TAKE(path);
    return 0;
}

/* *ret_path: that of the first entity; the others are beside it. */
static int write_parquets(LakeConn *conn, const char *dir, const GoldEntities *entities, char **ret_path, Error *err) {
    if (dir_make(dir, err) != 0 || write_parquet(conn, dir, &entities->items[0], "serving_entities", ret_path, err) != 0) return -1;
    for (size_t i = 1; i < entities->count; i++) {
        CLEANUP(free_text) char *path = NULL;
        if (write_parquet(conn, dir, &entities->items[i], entities->items[i].view, &path, err) != 0) return -1;
    }
    return 0;
}

static int write_snapshot(LakeConn *conn, const char *dir, const GoldEntities *entities, const SnapshotOptions *options, SnapshotInfo *ret,
                          Error *err) {
    enum { OF_OTHERS = 16, OF_ALL = 16 };
    const GoldEntity *first = &entities->items[0];
    CLEANUP(free_text) char *features = gold_entity_sql(first, "publish/features");
    SnapshotTable tables[OF_ALL + OF_OTHERS] = {
        {.name = first->base, .source = "serving_entities_base", .key = first->key, .kind = SNAPSHOT_BASE},
        {.name = first->delta, .source = "serving_entities_fresh"},
        {.name = first->view, .query = features, .kind = SNAPSHOT_VIEW},
        {.name = "gold_entities", .source = "gold_entities"},
        {.name = "gold_columns", .source = "gold_columns"},
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
    size_t n = 0;
    while (tables[n].name != NULL) n++;
    BUG_IF(n > OF_ALL || entities->count > OF_OTHERS);
    for (size_t i = 1; i < entities->count; i++)
        tables[n++] = (SnapshotTable){.name = entities->items[i].view, .source = entities->items[i].view, .key = entities->items[i].key};
    return snapshot_publish(conn, dir, tables, n, options, ret, err);
}

int publish_run(LakeConn *conn, const char *snapshots_dir, const PublishOptions *options, PublishResult *ret, Error *err) {
    int64_t started_ns = clock_mono_ns();
    CLEANUP(publish_result_done) PublishResult result = {0};
    CLEANUP(gold_entities_done) GoldEntities entities = {0};
    CLEANUP(free_text) char *base = NULL;
    if (gold_entities_read(conn, &entities, err) != 0 || make_views(conn, &entities, err) != 0 || advance(conn, err) != 0 ||
        read_base(conn, &base, err) != 0)
        return -1;
    if (options->parquet_dir != NULL && write_parquets(conn, options->parquet_dir, &entities, &result.parquet_path, err) != 0) return -1;
    SnapshotOptions how = {
        .base = base, .name_base = read_base, .full = options->full, .checkpoint_lake = options->checkpoint_lake, .draft = options->draft};
    if (write_snapshot(conn, snapshots_dir, &entities, &how, &result.snapshot, err) != 0) return -1;
    int pruned = snapshot_prune(snapshots_dir, options->keep > 0 ? options->keep : 1);
    if (pruned > 0) log_debug("publish", "%d old generations removed", pruned);
    result.seconds = clock_seconds_since(started_ns);
    *ret = result;
    result = (PublishResult){0};
    return 0;
}

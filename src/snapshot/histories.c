/* histories.c: see histories.h. The cost follows what is new: each count goes on where the last publish ended.
 *
 * Invariant: the sum of quality_hours is the number of rows in quarantine and among the rejects; when a rebuild has made these anew, they
 * are counted anew. */
#include "snapshot/histories.h"

#include "base/memory.h"

static int exec(LakeConn *conn, const char *name, Error *err) {
    return lake_exec(conn, name, lake_sql(name), err);
}

/* Runs `then` when the query `when` gives a number above zero. */
static int exec_when(LakeConn *conn, const char *when, const char *then, Error *err) {
    int64_t due = 0;
    if (lake_query_int(conn, when, lake_sql(when), NULL, 0, &due, err) != 0) return -1;
    return due > 0 ? exec(conn, then, err) : 0;
}

static int count_events(LakeConn *conn, Error *err) {
    enum { ROWS_MAX = 20000 };
    int64_t rows = 0;
    if (exec(conn, "serving/arrivals", err) != 0 || exec(conn, "serving/advance", err) != 0 ||
        lake_query_int(conn, "serving/pieces", lake_sql("serving/pieces"), NULL, 0, &rows, err) != 0)
        return -1;
    if (rows > ROWS_MAX && exec(conn, "serving/compact", err) != 0) return -1;
    return exec_when(conn, "serving/inflow_is_old", "serving/inflow", err);
}

static int count_quality(LakeConn *conn, Error *err) {
    enum { SAME, ANOTHER, LONG };
    int64_t differs = SAME;
    if (exec(conn, "serving/advance_quality", err) != 0 ||
        lake_query_int(conn, "serving/quality_differs", lake_sql("serving/quality_differs"), NULL, 0, &differs, err) != 0)
        return -1;
    if (differs == SAME) return 0;
    if (differs == ANOTHER && (exec(conn, "serving/quality_recount", err) != 0 || exec(conn, "serving/advance_quality", err) != 0))
        return -1;
    return exec(conn, "serving/quality_merge", err);
}

/* ---- what is typical ---- */

/* The features that are numbers, with commas between them; NULL: none. The caller frees. */
static int read_columns(LakeConn *conn, const GoldEntity *e, char **ret, Error *err) {
    static const char name[] = "serving/numeric_columns";
    const LakeValue values[] = {lake_text(e->view), lake_text(e->key)};
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    if (lake_query(conn, name, lake_sql(name), values, ARRAY_LEN(values), &row, err) != 0 || lake_next(row, err) < 0) return -1;
    *ret = lake_is_null(row, 0) ? NULL : xstrdup(lake_col_text(row, 0, NULL));
    return 0;
}

static int measure_when_stale(LakeConn *conn, const GoldEntity *e, Error *err) {
    LakeBinding more[] = {{"entity", lake_text(e->name)}, {"columns", lake_null()}};
    CLEANUP(free_text) char *stale = gold_entity_sql_with(e, "serving/stats_are_stale", more, 1);
    CLEANUP(free_text) char *columns = NULL;
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    if (lake_query(conn, "serving/stats_are_stale", stale, NULL, 0, &row, err) != 0 || lake_next(row, err) < 0) return -1;
    if (!lake_col_bool(row, 0)) return 0;
    if (read_columns(conn, e, &columns, err) != 0) return -1;
    if (columns == NULL) return 0;
    more[1].value = lake_text(columns);
    CLEANUP(free_text) char *sql = gold_entity_sql_with(e, "serving/stats", more, ARRAY_LEN(more));
    return lake_exec(conn, "serving/stats", sql, err);
}

static int measure_typical(LakeConn *conn, const GoldEntities *entities, Error *err) {
    for (size_t i = 0; i < entities->count; i++)
        if (measure_when_stale(conn, &entities->items[i], err) != 0) return -1;
    return 0;
}

/* ---- all ---- */

int histories_advance(LakeConn *conn, const GoldEntities *entities, Error *err) {
    if (lake_begin(conn, err) != 0) return -1;
    if (count_events(conn, err) == 0 && count_quality(conn, err) == 0 && measure_typical(conn, entities, err) == 0 &&
        exec_when(conn, "serving/history_is_long", "serving/history_thin", err) == 0 && lake_commit(conn, err) == 0)
        return 0;
    lake_rollback(conn);
    return -1;
}

char *histories_query(const GoldEntity *scored, int64_t generation) {
    const LakeBinding more[] = {{"generation", lake_int(generation)}, {"version", lake_text(SMELT_VERSION)}};
    return gold_entity_sql_with(scored, "publish/history", more, ARRAY_LEN(more));
}

char *histories_keep(int64_t generation) {
    return lake_sql_bind(lake_sql("publish/keep_history"), &(LakeBinding){"generation", lake_int(generation)}, 1);
}

/* tables.c: the tables that the declarations ask for, and what happens when the declarations change.
 *
 *   a contract gains a column    Silver gains it; old rows have NULL
 *   a column changes its type    refused: rows of two meanings cannot share a column; `refine --full` makes the table again
 *   any other rule changes       it holds for new events; the run says that `refine --full` applies it to history
 *   the features change, or      Gold is made again from Silver, here and now
 *   what is compiled of them
 *
 * Invariant: the fingerprints in refine_progress are those of the declarations that the tables were brought to, so that equal fingerprints
 * mean that there is nothing to look at. */
#include "refine/internal.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/memory.h"
#include <string.h>

/* ---- progress ---- */

/* The features, and the SQL that this binary makes of them. */
static char *features_fingerprint(const Refine *r) {
    CLEANUP(buf_done) Buf text = {0};
    buf_add_str(&text, r->pipeline->features_sha256);
    for (Statement s = SQL_GOLD_TABLES; s <= SQL_GOLD_SETTLE; s++) buf_add_str(&text, compile_sql(r->live, s));
    return buf_take(&text);
}

int refine_read_progress(const Refine *r, RefineProgress *ret, Error *err) {
    static const char sql[] = "SELECT batch_id, contracts_sha256 IS NOT NULL, coalesce(contracts_sha256 = $1, false), "
                              "coalesce(features_sha256 = sha256($2), false) "
                              "FROM refine_progress";
    CLEANUP(free_text) char *features = features_fingerprint(r);
    LakeValue values[] = {lake_text(r->pipeline->contracts_sha256), lake_text(features)};
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(r->conn, "refine/progress", sql, values, 2, &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got < 0) return -1;
    if (got == 0) return error_set(err, ERR_BUG, "refine_progress has no row");
    *ret = (RefineProgress){lake_col_int(rows, 0), lake_col_bool(rows, 1), lake_col_bool(rows, 2), lake_col_bool(rows, 3)};
    return 0;
}

int refine_store_progress(const Refine *r, int64_t batch_id, Error *err) {
    static const char sql[] =
        "UPDATE refine_progress SET batch_id = $1, contracts_sha256 = $2, features_sha256 = sha256($3), refined_at = now()";
    CLEANUP(free_text) char *features = features_fingerprint(r);
    LakeValue values[] = {lake_int(batch_id), lake_text(r->pipeline->contracts_sha256), lake_text(features)};
    return lake_exec_values(r->conn, "refine/progress_stored", sql, values, 3, NULL, err);
}

/* ---- columns ---- */

/* The type of a column of silver_clean_events in the lake; NULL: no such column. The caller frees. */
static int read_column_type(const Refine *r, const char *column, char **ret, Error *err) {
    static const char sql[] = "SELECT data_type FROM duckdb_columns() WHERE database_name = current_database() AND schema_name = 'main' "
                              "AND table_name = 'silver_clean_events' AND column_name = $1";
    LakeValue value = lake_text(column);
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(r->conn, "silver/columns", sql, &value, 1, &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got < 0) return -1;
    *ret = got > 0 ? xstrdup(lake_col_text(rows, 0, NULL)) : NULL;
    return 0;
}

static int add_column(const Refine *r, const SilverColumn *column, Error *err) {
    CLEANUP(free_text) char *sql = xasprintf("ALTER TABLE silver_clean_events ADD COLUMN \"%s\" %s", column->name, column->type);
    if (lake_exec(r->conn, "silver/add_column", sql, err) != 0) return -1;
    log_info("refine", "Silver has a new column: %s %s", column->name, column->type);
    r->stats->columns_added++;
    return 0;
}

static int check_column(const Refine *r, const SilverColumn *column, Error *err) {
    CLEANUP(free_text) char *type = NULL;
    if (read_column_type(r, column->name, &type, err) != 0) return -1;
    if (type == NULL) return add_column(r, column, err);
    if (strcmp(type, column->type) == 0) return 0;
    return error_set(err, ERR_CONFIG,
                     "column %s is %s in Silver and %s in the contract: run `smelt refine --full` to make Silver again with the new type",
                     column->name, type, column->type);
}

static int check_columns(const Refine *r, Error *err) {
    const SilverColumn *columns;
    size_t n = compile_silver_columns(r->sql, &columns);
    for (size_t i = 0; i < n; i++)
        if (check_column(r, &columns[i], err) != 0) return -1;
    return 0;
}

/* ---- bringing the tables to the declarations ---- */

static int prepare_contracts(const Refine *r, const RefineProgress *progress, Error *err) {
    /* Columns first: the tables' statement also comments on them. */
    if (progress->has_contracts && check_columns(r, err) != 0) return -1;
    if (refine_exec(r, SQL_SILVER_TABLES, NULL, 0, NULL, err) != 0) return -1;
    if (!progress->has_contracts) return 0;
    r->stats->contracts_changed = true;
    log_info("refine", "the contracts have changed: they hold for new events; `smelt refine --full` applies them to the history");
    return 0;
}

static int prepare_features(const Refine *r, const RefineProgress *progress, Error *err) {
    if (progress->has_contracts) {
        log_info("refine", "the features have changed: making Gold again from Silver");
        r->stats->features_rebuilt = true;
    }
    return gold_rebuild(r, progress->batch_id, err) != 0 ? -1 : gold_recompute_features(r, progress->batch_id, err);
}

static int prepare(const Refine *r, const RefineProgress *progress, Error *err) {
    if (!progress->same_contracts && prepare_contracts(r, progress, err) != 0) return -1;
    if (!progress->same_features && prepare_features(r, progress, err) != 0) return -1;
    return refine_store_progress(r, progress->batch_id, err);
}

int refine_prepare(const Refine *r, const RefineProgress *progress, Error *err) {
    if (progress->same_contracts && progress->same_features) return 0;
    if (lake_begin(r->conn, err) != 0) return -1;
    if (prepare(r, progress, err) == 0 && lake_commit(r->conn, err) == 0) return 0;
    lake_rollback(r->conn);
    return -1;
}

/* ---- rebuilding ---- */

int refine_drop_rebuild(const Refine *r, Error *err) {
    for (size_t i = 0; compile_tables[i] != NULL; i++) {
        CLEANUP(free_text) char *sql = xasprintf("DROP TABLE IF EXISTS %s%s", compile_tables[i], r->suffix);
        if (lake_exec(r->conn, "refine/drop_rebuild", sql, err) != 0) return -1;
    }
    return 0;
}

int refine_begin_rebuild(const Refine *r, Error *err) {
    if (refine_drop_rebuild(r, err) != 0) return -1; /* what a killed rebuild left */
    return refine_exec(r, SQL_SILVER_TABLES, NULL, 0, NULL, err) != 0 ? -1 : refine_exec(r, SQL_GOLD_TABLES, NULL, 0, NULL, err);
}

static int swap_table(const Refine *r, const char *name, Error *err) {
    CLEANUP(free_text) char *sql = xasprintf("DROP TABLE IF EXISTS %s; ALTER TABLE %s%s RENAME TO %s", name, name, r->suffix, name);
    return lake_exec(r->conn, "refine/swap", sql, err);
}

int refine_swap_rebuild(const Refine *r, int64_t upto, Error *err) {
    if (lake_begin(r->conn, err) != 0) return -1;
    int rc = 0;
    for (size_t i = 0; rc == 0 && compile_tables[i] != NULL; i++) rc = swap_table(r, compile_tables[i], err);
    if (rc == 0) rc = gold_recompute_features(r, upto, err);
    if (rc == 0) rc = refine_store_progress(r, upto, err);
    if (rc == 0) rc = lake_commit(r->conn, err);
    if (rc != 0) lake_rollback(r->conn);
    return rc;
}

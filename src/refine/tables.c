/* tables.c: the tables that the declarations ask for, and what happens when the declarations change.
 *
 *   a contract gains a column    Silver gains it; old rows have NULL
 *   a column changes its type    refused: one column cannot hold values of two types; `refine --full` makes the table again
 *   a column changes its        refused: one column cannot hold values of two properties (column_owners.c)
 *   property
 *   any other rule changes       it holds for new events; the run says that `refine --full` applies it to history
 *   the features change, or      Gold is computed again from Silver at once
 *   the SQL compiled from them
 *
 * Invariant: the fingerprints in refine_progress are those of the declarations that the tables were made for: when they are equal, the
 * tables need no change. */
#include "refine/internal.h"

#include "base/buf.h"
#include "base/counted.h"
#include "base/document.h"
#include "base/log.h"
#include "base/memory.h"
#include "contract/explain.h"
#include <string.h>

/* ---- progress ---- */

int refine_read_progress(const Refine *r, RefineProgress *ret, Error *err) {
    const LakeValue values[] = {lake_text(r->pipeline->contracts_sha256), lake_text(compile_features_sha256(r->live)),
                                lake_text(compile_declared_sha256(r->live))};
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(r->conn, "refine/progress", lake_sql("refine/progress"), values, ARRAY_LEN(values), &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got < 0) return -1;
    if (got == 0) return error_set(err, ERR_BUG, "refine_progress has no row");
    *ret = (RefineProgress){lake_col_int(rows, 0),  lake_col_bool(rows, 1), lake_col_bool(rows, 2),
                            lake_col_bool(rows, 3), lake_col_bool(rows, 4), lake_col_bool(rows, 5)};
    return 0;
}

int refine_store_progress(const Refine *r, int64_t batch_id, Error *err) {
    static const char name[] = "refine/progress_stored";
    const LakeValue values[] = {lake_int(batch_id), lake_text(r->pipeline->contracts_sha256), lake_text(compile_features_sha256(r->live)),
                                lake_text(compile_declared_sha256(r->live))};
    return lake_exec_values(r->conn, name, lake_sql(name), values, ARRAY_LEN(values), NULL, err);
}

/* ---- columns ---- */

/* The type of a column of silver_clean_events in the lake; NULL: no such column. The caller frees. */
static int read_column_type(const Refine *r, const char *column, char **ret, Error *err) {
    LakeValue value = lake_text(column);
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(r->conn, "silver/columns", lake_sql("silver/columns"), &value, 1, &rows, err) != 0) return -1;
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
    if (type == NULL && strcmp(column->name, r->pipeline->entities[0].key.name) == 0)
        return error_set(err, ERR_CONFIG,
                         "the id of the %s is %s in the contracts, and Silver does not have this column: run `smelt refine --full` "
                         "to make Silver again",
                         r->pipeline->entities[0].title, column->name);
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

/* ---- making the tables fit the declarations ---- */

/* Once, when the contracts are new or have changed. */
static void name_unenforced(const Pipeline *p) {
    enum { NAMED = 20 };
    CLEANUP(json_freep) json_t *all = pipeline_unenforced(p);
    size_t i;
    json_t *one;
    json_array_foreach(all, i, one) {
        if (i == NAMED) break;
        log_warn("refine", "%s:%d: %s %s", json_string_value(json_object_get(one, "file")),
                 (int)json_integer_value(json_object_get(one, "line")), json_string_value(json_object_get(one, "path")),
                 json_string_value(json_object_get(one, "text")));
    }
    if (json_array_size(all) > NAMED)
        log_warn("refine", "%zu more %s not enforced: `smelt contract check` names all", json_array_size(all) - NAMED,
                 counted((int64_t)json_array_size(all) - NAMED, "part of the contracts is", "parts of the contracts are"));
}

static void name_warnings(const Pipeline *p) {
    CLEANUP(json_freep) json_t *all = pipeline_notes(p, NOTE_WARNING);
    size_t i;
    json_t *one;
    json_array_foreach(all, i, one) {
        const char *file = json_string_value(json_object_get(one, "file")), *text = json_string_value(json_object_get(one, "text"));
        int line = (int)json_integer_value(json_object_get(one, "line"));
        if (line > 0)
            log_warn("refine", "%s:%d: %s: %s", file, line, json_string_value(json_object_get(one, "path")), text);
        else
            log_warn("refine", "%s: %s", file, text); /* of the whole file */
    }
}

static int prepare_contracts(const Refine *r, const RefineProgress *progress, Error *err) {
    /* Columns first: the tables' statement also comments on them. */
    if (progress->has_contracts && (column_owners_check(r, err) != 0 || check_columns(r, err) != 0)) return -1;
    if (refine_exec(r, SQL_SILVER_TABLES, NULL, 0, NULL, err) != 0 || lake_fit_memory(r->conn, err) != 0) return -1;
    name_unenforced(r->pipeline);
    name_warnings(r->pipeline);
    if (lake_exec(r->conn, "quality/forget_all", lake_sql("quality/forget_all"), err) != 0) return -1; /* of rules that are no more */
    if (other_ids_tell(r, progress->batch_id, err) != 0) return -1;
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

/* "gold_bike_features,gold_station_features"; the caller frees. */
static char *declared_views(const Refine *r) {
    Buf out = {0};
    for (size_t i = 0; i < r->pipeline->entity_count; i++)
        buf_addf(&out, "%s%s", i > 0 ? "," : "", compile_gold_table(r->live, i, GOLD_FEATURES));
    return buf_take(&out);
}

/* The tables of entities that are not declared any more. */
static int drop_entities_gone(const Refine *r, Error *err) {
    CLEANUP(free_text) char *views = declared_views(r);
    CLEANUP(buf_done) Buf drops = {0};
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    LakeValue value = lake_text(views);
    if (lake_query(r->conn, "refine/entities_gone", lake_sql("refine/entities_gone"), &value, 1, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        buf_addf(&drops, "DROP %s IF EXISTS ", lake_col_text(rows, 0, NULL));
        buf_addf(&drops, "%s;", lake_col_text(rows, 1, NULL));
    }
    if (got < 0) return -1;
    return drops.len > 0 ? lake_exec(r->conn, "refine/drop_entities", drops.data, err) : 0;
}

/* When the model is of another entity than before. */
static int withdraw_models(const Refine *r, Error *err) {
    const Entity *e = &r->pipeline->entities[r->pipeline->prediction.entity];
    const LakeValue values[] = {lake_text(e->key.name), lake_text(e->name)};
    int64_t moved = 0;
    if (lake_query_int(r->conn, "refine/model_of_another", lake_sql("refine/model_of_another"), values, ARRAY_LEN(values), &moved, err) !=
        0)
        return -1;
    if (moved == 0) return 0;
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("refine/model_moved"), &(LakeBinding){"entity", lake_text(e->name)}, 1);
    log_info("refine", "the model is of %s now: models and scores of the entity before are withdrawn; `smelt train` trains one",
             e->title_plural);
    return lake_exec(r->conn, "refine/model_moved", sql, err);
}

/* Titles may contain anything, also what looks like a placeholder. */
static int refine_declare(const Refine *r, Error *err) {
    if (withdraw_models(r, err) != 0 || drop_entities_gone(r, err) != 0) return -1;
    const StatementText *gold = compile_statement(r->live, SQL_GOLD_DECLARED, 0);
    const StatementText *model = compile_statement(r->live, SQL_MODEL_DECLARED, 0);
    if (lake_exec(r->conn, gold->name, gold->sql, err) != 0 || lake_exec(r->conn, model->name, model->sql, err) != 0) return -1;
    return event_times_rebuild(r, err);
}

static int prepare(const Refine *r, const RefineProgress *progress, Error *err) {
    if (!progress->same_contracts && prepare_contracts(r, progress, err) != 0) return -1;
    if (!(progress->same_contracts && progress->has_owners) && column_owners_add(r, err) != 0) return -1;
    if (!progress->same_features && prepare_features(r, progress, err) != 0) return -1;
    if (!progress->same_declared && refine_declare(r, err) != 0) return -1;
    return refine_store_progress(r, progress->batch_id, err);
}

int refine_prepare(const Refine *r, const RefineProgress *progress, Error *err) {
    if (progress->same_contracts && progress->same_features && progress->same_declared && progress->has_owners) return 0;
    if (lake_begin(r->conn, err) != 0) return -1;
    if (prepare(r, progress, err) == 0 && lake_commit(r->conn, err) == 0) return 0;
    lake_rollback(r->conn);
    return -1;
}

/* ---- rebuilding ---- */

/* These make the tables that a rebuild fills beside the live ones, the second those of each entity. The features are computed when they are
 * swapped. */
static const Statement rebuilt[] = {SQL_SILVER_TABLES, SQL_GOLD_TABLES};

typedef int (*Rebuilding)(const Refine *r, Statement statement, Error *err);

static int for_each_rebuilt(const Refine *r, Rebuilding act, Error *err) {
    for (size_t i = 0; i < ARRAY_LEN(rebuilt); i++) {
        Refine one = *r;
        size_t times = statement_is_of_entity(rebuilt[i]) ? r->pipeline->entity_count : 1;
        for (one.entity = 0; one.entity < times; one.entity++)
            if (act(&one, rebuilt[i], err) != 0) return -1;
    }
    return 0;
}

static int drop_tables(const Refine *r, Statement statement, Error *err) {
    return refine_drop_tables(r, "refine/drop_rebuild", statement, err);
}

static int make_tables(const Refine *r, Statement statement, Error *err) {
    return refine_exec(r, statement, NULL, 0, NULL, err);
}

int refine_drop_rebuild(const Refine *r, Error *err) {
    return for_each_rebuilt(r, drop_tables, err);
}

int refine_begin_rebuild(const Refine *r, Error *err) {
    if (refine_drop_rebuild(r, err) != 0) return -1; /* those that a killed rebuild left */
    return for_each_rebuilt(r, make_tables, err) != 0 ? -1 : lake_fit_memory(r->conn, err);
}

static int swap_one_table(const Refine *r, const char *name, Error *err) {
    CLEANUP(free_text) char *sql = xasprintf("DROP TABLE IF EXISTS %s; ALTER TABLE %s%s RENAME TO %s", name, name, r->suffix, name);
    return lake_exec(r->conn, "refine/swap", sql, err);
}

static int swap_tables(const Refine *r, Statement statement, Error *err) {
    for (const char *const *table = compile_statement(r->sql, statement, r->entity)->tables; *table != NULL; table++)
        if (swap_one_table(r, *table, err) != 0) return -1;
    return 0;
}

int refine_swap_rebuild(const Refine *r, int64_t upto, Error *err) {
    if (lake_begin(r->conn, err) != 0) return -1;
    if (for_each_rebuilt(r, swap_tables, err) == 0 && lake_exec(r->conn, "quality/forget_all", lake_sql("quality/forget_all"), err) == 0 &&
        lake_exec(r->conn, "refine/days_gone", lake_sql("refine/days_gone"), err) == 0 && column_owners_replace(r, err) == 0 &&
        gold_recompute_features(r, upto, err) == 0 && refine_declare(r, err) == 0 && refine_store_progress(r, upto, err) == 0 &&
        lake_commit(r->conn, err) == 0)
        return 0;
    lake_rollback(r->conn);
    return -1;
}

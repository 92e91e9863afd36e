/* questions.c: see questions.h. */
#include "flow/questions.h"

#include "base/memory.h"
#include "churn/churn.h"
#include "compile/compile.h"
#include "ledger/commit_mark_keeper.h"
#include "ledger/ledger.h"
#include "snapshot/entities.h"
#include "snapshot/lake_rows.h"
#include <string.h>

static int audit(LakeConn *conn, const json_t *args, json_t **ret, Error *err) {
    CLEANUP(ledger_audit_done) LedgerAudit a = {0};
    (void)args;
    if (ledger_audit(conn, &a, err) != 0) return -1;
    *ret = json_pack("{sb sI sI sI sI sI sI sO sI sI sO}", "ok", a.ok, "offsets", (json_int_t)a.offsets, "landed", (json_int_t)a.landed,
                     "duplicates", (json_int_t)a.duplicates, "rejected", (json_int_t)a.rejected, "gaps", (json_int_t)a.gaps, "lost",
                     (json_int_t)a.lost, "losses", a.losses, "missing", (json_int_t)a.missing, "repeated", (json_int_t)a.repeated,
                     "partitions", a.partitions);
    return 0;
}

/* Before the first refine there are only messages that are no events; when all of them are such, there may never be one. */
static int stand_in(LakeConn *conn, Error *err) {
    int64_t rejects = 0;
    if (lake_query_int(conn, "quarantine/rejects", lake_sql("quarantine/rejects"), NULL, 0, &rejects, err) != 0) return -1;
    if (rejects == 0) return error_set(err, ERR_UNAVAILABLE, "there is no Silver yet: run `smelt refine` first");
    const LakeBinding stored = {"stored", lake_name(BRONZE_ENTITY_COLUMN)};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("quarantine/stand_in"), &stored, 1);
    return lake_exec(conn, "quarantine/stand_in", sql, err);
}

static int prepare_quarantine(LakeConn *conn, Error *err) {
    int64_t tables = 0;
    if (lake_query_int(conn, "quarantine/tables", lake_sql("quarantine/tables"), NULL, 0, &tables, err) != 0) return -1;
    if (tables == 0 && stand_in(conn, err) != 0) return -1;
    if (tables > 0 && lake_exec(conn, "quarantine/forget", lake_sql("quarantine/forget"), err) != 0) return -1;
    return lake_exec(conn, "quarantine/reasons", lake_sql("quarantine/reasons"), err);
}

static int quarantine_list(LakeConn *conn, const json_t *args, json_t **ret, Error *err) {
    static const char name[] = "quarantine/list";
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    (void)args;
    if (prepare_quarantine(conn, err) != 0 || lake_query(conn, name, lake_sql(name), NULL, 0, &rows, err) != 0) return -1;
    return lake_rows_json(rows, ret, err);
}

/* The id under the name that the declarations give it, not the one that it is stored under. */
static int show_sql(LakeConn *conn, const char *name, char **ret, Error *err) {
    CLEANUP(gold_entities_done) GoldEntities entities = {0};
    if (prepare_quarantine(conn, err) != 0 || gold_entities_read(conn, &entities, err) != 0) return -1;
    const LakeBinding names[] = {{"stored", lake_name(BRONZE_ENTITY_COLUMN)},
                                 {"key", lake_name(entities.count > 0 ? entities.items[0].key : BRONZE_ENTITY_COLUMN)}};
    *ret = lake_sql_bind(lake_sql(name), names, ARRAY_LEN(names));
    return 0;
}

static int quarantine_show(LakeConn *conn, const json_t *args, json_t **ret, Error *err) {
    static const char name[] = "quarantine/show";
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    CLEANUP(free_text) char *sql = NULL;
    LakeValue values[] = {lake_text(json_string_value(json_object_get(args, "rule"))),
                          lake_text(json_string_value(json_object_get(args, "field"))),
                          lake_int(json_integer_value(json_object_get(args, "limit")))};
    if (show_sql(conn, name, &sql, err) != 0 || lake_query(conn, name, sql, values, ARRAY_LEN(values), &rows, err) != 0) return -1;
    return lake_rows_json(rows, ret, err);
}

static int model_list(LakeConn *conn, const json_t *args, json_t **ret, Error *err) {
    (void)args;
    return churn_list_models(conn, ret, err);
}

static int model_find(LakeConn *conn, const json_t *args, json_t **ret, Error *err) {
    return churn_find_model(conn, json_string_value(json_object_get(args, "id")), ret, err);
}

static const struct {
    const char *name;
    int (*answer)(LakeConn *conn, const json_t *args, json_t **ret, Error *err);
} questions[] = {{"audit", audit},
                 {"model/list", model_list},
                 {"model/find", model_find},
                 {"quarantine/list", quarantine_list},
                 {"quarantine/show", quarantine_show}};

int question_answer(LakeConn *conn, const char *mark_path, const char *name, const json_t *args, json_t **ret, Error *err) {
    if (commit_mark_verify(conn, mark_path, err) != 0) return -1;
    if (strcmp(name, "check") == 0) return *ret = json_object(), 0;
    for (size_t i = 0; i < ARRAY_LEN(questions); i++)
        if (strcmp(questions[i].name, name) == 0) return questions[i].answer(conn, args, ret, err);
    if (lake_rows_known(name)) return lake_rows_answer(conn, name, args, ret, err);
    return error_set(err, ERR_USAGE, "the process that has the lake does not know the question \"%.40s\": it is another version of smelt",
                     name);
}

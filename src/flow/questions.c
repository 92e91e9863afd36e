/* questions.c: see questions.h. */
#include "flow/questions.h"

#include "ledger/commit_mark_keeper.h"
#include "ledger/ledger.h"
#include <string.h>

static int audit(LakeConn *conn, const json_t *args, json_t **ret, Error *err) {
    CLEANUP(ledger_audit_done) LedgerAudit a = {0};
    (void)args;
    if (ledger_audit(conn, &a, err) != 0) return -1;
    *ret = json_pack("{sb sI sI sI sI sI sI sI sO}", "ok", a.ok, "offsets", (json_int_t)a.offsets, "landed", (json_int_t)a.landed,
                     "duplicates", (json_int_t)a.duplicates, "rejected", (json_int_t)a.rejected, "gaps", (json_int_t)a.gaps, "missing",
                     (json_int_t)a.missing, "repeated", (json_int_t)a.repeated, "partitions", a.partitions);
    return 0;
}

static int check_refined(LakeConn *conn, Error *err) {
    int64_t tables = 0;
    if (lake_query_int(conn, "quarantine/tables", lake_sql("quarantine/tables"), NULL, 0, &tables, err) != 0) return -1;
    return tables > 0 ? 0 : error_set(err, ERR_UNAVAILABLE, "there is no Silver yet: run `smelt refine` first");
}

static int read_rows(LakeConn *conn, const char *name, const LakeValue *values, size_t n, json_t **ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (check_refined(conn, err) != 0 || lake_query(conn, name, lake_sql(name), values, n, &rows, err) != 0) return -1;
    return lake_rows_json(rows, ret, err);
}

static int quarantine_list(LakeConn *conn, const json_t *args, json_t **ret, Error *err) {
    (void)args;
    return read_rows(conn, "quarantine/list", NULL, 0, ret, err);
}

static int quarantine_show(LakeConn *conn, const json_t *args, json_t **ret, Error *err) {
    LakeValue values[] = {lake_text(json_string_value(json_object_get(args, "rule"))),
                          lake_text(json_string_value(json_object_get(args, "field"))),
                          lake_int(json_integer_value(json_object_get(args, "limit")))};
    return read_rows(conn, "quarantine/show", values, ARRAY_LEN(values), ret, err);
}

static const struct {
    const char *name;
    int (*answer)(LakeConn *conn, const json_t *args, json_t **ret, Error *err);
} questions[] = {{"audit", audit}, {"quarantine/list", quarantine_list}, {"quarantine/show", quarantine_show}};

int question_answer(LakeConn *conn, const char *mark_path, const char *name, const json_t *args, json_t **ret, Error *err) {
    if (commit_mark_verify(conn, mark_path, err) != 0) return -1;
    if (strcmp(name, "check") == 0) return *ret = json_object(), 0;
    for (size_t i = 0; i < ARRAY_LEN(questions); i++)
        if (strcmp(questions[i].name, name) == 0) return questions[i].answer(conn, args, ret, err);
    return error_set(err, ERR_USAGE, "the process that has the lake does not know the question \"%.40s\": it is another version of smelt",
                     name);
}

/* outcomes.c: what happened to the entities after a day: from their own silence, or from a table of departures. */
#include "base/counted.h"
#include "churn/csv.h"
#include "churn/forecast.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <inttypes.h>
#include <string.h>
#include <strings.h>

static bool is_table(const ChurnDeclared *d) {
    return strcmp(d->kind, "table") == 0;
}

/* ---- the table ---- */

static int table_error(const ChurnGold *g, const ChurnDeclared *d, Error *err) {
    err->kind = ERR_DATA;
    return error_prefix(err, "the departures in %s (a CSV file with the columns %s and left_at is expected)", d->file, g->key);
}

static bool is_returned_at(const char *column) {
    static const char name[] = "returned_at";
    column += strspn(column, " ");
    size_t n = strcspn(column, " ");
    return n == sizeof name - 1 && strncasecmp(column, name, n) == 0;
}

/* *ret: the column returned_at as the file spells it, NULL when it has none; the caller frees. */
static int find_returned(LakeConn *conn, const char *path, const char *delimiter, char **ret, Error *err) {
    const LakeBinding bindings[] = {{"path", lake_text(path)}, {"delimiter", lake_text(delimiter)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("churn/csv_columns"), bindings, ARRAY_LEN(bindings));
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    int more;
    *ret = NULL;
    if (lake_query(conn, "churn/csv_columns", sql, NULL, 0, &r, err) != 0) return -1;
    while ((more = lake_next(r, err)) == 1)
        if (*ret == NULL && is_returned_at(lake_col_text(r, 0, NULL))) *ret = xstrdup(lake_col_text(r, 0, NULL));
    return more;
}

static int read_table(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const char *path, const char *delimiter,
                      const char *returned, Error *err) {
    const LakeBinding bindings[] = {
        {"path", lake_text(path)}, {"delimiter", lake_text(delimiter)}, {"returned", returned != NULL ? lake_name(returned) : lake_null()}};
    CLEANUP(free_text) char *sql = churn_sql_with(g, "read_left", bindings, ARRAY_LEN(bindings));
    CLEANUP(churn_names_done) ChurnNames bad = {0};
    if (lake_exec(conn, "churn/read_left", sql, err) != 0) {
        csv_explain_failure(d->file, delimiter[0], err);
        return table_error(g, d, err);
    }
    if (churn_read_names(conn, NULL, "bad_left", &bad, err) != 0) return -1;
    if (bad.count == 0) return 0;
    error_set(err, ERR_DATA, "%s", bad.at[0]);
    return table_error(g, d, err);
}

/* A table of all entities, in which the column is empty for those who are still here, is what most people can export. */
static int note_still_here(LakeConn *conn, const ChurnDeclared *d, Error *err) {
    int64_t lines;
    if (lake_query_int(conn, "churn/still_here", lake_sql("churn/still_here"), NULL, 0, &lines, err) != 0) return -1;
    if (lines > 0) log_info("train", "%" PRId64 " %s of %s without left_at: still here", lines, counted(lines, "line", "lines"), d->file);
    return 0;
}

int churn_read_outcomes(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, int64_t end, int64_t *ret_known, Error *err) {
    CLEANUP(free_text) char *returned = NULL, *path = NULL;
    const LakeValue before = lake_int(end);
    char delimiter[2] = "";
    int64_t known;
    *ret_known = end;
    if (!is_table(d)) return 0;
    if (!file_exists(d->file)) return error_set(err, ERR_CONFIG, "the label is the table of departures %s: there is no such file", d->file);
    if (churn_csv_path(d->file, &path, err) != 0) return error_prefix(err, "the table of departures");
    if (csv_find_delimiter(d->file, g->key, "left_at", delimiter, err) != 0) return table_error(g, d, err);
    if (find_returned(conn, path, delimiter, &returned, err) != 0) {
        csv_explain_failure(d->file, delimiter[0], err);
        return table_error(g, d, err);
    }
    if (read_table(conn, g, d, path, delimiter, returned, err) != 0 || note_still_here(conn, d, err) != 0) return -1;
    if (lake_query_int(conn, "churn/left_until", lake_sql("churn/left_until"), &before, 1, &known, err) != 0) return -1;
    if (known < end) *ret_known = known;
    return 0;
}

int churn_unknown_departures(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, int64_t first, char **ret, Error *err) {
    const LakeBinding binding = {"first", lake_int(first)};
    *ret = NULL;
    if (!is_table(d)) return 0;
    CLEANUP(free_text) char *sql = churn_sql_with(g, "left_unknown", &binding, 1);
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    if (lake_query(conn, "churn/left_unknown", sql, NULL, 0, &r, err) != 0) return -1;
    int more = lake_next(r, err);
    if (more == 1) *ret = xstrdup(lake_col_text(r, 0, NULL));
    return more < 0 ? -1 : 0;
}

/* ---- of one cut ---- */

static int outcomes_by_silence(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, int64_t cut, int64_t upto, Error *err) {
    int64_t label_known = cut + churn_label_days(d);
    const LakeBinding bindings[] = {{"key", lake_name(g->key)},
                                    {"first", lake_int(cut - d->active_within)},
                                    {"before", lake_int(d->active_within + d->gap)},
                                    {"last", lake_int(label_known - 1)},
                                    {"known", lake_int(strcmp(d->as_of, "event") == 0 ? INT32_MAX : label_known)},
                                    {"upto", lake_int(upto)},
                                    {"silence", lake_int(d->silence)},
                                    {"horizon", lake_int(d->horizon)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("churn/outcomes_inactivity"), bindings, ARRAY_LEN(bindings));
    return lake_exec(conn, "churn/outcomes_inactivity", sql, err);
}

int churn_make_outcomes(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, int64_t cut, int64_t upto, Error *err) {
    if (!is_table(d)) return outcomes_by_silence(conn, g, d, cut, upto, err);
    const LakeBinding bindings[] = {{"key", lake_name(g->key)},
                                    {"at", lake_int(cut)},
                                    {"from", lake_int(cut + d->gap)},
                                    {"until", lake_int(cut + d->gap + d->horizon)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("churn/outcomes_table"), bindings, ARRAY_LEN(bindings));
    return lake_exec(conn, "churn/outcomes_table", sql, err);
}

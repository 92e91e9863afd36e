/* lake_rows.c: see lake_rows.h. */
#include "snapshot/lake_rows.h"

#include "base/document.h"
#include "base/memory.h"
#include "snapshot/entities.h"
#include <string.h>

enum { VALUES_MAX = 8 };

static const char *const names[] = {"rows/quarantine", "rows/rejects",          "rows/events",  "rows/events_quarantined",
                                    "rows/message",    "rows/message_rejected", "rows/related", "rows/hours",
                                    "rows/days"};

bool lake_rows_known(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

static LakeValue value_of(const json_t *v) {
    const json_t *bytes = json_object_get(v, "bytes");
    if (json_is_integer(v)) return lake_int(json_integer_value(v));
    if (json_is_string(bytes)) return lake_blob(json_string_value(bytes), json_string_length(bytes));
    return lake_text(json_string_value(v));
}

static int check_refined(LakeConn *conn, Error *err) {
    int64_t missing = 0;
    if (lake_query_int(conn, "serving/missing", lake_sql("serving/missing"), NULL, 0, &missing, err) != 0) return -1;
    return missing == 0 ? 0 : error_set(err, ERR_UNAVAILABLE, "there is no Silver yet: run `smelt refine` first");
}

/* Of which column of Silver a feature is, and how. */
typedef struct Source {
    char *column, *aggregate;
} Source;

static void source_done(Source *s) {
    free(s->column);
    free(s->aggregate);
}

static int read_source(LakeConn *conn, const char *entity, const char *feature, Source *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    LakeValue values[] = {lake_text(entity), lake_text(feature)};
    if (lake_query(conn, "rows/source", lake_sql("rows/source"), values, ARRAY_LEN(values), &row, err) != 0) return -1;
    int got = lake_next(row, err);
    if (got < 0) return -1;
    if (got == 0) return error_set(err, ERR_USAGE, "%s has no value of each day", feature);
    *ret = (Source){.column = xstrdup(lake_col_text(row, 0, NULL)), .aggregate = xstrdup(lake_col_text(row, 1, NULL))};
    return 0;
}

int lake_rows_answer(LakeConn *conn, const char *name, const json_t *args, json_t **ret, Error *err) {
    CLEANUP(gold_entities_done) GoldEntities entities = {0};
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    CLEANUP(source_done) Source source = {0};
    const char *feature = json_string_value(json_object_get(args, "feature"));
    const json_t *list = json_object_get(args, "values");
    size_t entity = (size_t)json_integer_value(json_object_get(args, "entity")), n = json_array_size(list);
    size_t other = (size_t)json_integer_value(json_object_get(args, "other"));
    LakeValue values[VALUES_MAX];
    if (!lake_rows_known(name) || n > VALUES_MAX) return error_set(err, ERR_USAGE, "there are no such rows as %.64s", name);
    if (check_refined(conn, err) != 0 || gold_entities_read(conn, &entities, err) != 0) return -1;
    if (entity >= entities.count || other >= entities.count)
        return error_set(err, ERR_USAGE, "there is no entity %zu", entity < entities.count ? other : entity);
    for (size_t i = 0; i < n; i++) values[i] = value_of(json_array_get(list, i));
    if (feature != NULL && read_source(conn, entities.items[entity].name, feature, &source, err) != 0) return -1;
    const LakeBinding more[] = {{"other_key", lake_name(entities.items[other].key)},
                                {"source", lake_name(source.column != NULL ? source.column : "no column")},
                                {"aggregate", lake_text(source.aggregate)}};
    CLEANUP(free_text) char *sql = gold_entity_sql_with(&entities.items[entity], name, more, ARRAY_LEN(more));
    if (lake_query(conn, name, sql, values, n, &rows, err) != 0) return -1;
    return lake_rows_json(rows, ret, err);
}

/* entities.c: see entities.h. */
#include "snapshot/entities.h"

#include "base/memory.h"

#define TEXTS 21

/* In the order of sql/serving/entities.sql. */
static void texts_of(GoldEntity *e, char **ret[TEXTS]) {
    char **texts[TEXTS] = {&e->name,       &e->plural,      &e->key,        &e->key_type,   &e->title,   &e->title_plural, &e->description,
                           &e->view,       &e->base,        &e->delta,      &e->base_table, &e->label,   &e->risk_title,   &e->value,
                           &e->value_name, &e->value_title, &e->value_unit, &e->place,      &e->place_x, &e->place_y,      &e->listed};
    for (size_t i = 0; i < TEXTS; i++) ret[i] = texts[i];
}

void gold_entities_done(GoldEntities *e) {
    for (size_t i = 0; i < e->count; i++) {
        char **texts[TEXTS];
        texts_of(&e->items[i], texts);
        for (size_t t = 0; t < TEXTS; t++) free(*texts[t]);
    }
    free(e->items);
    *e = (GoldEntities){0};
}

static void add_entity(GoldEntities *e, LakeResult *row) {
    char **texts[TEXTS];
    e->items = xgrow(e->items, e->count, sizeof *e->items);
    e->items[e->count] = (GoldEntity){0};
    texts_of(&e->items[e->count], texts);
    for (size_t t = 0; t < TEXTS; t++)
        if (!lake_is_null(row, t)) *texts[t] = xstrdup(lake_col_text(row, t, NULL));
    e->items[e->count].scored = e->items[e->count].risk_title != NULL;
    if (e->items[e->count].scored) e->scored = e->count;
    e->count++;
}

/* Runs `otherwise` where `known` finds none. */
static int name_if_missing(LakeConn *conn, const char *known, const char *otherwise, Error *err) {
    int64_t found = 0;
    if (lake_query_int(conn, known, lake_sql(known), NULL, 0, &found, err) != 0) return -1;
    return found > 0 ? 0 : lake_exec(conn, otherwise, lake_sql(otherwise), err);
}

/* What snapshots of earlier versions do not have. */
static int name_those_of_before(LakeConn *conn, Error *err) {
    static const char *const parts[][2] = {{"serving/has_entities", "serving/entities_before"},
                                           {"serving/has_contracts", "serving/contracts_before"},
                                           {"serving/has_histories", "serving/histories_before"},
                                           {"serving/has_losses", "serving/losses_before"}};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (name_if_missing(conn, parts[i][0], parts[i][1], err) != 0) return -1;
    return 0;
}

int gold_entities_read(LakeConn *conn, GoldEntities *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    *ret = (GoldEntities){0};
    if (name_those_of_before(conn, err) != 0) return -1;
    if (lake_query(conn, "serving/entities", lake_sql("serving/entities"), NULL, 0, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) add_entity(ret, rows);
    if (got < 0) gold_entities_done(ret);
    return got;
}

char *gold_entity_text(const GoldEntity *e, const char *sql, const LakeBinding *more, size_t n) {
    enum { OWN = 12 };
    LakeBinding names[OWN + GOLD_NAMES_MORE] = {{"view", lake_name(e->view)},
                                                {"key", lake_name(e->key)},
                                                {"key_type", lake_name(e->key_type)},
                                                {"rows", lake_name(e->scored ? "serving_entities" : e->view)},
                                                {"base", lake_name(e->base)},
                                                {"delta", lake_name(e->delta)},
                                                {"base_table", lake_name(e->base_table)},
                                                {"label", lake_name(e->label != NULL ? e->label : "no label")},
                                                {"value", lake_name(e->value != NULL ? e->value : "no value")},
                                                {"label_or_null", e->label != NULL ? lake_name(e->label) : lake_null()},
                                                {"value_or_null", e->value != NULL ? lake_name(e->value) : lake_null()},
                                                {"listed", lake_text(e->listed != NULL ? e->listed : "")}};
    BUG_IF(n > GOLD_NAMES_MORE);
    for (size_t i = 0; i < n; i++) names[OWN + i] = more[i];
    return lake_sql_bind(sql, names, OWN + n);
}

char *gold_entity_sql_with(const GoldEntity *e, const char *name, const LakeBinding *more, size_t n) {
    return gold_entity_text(e, lake_sql(name), more, n);
}

char *gold_entity_sql(const GoldEntity *e, const char *name) {
    return gold_entity_sql_with(e, name, NULL, 0);
}

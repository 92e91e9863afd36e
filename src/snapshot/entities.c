/* entities.c: see entities.h. */
#include "snapshot/entities.h"

#include "base/memory.h"

#define TEXTS 18

/* In the order of sql/serving/entities.sql. */
static void texts_of(GoldEntity *e, char **ret[TEXTS]) {
    char **texts[TEXTS] = {&e->name,        &e->plural, &e->key,        &e->key_type,    &e->title,      &e->title_plural,
                           &e->description, &e->view,   &e->base,       &e->delta,       &e->base_table, &e->label,
                           &e->risk_title,  &e->value,  &e->value_name, &e->value_title, &e->value_unit, &e->listed};
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
    e->items = xrealloc(e->items, e->count + 1, sizeof *e->items);
    e->items[e->count] = (GoldEntity){.first = e->count == 0};
    texts_of(&e->items[e->count++], texts);
    for (size_t t = 0; t < TEXTS; t++)
        if (!lake_is_null(row, t)) *texts[t] = xstrdup(lake_col_text(row, t, NULL));
}

/* Runs `otherwise` where `known` finds none. */
static int name_if_missing(LakeConn *conn, const char *known, const char *otherwise, Error *err) {
    int64_t found = 0;
    if (lake_query_int(conn, known, lake_sql(known), NULL, 0, &found, err) != 0) return -1;
    return found > 0 ? 0 : lake_exec(conn, otherwise, lake_sql(otherwise), err);
}

/* What snapshots of earlier versions do not have. */
static int name_those_of_before(LakeConn *conn, Error *err) {
    return name_if_missing(conn, "serving/has_entities", "serving/entities_before", err) != 0
               ? -1
               : name_if_missing(conn, "serving/has_contracts", "serving/contracts_before", err);
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

char *gold_entity_sql(const GoldEntity *e, const char *name) {
    const LakeBinding names[] = {{"view", lake_name(e->view)},
                                 {"key", lake_name(e->key)},
                                 {"key_type", lake_name(e->key_type)},
                                 {"rows", lake_name(e->first ? "serving_entities" : e->view)},
                                 {"base", lake_name(e->base)},
                                 {"delta", lake_name(e->delta)},
                                 {"base_table", lake_name(e->base_table)},
                                 {"label", lake_name(e->label != NULL ? e->label : "no label")},
                                 {"value", lake_name(e->value != NULL ? e->value : "no value")},
                                 {"listed", lake_text(e->listed != NULL ? e->listed : "")}};
    return lake_sql_bind(lake_sql(name), names, ARRAY_LEN(names));
}

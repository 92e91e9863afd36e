/* entity_store.c: see entity_store.h.
 *
 * Invariant: what is visible is what the view of the entity shows: the delta, and what of the base has no row in the delta. */
#include "web/entity_store.h"

#include "base/document.h"
#include "base/memory.h"
#include "web/rows.h"
#include "web/scores.h"
#include <string.h>

static void held_entity_done(HeldEntity *e) {
    if (e->names != NULL) held_names_free(e->names, lake_held_columns(e->base->rows));
    held_part_drop(e->base);
    held_part_drop(e->delta);
    held_part_drop(e->changes);
    free(e->hidden);
    free(e->typical);
    *e = (HeldEntity){0};
}

void entity_store_free(EntityStore *s) {
    for (size_t i = 0; i < s->entities.count; i++) held_entity_done(&s->items[i]);
    free(s->items);
    gold_entities_done(&s->entities);
    free(s);
}

/* ---- reading ---- */

static int read_name(LakeConn *conn, const char *statement, const char *sql, const LakeValue *values, size_t n, char **ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    if (lake_query(conn, statement, sql, values, n, &r, err) != 0) return -1;
    int got = lake_next(r, err);
    if (got < 0) return -1;
    *ret = xstrdup(got > 0 ? lake_col_text(r, 0, NULL) : "");
    return 0;
}

static int read_base_name(LakeConn *conn, const GoldEntity *e, char **ret, Error *err) {
    LakeValue table = lake_text(e->scored ? "" : e->base);
    return read_name(conn, "api/held_base", lake_sql("api/held_base"), &table, 1, ret, err);
}

/* Names the content of the base as it is read here; "": nothing does. */
static int name_base(LakeConn *conn, const HeldEntity *e, char **ret, Error *err) {
    const GoldEntity *g = e->entity;
    CLEANUP(free_text) char *base = NULL;
    if (read_base_name(conn, g, &base, err) != 0) return -1;
    *ret = base[0] == '\0'
               ? xstrdup("")
               : xasprintf("%s %d %s %s %s", base, e->has_risk, g->key, g->label != NULL ? g->label : "", g->value != NULL ? g->value : "");
    return 0;
}

/* Names the two parts for read_part. */
static int split(LakeConn *conn, const GoldEntity *e, Error *err) {
    CLEANUP(free_text) char *sql = gold_entity_sql(e, "api/held_of_snapshot");
    return lake_exec(conn, "api/held_of_snapshot", sql, err);
}

static int read_part(LakeConn *conn, const HeldEntity *e, const char *name, bool of_base, size_t most, HeldPart **ret, Error *err) {
    const char *statement = e->has_risk ? "api/held_rows" : "api/held_listed";
    const LakeBinding which[] = {{"of_base", lake_bool(of_base)}, {"of_delta", lake_bool(!of_base)}};
    CLEANUP(free_text) char *sql = gold_entity_sql_with(e->entity, statement, which, ARRAY_LEN(which));
    return held_part_read(conn, name, statement, sql, e->entity->key, most, ret, err);
}

static int read_base(LakeConn *conn, HeldEntity *e, const HeldEntity *last, size_t most, Error *err) {
    CLEANUP(free_text) char *name = NULL;
    if (split(conn, e->entity, err) != 0 || name_base(conn, e, &name, err) != 0) return -1;
    e->base = held_part_same(last != NULL ? last->base : NULL, name);
    return e->base != NULL ? 0 : read_part(conn, e, name, true, most, &e->base, err);
}

static int read_changes(LakeConn *conn, HeldEntity *e, const HeldEntity *last, size_t most, Error *err) {
    static const char statement[] = "api/held_changes", names[] = "api/held_changes_name";
    CLEANUP(free_text) char *content = NULL;
    if (!e->has_risk) return 0;
    if (read_name(conn, names, lake_sql(names), NULL, 0, &content, err) != 0) return -1;
    CLEANUP(free_text) char *name = xasprintf("%s %s", content, e->base->name);
    e->changes = held_part_same(last != NULL ? last->changes : NULL, name);
    return e->changes != NULL ? 0 : held_part_read(conn, name, statement, lake_sql(statement), "entity_id", most, &e->changes, err);
}

static int read_typical(LakeConn *conn, HeldEntity *e, Error *err) {
    const LakeValue values[] = {lake_text(e->entity->name), lake_text(e->entity->key)};
    CLEANUP(json_freep) json_t *rows = NULL;
    CLEANUP(json_freep) json_t *typical = NULL;
    if (rows_query(conn, "api/typical", values, ARRAY_LEN(values), &rows, err) != 0) return -1;
    typical = typical_of(rows);
    e->typical = json_text(typical);
    return 0;
}

/* ---- columns ---- */

HeldName *held_names_of(const HeldPart *p, const GoldEntity *e) {
    size_t n = lake_held_columns(p->rows);
    HeldName *names = xcalloc(n + 1, sizeof *names);
    for (size_t i = 0; i < n; i++) {
        const char *name = lake_held_name(p->rows, i);
        CLEANUP(json_freep) json_t *value = json_string(name);
        CLEANUP(free_text) char *text = json_text(value);
        bool hidden = i == p->rank || strcmp(name, "(value)") == 0;
        names[i] = (HeldName){.key = xasprintf("%s:", text),
                              .kind = hidden                               ? HELD_HIDDEN
                                      : i == p->key                        ? HELD_ID
                                      : e->scored && is_score_column(name) ? HELD_SCORE
                                                                           : HELD_FEATURE};
    }
    return names;
}

void held_names_free(HeldName *names, size_t columns) {
    for (size_t i = 0; i < columns; i++) free(names[i].key);
    free(names);
}

static void hide(HeldEntity *e) {
    size_t rows = lake_held_rows(e->base->rows), changed = lake_held_rows(e->delta->rows), hidden = 0, at;
    e->hidden = xcalloc(rows / 64 + 1, sizeof *e->hidden);
    for (size_t i = 0; i < changed; i++) {
        if (!held_part_find(e->base, lake_held_text(e->delta->rows, i, e->delta->key), &at)) continue;
        e->hidden[at / 64] |= UINT64_C(1) << (at % 64);
        hidden++;
    }
    e->total = rows - hidden + changed;
}

/* ---- all ---- */

/* What there is still memory for, beside the parts of the entity. */
static size_t rest(size_t most, const HeldEntity *e) {
    size_t used = held_part_bytes(e->base) + held_part_bytes(e->delta) + held_part_bytes(e->changes);
    return used < most ? most - used : 0;
}

static int read_entity(LakeConn *conn, HeldEntity *e, const HeldEntity *last, size_t most, Error *err) {
    int64_t models = 0;
    if (e->entity->scored && lake_query_int(conn, "api/models", lake_sql("api/models"), NULL, 0, &models, err) != 0) return -1;
    e->has_risk = e->entity->scored && (e->entity->label != NULL || models > 0);
    if (read_base(conn, e, last, most, err) != 0) return -1;
    if (e->base != NULL && read_part(conn, e, "", false, rest(most, e), &e->delta, err) != 0) return -1;
    if (e->delta != NULL && read_changes(conn, e, last, rest(most, e), err) != 0) return -1;
    if (e->delta == NULL || (e->has_risk && e->changes == NULL)) return 0;
    e->names = held_names_of(e->base, e->entity);
    hide(e);
    return read_typical(conn, e, err);
}

static const HeldEntity *same_entity(const EntityStore *last, const GoldEntity *e) {
    for (size_t i = 0; last != NULL && i < last->entities.count; i++)
        if (strcmp(last->entities.items[i].name, e->name) == 0) return &last->items[i];
    return NULL;
}

int entity_store_read(LakeConn *conn, const EntityStore *last, size_t most, EntityStore **ret, Error *err) {
    CLEANUP(entity_store_freep) EntityStore *s = xcalloc(1, sizeof *s);
    if (gold_entities_read(conn, &s->entities, err) != 0) return -1;
    s->items = xcalloc(s->entities.count + 1, sizeof *s->items);
    for (size_t i = 0; i < s->entities.count; i++) {
        HeldEntity *e = &s->items[i];
        e->entity = &s->entities.items[i];
        if (read_entity(conn, e, same_entity(last, e->entity), most, err) != 0) return -1;
        if (e->typical == NULL) held_entity_done(e);
        most = rest(most, e);
    }
    *ret = TAKE(s);
    return 0;
}

/* ---- rows ---- */

static bool is_hidden(const HeldEntity *e, size_t row) {
    return (e->hidden[row / 64] >> (row % 64) & 1) != 0;
}

bool held_entity_find(const HeldEntity *e, Span id, HeldRow *ret) {
    ret->part = e->delta;
    if (held_part_find(e->delta, id, &ret->row)) return true;
    ret->part = e->base;
    return held_part_find(e->base, id, &ret->row); /* hidden ones are in the delta */
}

HeldPlace held_entity_seek(const HeldEntity *e, double rank, Span id) {
    return (HeldPlace){held_part_seek(e->base, rank, id), held_part_seek(e->delta, rank, id)};
}

bool held_entity_next(const HeldEntity *e, HeldPlace *place, HeldRow *ret) {
    size_t rows = lake_held_rows(e->base->rows), changed = lake_held_rows(e->delta->rows);
    while (place->base < rows && is_hidden(e, e->base->by_rank[place->base])) place->base++;
    bool base = place->base < rows, delta = place->delta < changed;
    if (!base && !delta) return false;
    size_t a = base ? e->base->by_rank[place->base] : 0, b = delta ? e->delta->by_rank[place->delta] : 0;
    if (base && (!delta || held_part_before(e->base, a, e->delta, b))) {
        *ret = (HeldRow){e->base, a};
        place->base++;
    } else {
        *ret = (HeldRow){e->delta, b};
        place->delta++;
    }
    return true;
}

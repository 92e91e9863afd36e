/* declared.c: what people call the entities and the columns of Gold, and who answers for which events, as views of the lake. A snapshot has
 * copies of them: a server knows its pipeline from what it serves. Which one is the first entity of a pipeline, position says.
 *
 * It is no part of the features' fingerprint: another title makes these views again, not Gold. */
#include "compile/internal.h"

#include "contract/feature.h"
#include "contract/names.h"
#include <inttypes.h>

static void add_text(Buf *out, const char *text) {
    if (text != NULL)
        sql_text(out, text);
    else
        buf_add_str(out, "NULL::VARCHAR");
}

/* A value of a row: the first of `n` texts follows what is there. */
static void add_texts(Buf *out, const char *const *texts, size_t n) {
    for (size_t i = 0; i < n; i++) {
        buf_add_str(out, ", ");
        add_text(out, texts[i]);
    }
}

/* ---- entities ---- */

static const char *place_kind(const EntityPlace *place) {
    if (place->x == NULL) return NULL;
    return place->on_earth ? "earth" : "plane";
}

/* Whose risk_title is there is the one that a model is of. */
static void add_entity(Buf *out, const Gold *g, size_t position, const Prediction *m) {
    static const Prediction none = {0};
    const Entity *e = g->entity;
    if (position != m->entity) m = &none;
    const char *const texts[] = {e->name,
                                 e->plural,
                                 e->key.name,
                                 e->key.sql_type,
                                 e->title,
                                 e->title_plural,
                                 e->description,
                                 g->tables[GOLD_FEATURES],
                                 g->tables[GOLD_FEATURES_BASE],
                                 g->tables[GOLD_FEATURES_DELTA],
                                 g->tables[GOLD_BASE],
                                 m->label,
                                 m->title,
                                 m->value,
                                 m->value_name,
                                 m->value_title,
                                 m->value_unit,
                                 place_kind(&e->place),
                                 e->place.x,
                                 e->place.y};
    buf_addf(out, "%s\n    (%zu", position > 0 ? "," : "", position);
    add_texts(out, texts, ARRAY_LEN(texts));
    buf_add_char(out, ')');
}

static void add_entities(Buf *out, const Compiled *c) {
    buf_add_str(out, "CREATE OR REPLACE VIEW gold_entities AS SELECT * FROM (VALUES");
    for (size_t i = 0; i < c->pipeline->entity_count; i++) add_entity(out, &c->golds[i], i, &c->pipeline->prediction);
    buf_add_str(out,
                "\n) AS entities(position, entity, plural, key_column, key_type, title, title_plural, description, features_view,\n"
                "    features_base, features_delta, base_table, label, risk_title, value_feature, value_name, value_title, value_unit,\n"
                "    place, place_x, place_y);\n");
}

/* ---- columns ---- */

typedef struct GoldColumn {
    const char *name, *kind, *feature, *title, *unit, *description;
    int days;
    size_t list_position;           /* 0: not in lists */
    const char *worse;              /* NULL: neither side is */
    const char *aggregate, *source; /* of which column of Silver it is, and how; NULL: it has no value of a day by them alone */
} GoldColumn;

static void add_column(Buf *out, const Entity *e, const GoldColumn *column, size_t *position) {
    const char *const texts[] = {e->name, column->name, column->kind, column->feature, column->title, column->unit, column->description};
    buf_addf(out, "%s\n    (%zu", *position > 0 ? "," : "", *position);
    add_texts(out, texts, ARRAY_LEN(texts));
    buf_addf(out, ", %d, %zu", column->days, column->list_position);
    const char *const rest[] = {column->worse, column->aggregate, column->source};
    add_texts(out, rest, ARRAY_LEN(rest));
    buf_add_char(out, ')');
    ++*position;
}

static size_t list_position(const Entity *e, size_t feature) {
    for (size_t i = 0; i < e->list_count; i++)
        if (e->list[i] == feature) return i + 1;
    return 0;
}

/* A sum, a mean, the least or the most of a column, of all events. */
static bool is_of_column(const Feature *f) {
    return f->aggregate >= AGGREGATE_SUM && f->aggregate <= AGGREGATE_MAX && f->where_count == 0 && feature_is_number(f);
}

static void add_feature(Buf *out, const Entity *e, size_t index, size_t *position) {
    const Feature *f = &e->features[index];
    GoldColumn column = {f->name, "feature", f->name, f->title, f->unit, f->description, 0, list_position(e, index), f->worse, NULL, NULL};
    if (is_of_column(f)) {
        column.aggregate = aggregate_names[f->aggregate];
        column.source = f->column.name;
    }
    add_column(out, e, &column, position);
    for (size_t w = 0; w < f->window_count; w++) {
        CLEANUP(buf_done) Buf name = {0};
        buf_addf(&name, "%s_%dd", f->name, f->windows[w]);
        column.name = name.data;
        column.days = f->windows[w];
        column.list_position = 0;
        column.aggregate = column.source = NULL;
        add_column(out, e, &column, position);
    }
}

static void add_columns(Buf *out, const Compiled *c) {
    size_t position = 0;
    buf_add_str(out, "CREATE OR REPLACE VIEW gold_columns AS SELECT * FROM (VALUES");
    for (const Entity *e = c->pipeline->entities; e < c->pipeline->entities + c->pipeline->entity_count; e++) {
        for (size_t i = 0; i < e->feature_count; i++) add_feature(out, e, i, &position);
        for (const Label *l = e->labels; l < e->labels + e->label_count; l++)
            add_column(out, e, &(GoldColumn){l->name, "label", l->name, l->title, "", l->description, 0, 0, NULL, NULL, NULL}, &position);
    }
    buf_add_str(
        out,
        "\n) AS columns(position, entity, name, kind, feature, title, unit, description, days, list_position, worse, aggregate, source);\n");
}

/* ---- contracts ---- */

static void add_seconds(Buf *out, int64_t seconds) {
    if (seconds > 0)
        buf_addf(out, ", %" PRId64 "::BIGINT", seconds);
    else
        buf_add_str(out, ", NULL::BIGINT");
}

static void add_contracts(Buf *out, const Compiled *c) {
    buf_add_str(out, "CREATE OR REPLACE VIEW silver_contracts AS SELECT * FROM (VALUES");
    for (size_t i = 0; i < c->pipeline->contract_count; i++) {
        const Contract *one = &c->pipeline->contracts[i];
        const char *const texts[] = {one->event_type, one->topic, one->id, one->version, one->owner, one->support};
        buf_addf(out, "%s\n    (%zu", i > 0 ? "," : "", i);
        add_texts(out, texts, ARRAY_LEN(texts));
        add_seconds(out, one->freshness_s);
        add_seconds(out, one->latency_s);
        add_seconds(out, one->retention_s);
        buf_add_char(out, ')');
    }
    buf_add_str(out,
                "\n) AS contracts(position, event_type, topic, contract_id, version, owner, support, freshness_seconds, latency_seconds,\n"
                "    retention_seconds);\n");
}

void gold_declared(Buf *out, const Compiled *c) {
    add_entities(out, c);
    add_columns(out, c);
    add_contracts(out, c);
}

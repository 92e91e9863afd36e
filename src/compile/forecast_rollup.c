/* forecast_rollup.c: the statements of a forecast for the merging of rows in C (churn/rollup.h), which takes a fraction of the time that
 * DuckDB's aggregation of so many columns into so many groups takes. They give what those of forecast.c give.
 *
 *   days_events      rows of Silver, each with what it adds to every measure of its day
 *   days_merged      INSERT INTO model_days from churn_day_rows(), the merged ones
 *   sums_days        rows of model_days, each with what it adds to every measure of a window
 *   features_merged  as the features of forecast.c, from churn_sums()
 *
 * A value travels as a whole number of 64 bits (its carrier): a decimal as units of its last digit, a time as microseconds. */
#include "compile/forecasting.h"

#include "base/memory.h"
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#define MEASURES_MAX 64 /* ROLLUP_MEASURES */

/* ---- types ---- */

/* NULL: the value does not fit in a number, nor is it a text. The caller frees. */
static char *carrier(const Column *column) {
    switch (column->type) {
    case VALUE_INTEGER:
    case VALUE_BOOLEAN: return xstrdup("BIGINT");
    case VALUE_DECIMAL: return xasprintf("DECIMAL(18,%d)", column->scale);
    case VALUE_DATE:
    case VALUE_TIMESTAMP: return xstrdup("TIMESTAMP");
    case VALUE_TEXT: return xstrdup("VARCHAR");
    case VALUE_TIME:
    case VALUE_JSON: return NULL;
    }
    BUG("no such type");
}

static char *measure_carrier(const Measure *m) {
    return measure_adds(m) ? xstrdup(m->type) : carrier(m->of);
}

static bool can_merge(const Measure *m) {
    CLEANUP(free_text) char *type = m->kind == MEASURE_SET ? NULL : measure_carrier(m);
    return type != NULL && (m->kind == MEASURE_LAST || strcmp(type, "VARCHAR") != 0);
}

bool rollup_is_possible(const Forecasting *f) {
    for (size_t i = 0; i < f->measures.count; i++)
        if (!can_merge(&f->measures.items[i])) return false;
    size_t extra = 0;
    for (size_t i = 0; i < f->entity->feature_count; i++) {
        Aggregate a = f->entity->features[i].aggregate;
        extra += a == AGGREGATE_SLOPE || forecasting_is_of_days(a);
    }
    return f->measures.count + extra <= MEASURES_MAX;
}

/* ---- plans ---- */

static const char *kind_name(MeasureKind kind) {
    static const char *const names[] = {
        [MEASURE_COUNT] = "sum", [MEASURE_SUM] = "sum", [MEASURE_MIN] = "min", [MEASURE_MAX] = "max", [MEASURE_LAST] = "last"};
    return names[kind];
}

static void add_plan_measure(json_t *to, const Measure *m) {
    CLEANUP(free_text) char *type = measure_carrier(m);
    json_array_append_new(to, json_pack("{ss ss ss}", "name", m->name, "kind", kind_name(m->kind), "type", type));
}

static char *plan_text(json_t *measures, json_t *parts) {
    json_t *plan = json_pack("{so so}", "measures", measures, "parts", parts);
    char *text = json_dumps(plan, JSON_COMPACT);
    json_decref(plan);
    return text;
}

char *rollup_days_plan(const Forecasting *f) {
    json_t *measures = json_array();
    for (size_t i = 0; i < f->measures.count; i++) add_plan_measure(measures, &f->measures.items[i]);
    return plan_text(measures, json_array());
}

/* ---- what is merged into sums ---- */

/* The measures that a part needs, then a moment of each feature that is a slope, then the days of each that counts days. */
typedef struct Sums {
    size_t *place; /* of each measure; SIZE_MAX: no part needs it */
    json_t *measures, *parts;
} Sums;

static size_t place_of(Sums *s, const Forecasting *f, size_t measure) {
    if (s->place[measure] == SIZE_MAX) {
        s->place[measure] = json_array_size(s->measures);
        add_plan_measure(s->measures, &f->measures.items[measure]);
    }
    return s->place[measure];
}

static void add_plan_part(Sums *s, const char *name, size_t of, int days, bool gap) {
    json_array_append_new(s->parts, json_pack("{ss sI si sb}", "name", name, "of", (json_int_t)of, "days", days, "gap", (int)gap));
}

static void add_measure_part(Sums *s, const Forecasting *f, size_t measure, int days) {
    CLEANUP(free_text) char *name = forecasting_part_name(f, measure, days);
    add_plan_part(s, name, place_of(s, f, measure), days, false);
}

static size_t add_extra(Sums *s, const char *name, const char *kind, int width) {
    json_array_append_new(s->measures, json_pack("{ss ss ss si}", "name", name, "kind", kind, "type", "BIGINT", "width", width));
    return json_array_size(s->measures) - 1;
}

static void add_slope(Sums *s, const Forecasting *f, size_t index) {
    const Feature *feature = &f->entity->features[index];
    CLEANUP(free_text) char *moment = xasprintf("%s_moment", feature->name);
    size_t of = add_extra(s, moment, "sum", 0);
    for (size_t w = 0; w < feature->window_count; w++) {
        CLEANUP(free_text) char *name = xasprintf("%s_of_day_%dd", feature->name, feature->windows[w]);
        CLEANUP(free_text) char *count = xasprintf("%s_events_%dd", feature->name, feature->windows[w]);
        add_plan_part(s, name, of, feature->windows[w], false);
        add_plan_part(s, count, place_of(s, f, f->features[index].value), feature->windows[w], false);
    }
}

/* Features that count the same events share a set of days. */
static void add_days(Sums *s, const Forecasting *f, size_t index) {
    const Feature *feature = &f->entity->features[index];
    CLEANUP(free_text) char *days = xasprintf("%s_days", f->measures.items[f->features[index].value].name);
    size_t of = 0;
    while (of < json_array_size(s->measures) &&
           strcmp(json_string_value(json_object_get(json_array_get(s->measures, of), "name")), days) != 0)
        of++;
    if (of == json_array_size(s->measures)) of = add_extra(s, days, "days", f->widest);
    for (size_t w = 0; w < feature->window_count; w++) {
        CLEANUP(free_text) char *name = xasprintf("%s_%dd", feature->name, feature->windows[w]);
        add_plan_part(s, name, of, feature->windows[w], feature->aggregate == AGGREGATE_GAP);
    }
}

static Sums sums_of(const Forecasting *f) {
    enum { EVENTS = 0 }; /* measures_of puts the count of all events first */
    Sums s = {.place = xcalloc(f->measures.count + 1, sizeof *s.place), .measures = json_array(), .parts = json_array()};
    for (size_t i = 0; i < f->measures.count; i++) s.place[i] = SIZE_MAX;
    for (size_t i = 0; i < f->part_count; i++) add_measure_part(&s, f, f->parts[i].measure, f->parts[i].days);
    add_plan_part(&s, "population_events", place_of(&s, f, EVENTS), (int)f->forecast->events_within, false);
    add_plan_part(&s, "population_active", place_of(&s, f, EVENTS), (int)f->forecast->active_within, false);
    for (size_t i = 0; i < f->entity->feature_count; i++)
        if (f->entity->features[i].aggregate == AGGREGATE_SLOPE) add_slope(&s, f, i);
    for (size_t i = 0; i < f->entity->feature_count; i++)
        if (forecasting_is_of_days(f->entity->features[i].aggregate)) add_days(&s, f, i);
    return s;
}

char *rollup_sums_plan(const Forecasting *f) {
    Sums s = sums_of(f);
    free(s.place);
    return plan_text(s.measures, s.parts);
}

/* ---- rows to merge ---- */

/* What one event adds: `value` where the conditions hold. */
static void add_where(Buf *out, const char *value, const Measure *m, const char *present) {
    if (m->where == NULL && present == NULL)
        buf_add_str(out, value);
    else
        buf_addf(out, "CASE WHEN %s%s%s THEN %s END", present != NULL ? present : "", present != NULL && m->where != NULL ? " AND " : "",
                 m->where != NULL ? m->where : "", value);
}

static void add_event_last(Buf *out, const Measure *m, const char *name, const char *cast) {
    CLEANUP(free_text) char *present = xasprintf("%s IS NOT NULL", name);
    add_where(out, "event_timestamp", m, present);
    buf_addf(out, " AS %s_at, source_system AS %s_source, event_id AS %s_id, %s AS %s_value", m->name, m->name, m->name, cast, m->name);
}

static void add_event_measure(Buf *out, const Measure *m) {
    CLEANUP(buf_done) Buf name = {0};
    CLEANUP(free_text) char *type = measure_carrier(m);
    if (m->of != NULL) sql_name(&name, m->of->name);
    CLEANUP(free_text) char *cast = m->of != NULL ? xasprintf("%s::%s", name.data, type) : NULL;
    CLEANUP(free_text) char *present = m->of != NULL ? xasprintf("%s IS NOT NULL", name.data) : NULL;
    buf_add_str(out, ",\n    ");
    if (m->kind == MEASURE_LAST) {
        add_event_last(out, m, name.data, cast);
        return;
    }
    if (m->kind == MEASURE_COUNT)
        add_where(out, "1::BIGINT", m, present);
    else
        add_where(out, cast, m, NULL);
    buf_addf(out, " AS %s", m->name);
}

/* {{part}} of {{parts}}: those of some entities, for one of several threads. */
static void add_share(Buf *out, const Forecasting *f, const char *before) {
    buf_addf(out, "\n%s ({{parts}} = 1 OR hash(%s) %% {{parts}} = {{part}})\n", before, f->key);
}

void rollup_add_events(Buf *out, const Forecasting *f) {
    buf_addf(out, "SELECT %s::VARCHAR AS entity, day, known", f->key);
    for (size_t i = 0; i < f->measures.count; i++) add_event_measure(out, &f->measures.items[i]);
    forecasting_add_events(out, f);
    add_share(out, f, "WHERE");
}

static void add_merged_measure(Buf *out, const Measure *m) {
    const char *n = m->name;
    if (m->kind == MEASURE_LAST)
        buf_addf(out,
                 ",\n    CASE WHEN %s_at IS NOT NULL THEN {'at': %s_at, 'source': %s_source, 'id': %s_id, 'value': %s_value::%s} END AS %s",
                 n, n, n, n, n, m->of->sql_type, n);
    else
        buf_addf(out, ",\n    %s::%s AS %s", n, m->type, n);
}

void rollup_add_days(Buf *out, const Forecasting *f) {
    buf_addf(out, "INSERT INTO model_days BY NAME\nSELECT entity::%s AS %s, day, known, {{upto}} AS upto", f->entity->key.sql_type, f->key);
    for (size_t i = 0; i < f->measures.count; i++) add_merged_measure(out, &f->measures.items[i]);
    buf_add_str(out, "\nFROM churn_day_rows()\n");
}

/* A measure of model_days, as what it adds to a window. */
static void add_day_measure(Buf *out, const Forecasting *f, const char *name) {
    for (size_t i = 0; i < f->measures.count; i++) {
        const Measure *m = &f->measures.items[i];
        if (strcmp(m->name, name) != 0) continue;
        CLEANUP(free_text) char *type = measure_carrier(m);
        if (m->kind == MEASURE_LAST)
            buf_addf(out, ",\n    %s.\"at\" AS %s_at, %s.source AS %s_source, %s.id AS %s_id, %s.\"value\"::%s AS %s_value", name, name,
                     name, name, name, name, name, type, name);
        else
            buf_addf(out, ",\n    %s::%s AS %s", name, type, name);
        return;
    }
    for (size_t i = 0; i < f->entity->feature_count; i++) {
        const Feature *feature = &f->entity->features[i];
        const char *count = f->measures.items[f->features[i].value].name;
        CLEANUP(free_text) char *moment = xasprintf("%s_moment", feature->name);
        CLEANUP(free_text) char *days = xasprintf("%s_days", count);
        if (feature->aggregate == AGGREGATE_SLOPE && strcmp(name, moment) == 0)
            buf_addf(out, ",\n    %s * (day - {{day}}) AS %s", count, name);
        else if (forecasting_is_of_days(feature->aggregate) && strcmp(name, days) == 0)
            buf_addf(out, ",\n    CASE WHEN %s > 0 AND day >= {{oldest}} THEN (day - {{oldest}})::BIGINT END AS %s", count, name);
        else
            continue;
        return;
    }
}

void rollup_add_days_read(Buf *out, const Forecasting *f) {
    Sums s = sums_of(f);
    size_t i;
    json_t *one;
    buf_addf(out, "SELECT %s::VARCHAR AS entity, day, day AS known", f->key);
    json_array_foreach(s.measures, i, one) add_day_measure(out, f, json_string_value(json_object_get(one, "name")));
    buf_addf(out, "\nFROM model_days WHERE day >= {{day}} - %d AND day < {{day}} AND known < {{known}} AND upto <= {{upto}}",
             forecasting_days_read(f));
    add_share(out, f, "    AND");
    free(s.place);
    json_decref(s.measures);
    json_decref(s.parts);
}

/* ---- the sums ---- */

static void add_part(Buf *out, const Forecasting *f, const Part *part) {
    const Measure *m = &f->measures.items[part->measure];
    CLEANUP(free_text) char *name = forecasting_part_name(f, part->measure, part->days);
    if (m->kind == MEASURE_LAST)
        buf_addf(out, ",\n        {'value': %s::%s} AS %s", name, m->of->sql_type, name);
    else
        buf_addf(out, ",\n        %s::%s AS %s", name, m->type, name);
}

void rollup_add_sums(Buf *out, const Forecasting *f) {
    buf_addf(out, "WITH sums AS (\n    SELECT entity::%s AS %s", f->entity->key.sql_type, f->key);
    for (size_t i = 0; i < f->part_count; i++) add_part(out, f, &f->parts[i]);
    for (size_t i = 0; i < f->entity->feature_count; i++) {
        const Feature *feature = &f->entity->features[i];
        for (size_t w = 0; forecasting_is_of_days(feature->aggregate) && w < feature->window_count; w++)
            buf_addf(out, ",\n        %s_%dd", feature->name, feature->windows[w]);
        for (size_t w = 0; feature->aggregate == AGGREGATE_SLOPE && w < feature->window_count; w++) {
            int days = feature->windows[w];
            buf_addf(out, ",\n        2 * %s_of_day_%dd + %d * %s_events_%dd AS %s_moment_%dd", feature->name, days, days + 1,
                     feature->name, days, feature->name, days);
        }
    }
    buf_addf(out, "\n    FROM churn_sums() WHERE population_events >= %" PRId64 " AND population_active > 0\n)", f->forecast->events);
}

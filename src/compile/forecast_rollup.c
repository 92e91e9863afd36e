/* forecast_rollup.c: the statements of a forecast for the merging of rows in C (churn/rollup.h), which takes a fraction of the time that
 * DuckDB's aggregation of so many columns into so many groups takes. They give what those of forecast.c give.
 *
 *   days_events          rows of Silver, each with what it adds to every measure of its day
 *   days_packed_columns  of model_days, whose measures are in one column, as bytes
 *   days_packed          INSERT INTO model_days from churn_day_rows(), the merged ones
 *   features_merged      as the features of forecast.c, from churn_sums()
 *   segments_merged      as the segments of forecast.c, from churn_sums()
 *
 * A value travels as a whole number of 64 bits (its carrier): a decimal as units of its last digit, a time as microseconds. */
#include "compile/forecasting.h"

#include "base/memory.h"
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#define MEASURES_MAX 64 /* ROLLUP_MEASURES */

enum { EVENTS = 0 }; /* measures_of puts the count of all events first */

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

static void add_plan_measure(json_t *to, const Forecasting *f, size_t measure) {
    const Measure *m = &f->measures.items[measure];
    CLEANUP(free_text) char *type = measure_carrier(m);
    json_array_append_new(to,
                          json_pack("{ss ss ss sI}", "name", m->name, "kind", kind_name(m->kind), "type", type, "of", (json_int_t)measure));
}

static char *plan_text(json_t *measures, json_t *parts) {
    json_t *plan = json_pack("{so so}", "measures", measures, "parts", parts);
    char *text = json_dumps(plan, JSON_COMPACT);
    json_decref(plan);
    return text;
}

char *rollup_days_plan(const Forecasting *f) {
    json_t *measures = json_array();
    for (size_t i = 0; i < f->measures.count; i++) add_plan_measure(measures, f, i);
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
        add_plan_measure(s->measures, f, measure);
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

/* Made of the measure `of` of a day: its value times the day, or the day itself. */
static size_t add_extra(Sums *s, const char *name, const char *kind, size_t of, int width) {
    json_array_append_new(s->measures, json_pack("{ss ss ss sI sb si}", "name", name, "kind", kind, "type", "BIGINT", "of", (json_int_t)of,
                                                 "by_day", 1, "width", width));
    return json_array_size(s->measures) - 1;
}

static void add_slope(Sums *s, const Forecasting *f, size_t index) {
    const Feature *feature = &f->entity->features[index];
    CLEANUP(free_text) char *moment = xasprintf("%s_moment", feature->name);
    size_t of = add_extra(s, moment, "sum", f->features[index].value, 0);
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
    if (of == json_array_size(s->measures)) of = add_extra(s, days, "days", f->features[index].value, f->widest);
    for (size_t w = 0; w < feature->window_count; w++) {
        CLEANUP(free_text) char *name = xasprintf("%s_%dd", feature->name, feature->windows[w]);
        add_plan_part(s, name, of, feature->windows[w], feature->aggregate == AGGREGATE_GAP);
    }
}

static Sums empty_sums(const Forecasting *f) {
    Sums s = {.place = xcalloc(f->measures.count + 1, sizeof *s.place), .measures = json_array(), .parts = json_array()};
    for (size_t i = 0; i < f->measures.count; i++) s.place[i] = SIZE_MAX;
    return s;
}

static Sums sums_of(const Forecasting *f) {
    Sums s = empty_sums(f);
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

/* Of the last values that are segments, over all that is read. */
char *rollup_segments_plan(const Forecasting *f) {
    Sums s = empty_sums(f);
    for (size_t i = 0; i < f->forecast->segment_count; i++) add_measure_part(&s, f, f->features[f->forecast->segments[i]].value, 0);
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

void rollup_add_events(Buf *out, const Forecasting *f) {
    buf_addf(out, "SELECT %s::VARCHAR AS entity, day, known", f->key);
    for (size_t i = 0; i < f->measures.count; i++) add_event_measure(out, &f->measures.items[i]);
    forecasting_add_events(out, f);
    buf_add_char(out, '\n');
}

/* Bytes that differ in every row are not compressed: trying to takes longer than writing them. */
void rollup_add_days_columns(Buf *out, const Forecasting *f) {
    buf_addf(out, "%s %s, day INTEGER, known INTEGER, upto BIGINT, %s BIGINT, record BLOB USING COMPRESSION uncompressed", f->key,
             f->entity->key.sql_type, f->measures.items[EVENTS].name);
}

void rollup_add_days(Buf *out, const Forecasting *f) {
    buf_addf(out,
             "INSERT INTO model_days BY NAME\n"
             "SELECT entity::%s AS %s, day, known, {{upto}} AS upto, events AS %s, record FROM churn_day_rows()\n",
             f->entity->key.sql_type, f->key, f->measures.items[EVENTS].name);
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

void rollup_add_segments(Buf *out, const Forecasting *f) {
    buf_addf(out, "CREATE OR REPLACE TEMP TABLE churn_segments AS\nSELECT entity::%s AS %s", f->entity->key.sql_type, f->key);
    for (size_t i = 0; i < f->forecast->segment_count; i++) {
        size_t index = f->forecast->segments[i];
        const Measure *m = &f->measures.items[f->features[index].value];
        CLEANUP(free_text) char *name = forecasting_part_name(f, f->features[index].value, 0);
        buf_addf(out, ", %s::%s AS ", name, m->of->sql_type);
        sql_name(out, f->entity->features[index].name);
    }
    buf_add_str(out, "\nFROM churn_sums()\n");
}

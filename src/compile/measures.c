/* measures.c: the features' partial aggregates. Equal ones are shared: total_events and the count behind a mean are one column of the
 * state. */
#include "compile/internal.h"

#include "base/memory.h"
#include <string.h>

/* ---- conditions ---- */

static void add_values(Buf *out, const Condition *c) {
    for (size_t i = 0; i < c->value_count; i++) {
        buf_add_str(out, i > 0 ? ", " : "");
        if (c->column.type == VALUE_TEXT)
            sql_text(out, c->values[i]);
        else
            buf_add_str(out, c->values[i]);
    }
}

static void add_condition(Buf *out, const Condition *c) {
    static const char *const operators[] = {
        [COMPARE_IN] = "IN",      [COMPARE_NOT_IN] = "NOT IN", [COMPARE_EQUAL] = "=",    [COMPARE_LESS] = "<",
        [COMPARE_AT_MOST] = "<=", [COMPARE_GREATER] = ">",     [COMPARE_AT_LEAST] = ">="};
    bool list = (c->comparison == COMPARE_IN && c->value_count > 1) || c->comparison == COMPARE_NOT_IN;
    const char *comparator = c->comparison == COMPARE_IN && !list ? "=" : operators[c->comparison];
    sql_name(out, c->column.name);
    buf_addf(out, " %s ", comparator);
    buf_add_str(out, list ? "(" : "");
    add_values(out, c);
    buf_add_str(out, list ? ")" : "");
}

/* NULL when there are none. */
static char *conditions(const Feature *f) {
    if (f->where_count == 0) return NULL;
    Buf out = {0};
    for (size_t i = 0; i < f->where_count; i++) {
        buf_add_str(&out, i > 0 ? " AND " : "");
        add_condition(&out, &f->where[i]);
    }
    return buf_take(&out);
}

/* ---- measures ---- */

static size_t find_or_add(Measures *m, Measure *item, const Feature *f) {
    size_t i = 0;
    while (i < m->count && strcmp(m->items[i].over_events, item->over_events) != 0) i++;
    if (i == m->count) {
        m->items = xrealloc(m->items, m->count + 1, sizeof *m->items);
        m->items[m->count++] = *item;
    } else {
        free(item->name);
        free(item->type);
        free(item->over_events);
        free(item->where);
    }
    if (f->window_count > 0) m->items[i].windowed = true;
    return i;
}

static char *state_type(MeasureKind kind, const Column *column) {
    if (kind == MEASURE_COUNT) return xstrdup("BIGINT");
    if (kind == MEASURE_SUM) return column->type == VALUE_DECIMAL ? xasprintf("DECIMAL(18,%d)", column->scale) : xstrdup("BIGINT");
    if (kind == MEASURE_LAST) return xasprintf("STRUCT(\"at\" TIMESTAMP, source VARCHAR, id VARCHAR, \"value\" %s)", column->sql_type);
    return kind == MEASURE_SET ? xasprintf("%s[]", column->sql_type) : xstrdup(column->sql_type);
}

/* The argument of an aggregate: `value` where the conditions hold, NULL elsewhere, which all aggregates here ignore. A FILTER clause means
 * the same, but for each of them DuckDB reserves memory for every column of the aggregation: 15 ms for forty over a few hundred rows. */
static void add_where(Buf *out, const char *value, const char *where, const char *more) {
    if (where == NULL && more == NULL) {
        buf_add_str(out, value);
        return;
    }
    buf_addf(out, "CASE WHEN %s%s%s THEN %s END", more != NULL ? more : "", where != NULL && more != NULL ? " AND " : "",
             where != NULL ? where : "", value);
}

static void add_over(Buf *out, const char *function, const char *value, const char *where, const char *more) {
    buf_addf(out, "%s(", function);
    add_where(out, value, where, more);
    buf_add_str(out, ")");
}

/* `column` NULL: count events, not values. */
static char *over_events(MeasureKind kind, const Column *column, const char *where) {
    Buf out = {0};
    CLEANUP(buf_done) Buf name = {0}, present = {0}, last = {0};
    if (column != NULL) sql_name(&name, column->name);
    switch (kind) {
    case MEASURE_COUNT: add_over(&out, "count", column != NULL ? name.data : where != NULL ? "1" : "*", where, NULL); break;
    case MEASURE_SUM: add_over(&out, "coalesce(sum", name.data, where, NULL); break;
    case MEASURE_MIN: add_over(&out, "min", name.data, where, NULL); break;
    case MEASURE_MAX: add_over(&out, "max", name.data, where, NULL); break;
    case MEASURE_LAST:
        buf_addf(&last, "{'at': event_timestamp, 'source': source_system, 'id': event_id, 'value': %s}", name.data);
        buf_addf(&present, "%s IS NOT NULL", name.data);
        add_over(&out, "max", last.data, where, present.data);
        break;
    case MEASURE_SET:
        add_over(&out, "list(DISTINCT", name.data, where, NULL);
        buf_add_char(&out, ')');
        break;
    }
    if (kind == MEASURE_SUM) {
        CLEANUP(free_text) char *type = state_type(kind, column);
        buf_addf(&out, ", 0)::%s", type);
    }
    return buf_take(&out);
}

static size_t add_measure(Measures *m, const Feature *f, MeasureKind kind, const Column *column, const char *suffix) {
    Measure item = {.kind = kind, .column = column != NULL ? column->name : NULL, .of = column};
    item.name = xasprintf("%s_%s", f->name, suffix);
    item.type = state_type(kind, column);
    item.where = conditions(f);
    item.over_events = over_events(kind, column, item.where);
    return find_or_add(m, &item, f);
}

static FeatureMeasures add_feature(Measures *m, const Feature *f) {
    static const Column event_time = {.name = "event_timestamp", .sql_type = "TIMESTAMP", .type = VALUE_TIMESTAMP};
    FeatureMeasures r = {0};
    switch (f->aggregate) {
    case AGGREGATE_COUNT: r.value = add_measure(m, f, MEASURE_COUNT, NULL, "n"); break;
    case AGGREGATE_SUM:
    case AGGREGATE_AVG:
        r.value = add_measure(m, f, MEASURE_SUM, &f->column, "sum");
        r.count = add_measure(m, f, MEASURE_COUNT, &f->column, "n");
        break;
    case AGGREGATE_MIN: r.value = add_measure(m, f, MEASURE_MIN, &f->column, "min"); break;
    case AGGREGATE_MAX: r.value = add_measure(m, f, MEASURE_MAX, &f->column, "max"); break;
    case AGGREGATE_LAST: r.value = add_measure(m, f, MEASURE_LAST, &f->column, "last"); break;
    case AGGREGATE_ACTIVE_DAYS:
    case AGGREGATE_GAP:
    case AGGREGATE_SLOPE: r.value = add_measure(m, f, MEASURE_COUNT, NULL, "n"); break;
    case AGGREGATE_RECENCY: r.value = add_measure(m, f, MEASURE_MAX, &event_time, "at"); break;
    case AGGREGATE_DISTINCT: r.value = add_measure(m, f, MEASURE_SET, &f->column, "set"); break;
    case AGGREGATE_RATIO: break; /* of columns */
    }
    return r;
}

Measures measures_of(const Entity *e, FeatureMeasures **ret) {
    static const Feature every = {.name = "events", .aggregate = AGGREGATE_COUNT}; /* minimum_events needs it */
    Measures m = {0};
    FeatureMeasures *features = xcalloc(e->feature_count, sizeof *features);
    add_feature(&m, &every);
    for (size_t i = 0; i < e->feature_count; i++) features[i] = add_feature(&m, &e->features[i]);
    *ret = features;
    return m;
}

void measures_done(Measures *m) {
    for (size_t i = 0; i < m->count; i++) {
        free(m->items[i].name);
        free(m->items[i].type);
        free(m->items[i].over_events);
        free(m->items[i].where);
    }
    free(m->items);
}

bool measures_have_window(const Measures *m) {
    for (size_t i = 0; i < m->count; i++)
        if (m->items[i].windowed && measure_adds(&m->items[i])) return true;
    return false;
}

bool measures_have_extreme(const Measures *m) {
    for (size_t i = 0; i < m->count; i++)
        if (m->items[i].windowed && measure_is_extreme(&m->items[i])) return true;
    return false;
}

void measure_add_merge(Buf *out, const Measure *m, const char *filter) {
    static const char *const functions[] = {[MEASURE_COUNT] = "sum", [MEASURE_SUM] = "sum",  [MEASURE_MIN] = "min",
                                            [MEASURE_MAX] = "max",   [MEASURE_LAST] = "max", [MEASURE_SET] = "flatten(list"};
    add_over(out, functions[m->kind], m->name, filter, NULL);
    if (measure_adds(m)) buf_addf(out, "::%s", m->type);
    if (m->kind == MEASURE_SET) buf_add_char(out, ')');
}

/* forecast.c: what a model sees of an entity, as of the beginning of a UTC day T: the same for the days it learns from and for today.
 *
 *   model_days   partial aggregates of each entity and day, one row for each day on which the events had arrived: `known`, which is never
 *                before `day`. `upto`: the last batch of Bronze in it. Rows are only added, so that the days of the past can be asked
 * again: a value as of T is the merge of the rows with day < T, known < T and, for a training that is repeated, upto <= its batch.
 * There may be several rows of an entity, a day and a day of arrival.
 *
 * Days are numbers since 1970. An event without a time of arrival counts as known when it happened; so do those of a batch that was loaded
 * long after they happened. The statements become rows of the view model_declared: the module that trains has no declarations. */
#include "compile/forecasting.h"

#include "base/memory.h"
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

static void forecasting_done(Forecasting *f) {
    measures_done(&f->measures);
    free(f->features);
    free(f->parts);
}

static const Label *find_rule(const Pipeline *p) {
    const Entity *e = &p->entities[p->prediction.entity];
    for (const Label *l = e->labels; p->prediction.label != NULL && l < e->labels + e->label_count; l++)
        if (strcmp(l->name, p->prediction.label) == 0) return l;
    return NULL;
}

static void add_part(Forecasting *f, size_t measure, int days) {
    for (size_t i = 0; i < f->part_count; i++)
        if (f->parts[i].measure == measure && f->parts[i].days == days) return;
    f->parts = xrealloc(f->parts, f->part_count + 1, sizeof *f->parts);
    f->parts[f->part_count++] = (Part){measure, days};
}

/* A model learns numbers; other values are for segments alone, and are not computed at every cut. */
static bool is_number(const Feature *f) {
    bool counts = f->aggregate == AGGREGATE_COUNT || f->aggregate >= AGGREGATE_RECENCY;
    return counts || f->column.type == VALUE_INTEGER || f->column.type == VALUE_DECIMAL || f->column.type == VALUE_BOOLEAN;
}

static void add_parts(Forecasting *f) {
    for (size_t i = 0; i < f->entity->feature_count; i++) {
        const Feature *feature = &f->entity->features[i];
        if (!is_number(feature) || forecasting_is_of_days(feature->aggregate) || feature->aggregate == AGGREGATE_RATIO) continue;
        for (size_t w = 0; w < feature->window_count || w == 0; w++) {
            int days = feature->window_count > 0 ? feature->windows[w] : 0;
            add_part(f, f->features[i].value, days);
            if (feature->aggregate == AGGREGATE_SUM || feature->aggregate == AGGREGATE_AVG) add_part(f, f->features[i].count, days);
        }
    }
}

static Forecasting forecasting_of(const Compiled *c) {
    const Forecast *forecast = &c->pipeline->prediction.forecast;
    size_t entity = c->pipeline->prediction.entity;
    Forecasting f = {.forecast = forecast,
                     .entity = &forecast->features,
                     .gold = &c->pipeline->entities[entity],
                     .rule = find_rule(c->pipeline),
                     .key = c->golds[entity].key};
    f.measures = measures_of(f.entity, &f.features);
    f.widest = f.entity->window_count > 0 ? f.entity->windows[f.entity->window_count - 1] : forecast->events_within;
    add_parts(&f);
    return f;
}

/* ---- days ---- */

/* "bike_id VARCHAR, day INTEGER, ..." */
static void add_days_columns(Buf *out, const Forecasting *f) {
    buf_addf(out, "%s %s, day INTEGER, known INTEGER, upto BIGINT", f->key, f->entity->key.sql_type);
    for (size_t i = 0; i < f->measures.count; i++) buf_addf(out, ",\n    %s %s", f->measures.items[i].name, f->measures.items[i].type);
}

static void add_days(Buf *out, const Forecasting *f) {
    buf_addf(out, "INSERT INTO model_days BY NAME\nSELECT %s, day, known, {{upto}} AS upto", f->key);
    for (size_t i = 0; i < f->measures.count; i++)
        buf_addf(out, ",\n    %s AS %s", f->measures.items[i].over_events, f->measures.items[i].name);
    forecasting_add_events(out, f);
    buf_addf(out, "\nGROUP BY %s, day, known\nORDER BY day, %s, known\n", f->key, f->key);
}

/* ---- features ---- */

static void add_one_part(Buf *out, const Forecasting *f, const Part *part) {
    CLEANUP(free_text) char *name = forecasting_part_name(f, part->measure, part->days);
    CLEANUP(free_text) char *filter = part->days > 0 ? xasprintf("day >= {{day}} - %d", part->days) : NULL;
    buf_add_str(out, ",\n        ");
    measure_add_merge(out, &f->measures.items[part->measure], filter);
    buf_addf(out, " AS %s", name);
}

/* One bit for each day from the oldest to the newest, as text: '0110'. */
static void add_days_of(Buf *out, const Forecasting *f, size_t index) {
    const char *count = f->measures.items[f->features[index].value].name;
    buf_addf(out,
             ",\n        bitstring_agg(CASE WHEN %s > 0 AND day >= {{oldest}} THEN day END, {{oldest}}, {{newest}})::VARCHAR AS %s_days",
             count, f->entity->features[index].name);
}

/* sum(events * (day - middle of the window)), twice, so that it is a whole number. */
static void add_moment(Buf *out, const Forecasting *f, size_t index, int days) {
    const char *count = f->measures.items[f->features[index].value].name;
    buf_addf(out, ",\n        sum(CASE WHEN day >= {{day}} - %d THEN %s * (2 * (day - {{day}} + %d) - %d) END)::BIGINT AS %s_moment_%dd",
             days, count, days, days - 1, f->entity->features[index].name, days);
}

static void add_sums(Buf *out, const Forecasting *f) {
    buf_addf(out, "WITH sums AS (\n    SELECT %s", f->key);
    for (size_t i = 0; i < f->part_count; i++) add_one_part(out, f, &f->parts[i]);
    for (size_t i = 0; i < f->entity->feature_count; i++) {
        const Feature *feature = &f->entity->features[i];
        if (forecasting_is_of_days(feature->aggregate)) add_days_of(out, f, i);
        for (size_t w = 0; feature->aggregate == AGGREGATE_SLOPE && w < feature->window_count; w++)
            add_moment(out, f, i, feature->windows[w]);
    }
    buf_addf(
        out,
        "\n    FROM model_days WHERE day >= {{day}} - %d AND day < {{day}} AND known < {{known}} AND upto <= {{upto}}\n    GROUP BY %s\n"
        "    HAVING sum(CASE WHEN day >= {{day}} - %d THEN events_n END) >= %" PRId64
        " AND sum(CASE WHEN day >= {{day}} - %d THEN events_n END) > 0\n)",
        forecasting_days_read(f), f->key, f->forecast->events_within, f->forecast->events, f->forecast->active_within);
}

/* Both are columns of the merged sums. */
static void add_active_days(Buf *out, const Forecasting *f, const char *name, int days) {
    if (f->merged)
        buf_addf(out, "%s_%dd", name, days);
    else
        buf_addf(out, "length(replace(right(%s_days, %d), '0', ''))", name, days);
}

static void add_gap(Buf *out, const Forecasting *f, const char *name, int days) {
    if (f->merged) {
        buf_addf(out, "%s_%dd", name, days);
        return;
    }
    CLEANUP(free_text)
    char *seen =
        xasprintf("trim(regexp_extract(left(%s_days, %d), '10*$') || right(%s_days, %d), '0')", name, f->widest - days, name, days);
    buf_addf(out, "CASE WHEN contains(substr(%s, 2), '1') THEN list_max(list_transform(string_split(%s, '1'), run -> length(run))) + 1 END",
             seen, seen);
}

static void add_value(Buf *out, const Forecasting *f, size_t index, int days) {
    const Feature *feature = &f->entity->features[index];
    CLEANUP(free_text) char *value = forecasting_part_name(f, f->features[index].value, days);
    CLEANUP(free_text) char *count = forecasting_part_name(f, f->features[index].count, days);
    switch (feature->aggregate) {
    case AGGREGATE_COUNT: buf_addf(out, "coalesce(%s, 0)", value); return;
    case AGGREGATE_SUM: buf_addf(out, "CASE WHEN %s > 0 THEN %s END", count, value); return;
    case AGGREGATE_AVG: sql_mean(out, value, count, feature->column.scale, feature->round); return;
    case AGGREGATE_MIN:
    case AGGREGATE_MAX: buf_add_str(out, value); return;
    case AGGREGATE_LAST: buf_addf(out, "%s.\"value\"", value); return;
    case AGGREGATE_RECENCY: buf_addf(out, "({{day}} * 86400000000 - epoch_us(%s)) / 86400000000", value); return;
    case AGGREGATE_ACTIVE_DAYS: add_active_days(out, f, feature->name, days); return;
    case AGGREGATE_GAP: add_gap(out, f, feature->name, days); return;
    case AGGREGATE_SLOPE:
        buf_addf(out, "coalesce(%s_moment_%dd, 0) / %d.0", feature->name, days,
                 days * (days * days - 1) / 6 > 0 ? days * (days * days - 1) / 6 : 1);
        return;
    case AGGREGATE_DISTINCT: buf_addf(out, "coalesce(len(list_distinct(%s)), 0)", value); return;
    case AGGREGATE_RATIO: BUG("a ratio has no part");
    }
}

static char *column_name(const Feature *feature, int days) {
    return days > 0 ? xasprintf("%s_%dd", feature->name, days) : xstrdup(feature->name);
}

static void add_features(Buf *out, const Forecasting *f) {
    buf_addf(out, ", features AS (\n    SELECT %s", f->key);
    for (size_t i = 0; i < f->entity->feature_count; i++) {
        const Feature *feature = &f->entity->features[i];
        for (size_t w = 0; is_number(feature) && feature->aggregate != AGGREGATE_RATIO && (w < feature->window_count || w == 0); w++) {
            int days = feature->window_count > 0 ? feature->windows[w] : 0;
            CLEANUP(free_text) char *name = column_name(feature, days);
            buf_add_str(out, ",\n        ");
            add_value(out, f, i, days);
            buf_add_str(out, " AS ");
            sql_name(out, name);
        }
    }
    buf_add_str(out, "\n    FROM sums\n)");
}

/* ---- ratios, and the rule ---- */

/* The days of a window that the history has: {{age}} is its length. */
static void add_ratio_part(Buf *out, const Forecasting *f, const Feature *ratio, size_t part) {
    const Feature *feature = &f->entity->features[ratio->of[part]];
    int days = ratio->of_days[part];
    CLEANUP(free_text) char *name = column_name(feature, days);
    if (part > 0) buf_add_str(out, "nullif(");
    sql_name(out, name);
    buf_add_str(out, "::DOUBLE");
    if (ratio->per_day && days > 0) buf_addf(out, " / least(%d, {{age}})", days);
    if (part > 0) buf_add_str(out, ", 0)");
}

static void add_ratios(Buf *out, const Forecasting *f) {
    for (const Feature *r = f->entity->features; r < f->entity->features + f->entity->feature_count; r++) {
        if (r->aggregate != AGGREGATE_RATIO) continue;
        buf_add_str(out, ",\n    ");
        add_ratio_part(out, f, r, 0);
        buf_add_str(out, " / ");
        add_ratio_part(out, f, r, 1);
        buf_add_str(out, " AS ");
        sql_name(out, r->name);
    }
}

/* The column with the value that the term of the rule compares; over the whole history, it is the widest window. NULL: the model has no
 * such column. The caller frees. */
static char *rule_column(const Forecasting *f, const LabelTerm *term) {
    const Feature *wanted = &f->gold->features[term->feature];
    int days = term->window > 0 ? term->window : f->widest;
    for (const Feature *m = f->entity->features; m < f->entity->features + f->entity->feature_count; m++)
        for (size_t w = 0; strcmp(m->name, wanted->name) == 0 && w < m->window_count; w++)
            if (m->windows[w] == days) return column_name(m, days);
    return NULL;
}

static void add_rule(Buf *out, const Forecasting *f) {
    static const char *const operators[] = {
        [COMPARE_EQUAL] = "=", [COMPARE_LESS] = "<", [COMPARE_AT_MOST] = "<=", [COMPARE_GREATER] = ">", [COMPARE_AT_LEAST] = ">="};
    CLEANUP(buf_done) Buf terms = {0};
    for (size_t i = 0; f->rule != NULL && i < f->rule->term_count; i++) {
        const LabelTerm *term = &f->rule->terms[i];
        CLEANUP(free_text) char *column = rule_column(f, term);
        if (column == NULL) buf_clear(&terms);
        if (column == NULL) break;
        buf_add_str(&terms, i == 0 ? "" : f->rule->all ? " AND " : " OR ");
        sql_name(&terms, column);
        buf_addf(&terms, " %s %s", operators[term->comparison], term->number);
    }
    if (terms.len > 0)
        buf_addf(out, ",\n    CASE WHEN %s THEN 1 ELSE 0 END AS rule_says", terms.data);
    else
        buf_add_str(out, ",\n    NULL::INTEGER AS rule_says");
}

static void add_select(Buf *out, const Forecasting *f) {
    buf_add_str(out, "CREATE OR REPLACE TEMP TABLE churn_rows AS\n");
    if (f->merged)
        rollup_add_sums(out, f);
    else
        add_sums(out, f);
    add_features(out, f);
    buf_add_str(out, "\nSELECT *");
    add_ratios(out, f);
    add_rule(out, f);
    buf_add_str(out, "\nFROM features\n");
}

/* ---- segments ---- */

/* What each entity belongs to, as of the day; empty: no segment is declared. */
static void add_segments(Buf *out, const Forecasting *f) {
    if (f->forecast->segment_count == 0) return;
    buf_addf(out, "CREATE OR REPLACE TEMP TABLE churn_segments AS\nSELECT %s", f->key);
    for (size_t i = 0; i < f->forecast->segment_count; i++) {
        size_t index = f->forecast->segments[i];
        buf_add_str(out, ", (");
        measure_add_merge(out, &f->measures.items[f->features[index].value], NULL);
        buf_add_str(out, ").\"value\" AS ");
        sql_name(out, f->entity->features[index].name);
    }
    buf_addf(out, "\nFROM model_days WHERE day >= {{day}} - %d AND day < {{day}} AND known < {{known}} AND upto <= {{upto}}\nGROUP BY %s\n",
             forecasting_days_read(f), f->key);
}

/* ---- the view ---- */

/* The columns that a model learns from, with their names for people. */
static char *columns_text(const Forecasting *f) {
    json_t *all = json_array();
    for (const Feature *m = f->entity->features; m < f->entity->features + f->entity->feature_count; m++)
        for (size_t w = 0; is_number(m) && (w < m->window_count || w == 0); w++) {
            int days = m->window_count > 0 ? m->windows[w] : 0;
            CLEANUP(free_text) char *name = column_name(m, days);
            json_array_append_new(
                all, json_pack("{ss ss ss si}", "name", name, "title", m->title, "unit", m->unit != NULL ? m->unit : "", "days", days));
        }
    char *text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    return text;
}

static char *segments_text(const Forecasting *f) {
    json_t *all = json_array();
    for (size_t i = 0; i < f->forecast->segment_count; i++)
        json_array_append_new(all, json_string(f->entity->features[f->forecast->segments[i]].name));
    char *text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    return text;
}

static void add_row(Buf *out, bool *first, const char *name, const char *value) {
    sql_separate(out, first, ",");
    buf_add_str(out, "\n    (");
    sql_text(out, name);
    buf_add_str(out, ", ");
    sql_text(out, value);
    buf_add_char(out, ')');
}

static void add_number(Buf *out, bool *first, const char *name, int64_t value) {
    CLEANUP(free_text) char *text = xasprintf("%" PRId64, value);
    add_row(out, first, name, text);
}

static void add_statements(Buf *out, bool *first, const Forecasting *f) {
    CLEANUP(buf_done) Buf table = {0}, days = {0}, features = {0}, made = {0};
    CLEANUP(free_text) char *columns = columns_text(f);
    CLEANUP(free_text) char *segments = segments_text(f);
    char sha256[SHA256_TEXT_SIZE];
    add_days_columns(&table, f);
    add_days(&days, f);
    add_select(&features, f);
    add_row(out, first, "columns", columns);
    add_row(out, first, "segments", segments);
    add_segments(&made, f);
    add_row(out, first, "segments_made", made.len > 0 ? made.data : "");
    add_row(out, first, "days_columns", table.data);
    add_row(out, first, "days", days.data);
    add_row(out, first, "features", features.data);
    sha256_hex(days.data, days.len, sha256);
    add_row(out, first, "days_sha256", sha256);
    sha256_hex(features.data, features.len, sha256);
    add_row(out, first, "features_sha256", sha256);
}

/* The same by the merging of rows in C, when all measures can be merged there. */
static void add_rollup(Buf *out, bool *first, const Forecasting *f) {
    CLEANUP(buf_done) Buf events = {0}, columns = {0}, made = {0}, features = {0};
    if (!rollup_is_possible(f)) return;
    CLEANUP(free_text) char *days_plan = rollup_days_plan(f);
    CLEANUP(free_text) char *sums_plan = rollup_sums_plan(f);
    rollup_add_events(&events, f);
    rollup_add_days_columns(&columns, f);
    rollup_add_days(&made, f);
    Forecasting merged = *f;
    merged.merged = true;
    add_select(&features, &merged);
    add_row(out, first, "days_plan", days_plan);
    add_row(out, first, "days_events", events.data);
    add_row(out, first, "days_packed_columns", columns.data);
    add_row(out, first, "days_packed", made.data);
    add_row(out, first, "sums_plan", sums_plan);
    add_row(out, first, "features_merged", features.data);
}

static void add_merged_segments(Buf *out, bool *first, const Forecasting *f) {
    CLEANUP(buf_done) Buf made = {0};
    if (!rollup_is_possible(f) || f->forecast->segment_count == 0) return;
    CLEANUP(free_text) char *plan = rollup_segments_plan(f);
    rollup_add_segments(&made, f);
    add_row(out, first, "segments_plan", plan);
    add_row(out, first, "segments_merged", made.data);
}

static void add_outcome(Buf *out, bool *first, const Forecasting *f) {
    const OutcomeLabel *o = f->forecast->outcome;
    add_row(out, first, "outcome", o->name);
    add_row(out, first, "kind", o->kind == OUTCOME_TABLE ? "table" : "inactivity");
    add_row(out, first, "file", o->file != NULL ? o->file : "");
    add_row(out, first, "as_of", f->forecast->as_of == AS_OF_EVENT ? "event" : "known");
    add_number(out, first, "silence", o->silence);
    add_number(out, first, "horizon", o->horizon);
    add_number(out, first, "gap", o->gap);
    add_number(out, first, "widest", f->widest);
    add_number(out, first, "active_within", f->forecast->active_within);
    add_number(out, first, "events_within", f->forecast->events_within);
    add_number(out, first, "events", f->forecast->events);
    add_number(out, first, "cuts", f->forecast->cuts);
    add_number(out, first, "apart", f->forecast->apart);
}

void model_declared(Buf *out, const Compiled *c) {
    bool first = true;
    const char *advice = c->pipeline->prediction.advice;
    if (c->pipeline->prediction.forecast.outcome == NULL) {
        buf_add_str(out, "CREATE OR REPLACE VIEW model_declared AS SELECT ");
        buf_add_str(out, advice != NULL ? "'advice'" : "NULL::VARCHAR");
        buf_add_str(out, " AS name, ");
        if (advice != NULL)
            sql_text(out, advice);
        else
            buf_add_str(out, "NULL::VARCHAR");
        buf_add_str(out, advice != NULL ? " AS \"value\";\n" : " AS \"value\" WHERE false;\n");
        return;
    }
    CLEANUP(forecasting_done) Forecasting f = forecasting_of(c);
    buf_add_str(out, "CREATE OR REPLACE VIEW model_declared AS SELECT * FROM (VALUES");
    add_outcome(out, &first, &f);
    add_statements(out, &first, &f);
    add_rollup(out, &first, &f);
    add_merged_segments(out, &first, &f);
    buf_add_str(out, "\n) AS declared(name, \"value\");\n");
}

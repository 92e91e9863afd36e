/* gold_features.c: gold_<entity>_features, from Gold's state. The names of tables are those of the first entity (gold.c).
 *
 *   gold_features_base    the base: every entity, as of some refine
 *   gold_features_fresh   the delta: entities whose features were computed since. Few, so that writing and publishing them is cheap
 *   gold_base             one row. base_id names the base: when it changes, copies of the base are stale; so they are when scores of its
 *                         entities change (scores_progress.scores_id). features_id changes when all features were recomputed
 *
 * gold_<entity>_features is the view over base and delta, where a row of the delta replaces that of the base. In both tables refined_batch
 * is the last batch of Bronze that a row was computed from.
 *
 * A mean is one division of whole numbers, rounded half away from zero (sql_mean): it does not depend on the order of additions. The last
 * step, dividing the rounded number by a power of ten, gives the DOUBLE nearest to the decimal number, on every machine the same. */
#include "compile/internal.h"

#include "base/memory.h"
#include <inttypes.h>
#include <string.h>

/* What the features are computed from. */
typedef struct View {
    const Gold *gold;
    const Entity *entity;
    const char *sums, *extremes; /* the state, or its rows of the entities with new events */
    Measures measures;
    FeatureMeasures *features;
} View;

static void view_done(View *v) {
    measures_done(&v->measures);
    free(v->features);
}

/* ---- the sums of each entity ---- */

/* The lowest band that the window includes. */
static size_t band_of(const Entity *e, int days) {
    for (size_t i = 0; i < e->window_count; i++)
        if (e->windows[i] == days) return e->window_count - i;
    BUG("an unknown window");
}

/* A measure over a window: the band decides, or the day. */
static void add_window_merge(Buf *out, const View *v, const Measure *m, int days) {
    CLEANUP(free_text)
    char *filter = measure_adds(m) ? xasprintf("band >= %zu", band_of(v->entity, days))
                                   : xasprintf("day > (SELECT newest FROM %s) - %d", v->gold->tables[GOLD_STATE], days);
    buf_add_str(out, ",\n        ");
    measure_add_merge(out, m, filter);
    buf_addf(out, " AS %s_%dd", m->name, days);
}

static void add_windows(Buf *out, const View *v, bool (*chosen)(const Measure *m)) {
    for (size_t i = 0; i < v->measures.count; i++)
        for (size_t w = 0; w < v->entity->window_count; w++)
            if (v->measures.items[i].windowed && chosen(&v->measures.items[i]))
                add_window_merge(out, v, &v->measures.items[i], v->entity->windows[w]);
}

static void add_sums(Buf *out, const View *v) {
    buf_addf(out, "WITH sums AS (\n    SELECT %s", v->gold->key);
    for (size_t i = 0; i < v->measures.count; i++) {
        buf_add_str(out, ",\n        ");
        measure_add_merge(out, &v->measures.items[i], NULL);
        buf_addf(out, " AS %s", v->measures.items[i].name);
    }
    add_windows(out, v, measure_adds);
    buf_addf(out, "\n    FROM %s GROUP BY %s HAVING sum(events_n) >= %" PRId64 "\n)", v->sums, v->gold->key, v->entity->minimum_events);
}

static void add_extremes(Buf *out, const View *v) {
    buf_addf(out, ", extremes AS (\n    SELECT %s", v->gold->key);
    add_windows(out, v, measure_is_extreme);
    buf_addf(out, "\n    FROM %s GROUP BY %s\n)", v->extremes, v->gold->key);
}

/* ---- features ---- */

/* `sums.x` or `extremes.x_7d`; `days` 0: the whole history. */
static void add_measure(Buf *out, const Measure *m, int days) {
    const char *from = days == 0 || m->kind == MEASURE_LAST || measure_adds(m) ? "sums" : "extremes";
    buf_addf(out, "%s.%s", from, m->name);
    if (days > 0 && m->kind != MEASURE_LAST) buf_addf(out, "_%dd", days);
}

static char *measure_text(const View *v, size_t index, int days) {
    Buf out = {0};
    add_measure(&out, &v->measures.items[index], days);
    return buf_take(&out);
}

static int64_t power_of_ten(int exponent) {
    int64_t power = 1;
    for (int i = 0; i < exponent; i++) power *= 10;
    return power;
}

/* round(sum / count, digits), half away from zero. Sum and count are exact and come as whole numbers (a DECIMAL times 10^scale), which a
 * DOUBLE holds up to 2^53: then the one division is correctly rounded, and no quotient of such numbers is so near a tie that it could fall
 * on the other side. The order of the events does not matter. Half the cost of the same in integers. */
void sql_mean(Buf *out, const char *sum, const char *count, int scale, int digits) {
    int64_t factor = power_of_ten(digits > scale ? digits - scale : 0), divisor = power_of_ten(digits < scale ? scale - digits : 0);
    CLEANUP(buf_done) Buf whole = {0};
    if (scale > 0)
        buf_addf(&whole, "round(%s::DOUBLE * 1e%d)", sum, scale);
    else
        buf_addf(&whole, "%s::DOUBLE", sum);
    if (factor > 1) buf_addf(&whole, " * %" PRId64, factor);
    buf_addf(out, "round(%s / nullif(%s", whole.data, count);
    if (divisor > 1) buf_addf(out, " * %" PRId64, divisor);
    buf_addf(out, ", 0)) / 1e%d + 0.0", digits); /* -0.0 + 0.0 is 0.0 */
}

static void add_feature_value(Buf *out, const View *v, size_t index, int days) {
    const Feature *f = &v->entity->features[index];
    CLEANUP(free_text) char *value = measure_text(v, v->features[index].value, days);
    CLEANUP(free_text) char *count = measure_text(v, v->features[index].count, days);
    switch (f->aggregate) {
    case AGGREGATE_COUNT: buf_addf(out, days > 0 ? "coalesce(%s, 0)" : "%s", value); return;
    case AGGREGATE_SUM: buf_addf(out, "CASE WHEN %s > 0 THEN %s END", count, value); return;
    case AGGREGATE_AVG: sql_mean(out, value, count, f->column.scale, f->round); return;
    case AGGREGATE_MIN:
    case AGGREGATE_MAX: buf_add_str(out, value); return;
    case AGGREGATE_LAST:
        if (days == 0)
            buf_addf(out, "%s.\"value\"", value);
        else
            buf_addf(out, "CASE WHEN %s.\"at\" >= (SELECT newest FROM %s) - %d THEN %s.\"value\" END", value, v->gold->tables[GOLD_STATE],
                     days - 1, value);
        return;
    default: BUG("an aggregate that only a model has");
    }
}

static void add_feature(Buf *out, const View *v, size_t index, int days) {
    const char *name = v->entity->features[index].name;
    buf_add_str(out, ",\n    ");
    add_feature_value(out, v, index, days);
    if (days > 0) {
        buf_addf(out, " AS %s_%dd", name, days);
        return;
    }
    buf_add_str(out, " AS ");
    sql_name(out, name);
}

/* ---- labels ---- */

/* A whole number that a count of events may take out of 64 bits. */
static const char *wide_type(const char *number) {
    enum { SAFE_DIGITS = 10 };
    return strlen(number) > SAFE_DIGITS && strchr(number, '.') == NULL ? "::HUGEINT" : "";
}

/* On the feature before rounding: a mean is compared by its sum. */
static void add_term(Buf *out, const View *v, const LabelTerm *term) {
    static const char *const operators[] = {
        [COMPARE_EQUAL] = "=", [COMPARE_LESS] = "<", [COMPARE_AT_MOST] = "<=", [COMPARE_GREATER] = ">", [COMPARE_AT_LEAST] = ">="};
    const Feature *f = &v->entity->features[term->feature];
    const char *comparator = operators[term->comparison];
    CLEANUP(free_text) char *value = measure_text(v, v->features[term->feature].value, term->window);
    CLEANUP(free_text) char *count = measure_text(v, v->features[term->feature].count, term->window);
    if (f->aggregate == AGGREGATE_AVG)
        buf_addf(out, "(%s > 0 AND %s %s %s%s * %s)", count, value, comparator, term->number, wide_type(term->number), count);
    else if (f->aggregate == AGGREGATE_SUM)
        buf_addf(out, "(%s > 0 AND %s %s %s)", count, value, comparator, term->number);
    else {
        buf_add_char(out, '(');
        add_feature_value(out, v, term->feature, term->window);
        buf_addf(out, " %s %s)", comparator, term->number);
    }
}

static void add_label(Buf *out, const View *v, const Label *label) {
    buf_add_str(out, ",\n    CASE WHEN ");
    for (size_t i = 0; i < label->term_count; i++) {
        buf_add_str(out, i == 0 ? "" : label->all ? " AND " : " OR ");
        add_term(out, v, &label->terms[i]);
    }
    buf_add_str(out, " THEN 1 ELSE 0 END AS ");
    sql_name(out, label->name);
}

/* ---- base, delta, view ---- */

static void add_columns(Buf *out, const View *v) {
    const Entity *e = v->entity;
    for (size_t i = 0; i < e->feature_count; i++) add_feature(out, v, i, 0);
    for (size_t i = 0; i < e->label_count; i++) add_label(out, v, &e->labels[i]);
    for (size_t w = 0; w < e->window_count; w++)
        for (size_t i = 0; i < e->feature_count; i++)
            for (size_t k = 0; k < e->features[i].window_count; k++)
                if (e->features[i].windows[k] == e->windows[w]) add_feature(out, v, i, e->windows[w]);
}

static void add_comment(Buf *out, const Gold *g, const char *column, int days, const char *description) {
    CLEANUP(buf_done) Buf text = {0};
    if (description[0] == '\0') return;
    buf_add_str(&text, description);
    if (days > 0) buf_addf(&text, " Over the last %d UTC days up to the newest event.", days);
    buf_addf(out, "COMMENT ON COLUMN %s.", g->tables[GOLD_FEATURES]);
    if (days > 0)
        buf_addf(out, "%s_%dd", column, days);
    else
        sql_name(out, column);
    buf_add_str(out, " IS ");
    sql_text(out, text.data);
    buf_add_str(out, ";\n");
}

static void add_comments(Buf *out, const Gold *g) {
    const Entity *e = g->entity;
    for (size_t i = 0; i < e->feature_count; i++) {
        const Feature *f = &e->features[i];
        add_comment(out, g, f->name, 0, f->description);
        for (size_t w = 0; w < f->window_count; w++) add_comment(out, g, f->name, f->windows[w], f->description);
    }
    for (size_t i = 0; i < e->label_count; i++) add_comment(out, g, e->labels[i].name, 0, e->labels[i].description);
}

/* So that who reads Gold without the declarations knows which columns are no features. */
static void add_label_names(Buf *out, const Gold *g) {
    buf_addf(out, "CREATE OR REPLACE VIEW %s AS SELECT unnest([", g->tables[GOLD_LABELS]);
    for (size_t i = 0; i < g->entity->label_count; i++) {
        buf_add_str(out, i > 0 ? ", " : "");
        sql_text(out, g->entity->labels[i].name);
    }
    buf_add_str(out, "]::VARCHAR[]) AS name;\n");
}

static void add_select(Buf *out, const View *v) {
    bool extremes = measures_have_extreme(&v->measures);
    const char *key = v->gold->key;
    add_sums(out, v);
    if (extremes) add_extremes(out, v);
    buf_addf(out, "\nSELECT sums.%s", key);
    add_columns(out, v);
    buf_add_str(out, ",\n    {{upto}}::BIGINT AS refined_batch\nFROM sums");
    if (extremes) buf_addf(out, "\nLEFT JOIN extremes ON extremes.%s = sums.%s", key, key);
    buf_add_str(out, ";\n");
}

static View view_of(const Gold *g, const char *sums, const char *extremes) {
    View v = {.gold = g, .entity = g->entity, .sums = sums, .extremes = extremes};
    v.measures = measures_of(g->entity, &v.features);
    return v;
}

void gold_features(Buf *out, const Gold *g) {
    const char *base = g->tables[GOLD_FEATURES_BASE], *delta = g->tables[GOLD_FEATURES_DELTA];
    CLEANUP(view_done) View v = view_of(g, g->tables[GOLD_STATE_SUMS], g->tables[GOLD_STATE_EXTREME]);
    buf_addf(out, "CREATE OR REPLACE TABLE %s AS\n", base);
    add_select(out, &v);
    buf_addf(out,
             "CREATE OR REPLACE TABLE %s AS FROM %s LIMIT 0;\n"
             "CREATE OR REPLACE TABLE %s AS SELECT uuid() AS base_id, uuid() AS features_id;\n",
             delta, base, g->tables[GOLD_BASE]);
    buf_addf(out,
             "CREATE OR REPLACE VIEW %s AS\n"
             "SELECT * EXCLUDE (refined_batch) FROM %s ANTI JOIN %s USING (%s)\n"
             "UNION ALL SELECT * EXCLUDE (refined_batch) FROM %s;\n",
             g->tables[GOLD_FEATURES], base, delta, g->key, delta);
    add_label_names(out, g);
    add_comments(out, g);
}

/* Copies the wide rows of the few entities first: filtering while aggregating costs twice as much. */
void gold_update_delta(Buf *out, const Gold *g) {
    CLEANUP(free_text) char *only = xasprintf(" WHERE %s IN (SELECT %s FROM refine_partials)", g->key, g->key);
    CLEANUP(view_done) View v = view_of(g, "refine_sums", "refine_extremes");
    buf_addf(out, "CREATE OR REPLACE TEMP TABLE refine_sums AS FROM %s%s;\n", g->tables[GOLD_STATE_SUMS], only);
    if (measures_have_extreme(&v.measures))
        buf_addf(out, "CREATE OR REPLACE TEMP TABLE refine_extremes AS FROM %s%s;\n", g->tables[GOLD_STATE_EXTREME], only);
    buf_addf(out, "DELETE FROM %s%s;\nINSERT INTO %s BY NAME\n", g->tables[GOLD_FEATURES_DELTA], only, g->tables[GOLD_FEATURES_DELTA]);
    add_select(out, &v);
}

/* ---- a new base ---- */

void gold_merge_delta(Buf *out, const Gold *g) {
    const char *base = g->tables[GOLD_FEATURES_BASE], *delta = g->tables[GOLD_FEATURES_DELTA];
    buf_addf(out,
             "CREATE OR REPLACE TABLE %s AS\n"
             "FROM %s ANTI JOIN %s USING (%s) UNION ALL FROM %s;\n"
             "DELETE FROM %s;\n"
             "UPDATE %s SET base_id = uuid();\n",
             base, base, delta, g->key, delta, delta, g->tables[GOLD_BASE]);
}

/* ---- the same beside refines (refine/settle.c) ---- */

void gold_next_base(Buf *out, const Gold *g) {
    buf_addf(out, "CREATE OR REPLACE TABLE %s AS FROM %s LIMIT 0", g->tables[GOLD_FEATURES_NEXT], g->tables[GOLD_FEATURES_BASE]);
}

void gold_next_kept(Buf *out, const Gold *g) {
    buf_addf(out, "INSERT INTO %s BY NAME SELECT b.* FROM %s AS b ANTI JOIN %s USING (%s) WHERE b.rowid >= {{from}} AND b.rowid < {{to}}",
             g->tables[GOLD_FEATURES_NEXT], g->tables[GOLD_FEATURES_BASE], g->tables[GOLD_FEATURES_DELTA], g->key);
}

void gold_next_changed(Buf *out, const Gold *g) {
    buf_addf(out, "INSERT INTO %s BY NAME FROM %s WHERE refined_batch <= {{upto}} AND rowid >= {{from}} AND rowid < {{to}}",
             g->tables[GOLD_FEATURES_NEXT], g->tables[GOLD_FEATURES_DELTA]);
}

/* The delta is made again, not emptied: DuckDB keeps deleted rows, and merging their row groups stops all that is written. */
void gold_swap_base(Buf *out, const Gold *g) {
    const char *base = g->tables[GOLD_FEATURES_BASE], *delta = g->tables[GOLD_FEATURES_DELTA];
    buf_addf(out,
             "DROP TABLE %s;\n"
             "ALTER TABLE %s RENAME TO %s;\n"
             "CREATE OR REPLACE TABLE %s AS FROM %s WHERE refined_batch > {{upto}};\n"
             "UPDATE %s SET base_id = uuid();\n",
             base, g->tables[GOLD_FEATURES_NEXT], base, delta, delta, g->tables[GOLD_BASE]);
}

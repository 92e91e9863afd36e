/* score_rows.c: a row of a page as a score: probability, band, reasons, and what is needed to check them. Several threads of DuckDB take
 * rows of the page, each so many at a time as fit into a chunk.
 *
 * Invariant: contributions of the reasons, rest and bias add up to the log-odds, which XGBoost computes by itself. */
#include "churn/scoring.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/memory.h"
#include "lake/vectors.h"
#include "model/reasons.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const ChurnBand churn_bands[CHURN_BANDS] = {{"high", 0.5}, {"medium", 0.2}, {"low", 0}};

#define PROBABILITY_STEPS 1e6 /* stored to six decimals: the rest is noise */

void scoring_done(Scoring *s) {
    for (size_t i = 0; i < s->features.count; i++) free(s->feature_texts[i]);
    free(s->feature_texts);
    churn_names_done(&s->features);
    churn_data_done(&s->page);
    free(s->probabilities);
    free(s->log_odds);
}

/* The text of a feature in a reason, beside its value: its name or title, and the usual value. */
static char *feature_text(const char *name, const json_t *metadata) {
    json_t *text = json_pack("{s:s}", "feature", name), *one;
    json_t *typical = json_object_get(json_object_get(metadata, "typical"), name);
    size_t i;
    json_array_foreach(json_object_get(metadata, "words"), i, one) {
        if (strcmp(json_string_value(json_object_get(one, "name")), name) != 0) continue;
        json_object_set(text, "title", json_object_get(one, "title"));
        json_object_set(text, "unit", json_object_get(one, "unit"));
        json_object_set(text, "days", json_object_get(one, "days"));
    }
    if (typical != NULL) json_object_set(text, "typical", typical);
    char *all = json_text(text), *inside = xasprintf("%.*s", (int)strlen(all) - 2, all + 1);
    free(all);
    json_decref(text);
    return inside;
}

static void read_calibration(Scoring *s, const json_t *metadata) {
    const json_t *bands = json_object_get(metadata, "bands"), *platt = json_object_get(metadata, "platt");
    s->platt = PLATT_NONE;
    if (platt != NULL)
        s->platt = (Platt){.slope = json_number_value(json_object_get(platt, "slope")),
                           .intercept = json_number_value(json_object_get(platt, "intercept"))};
    for (size_t i = 0; i < CHURN_BANDS; i++) {
        const json_t *band = json_array_get(bands, i);
        s->from[i] = band != NULL ? json_number_value(json_object_get(band, "from")) : churn_bands[i].from;
    }
}

void scoring_init(Scoring *s, const Model *m, const json_t *metadata, const ChurnGold *gold) {
    size_t n = model_features(m);
    *s = (Scoring){.model = m, .metadata = metadata, .gold = gold, .scored_at_us = clock_wall_us(), .day = NO_DAY};
    s->features.at = xcalloc(n + 1, sizeof *s->features.at);
    s->feature_texts = xcalloc(n + 1, sizeof *s->feature_texts);
    s->probabilities = xcalloc(SCORING_PAGE_ROWS, sizeof *s->probabilities);
    s->log_odds = xcalloc(SCORING_PAGE_ROWS, sizeof *s->log_odds);
    for (size_t i = 0; i < n; i++) {
        s->features.at[i] = xstrdup(model_feature(m, i));
        s->feature_texts[i] = feature_text(model_feature(m, i), metadata);
    }
    s->features.count = n;
    read_calibration(s, metadata);
}

/* ---- one row ---- */

/* A whole number of units of the last of `decimals` digits, as text. */
static void add_decimal(Buf *out, bool negative, uint64_t units, int decimals, bool without_zeros) {
    char text[32], *at = text + sizeof text;
    for (; without_zeros && decimals > 0 && units % 10 == 0; decimals--) units /= 10;
    for (int i = 0; i <= decimals || units > 0; i++, units /= 10) {
        if (i == decimals && i > 0) *--at = '.';
        *--at = (char)('0' + units % 10);
    }
    if (negative) *--at = '-';
    buf_add(out, at, (size_t)(text + sizeof text - at));
}

/* As "%.6f", which takes ten times as long: a float times a million is exact in a double. */
static void add_millionths(Buf *out, float v) {
    double millionths = rint(fabs((double)v) * 1e6);
    if (millionths < 1e15)
        add_decimal(out, signbit(v), (uint64_t)millionths, 6, false);
    else
        buf_addf(out, "%.6f", (double)v);
}

/* The shortest decimal that reads back as the same float: 12.7, not 12.6999998. Most are counts and rounded means: up to six digits, of
 * which at most three are decimals. */
static void add_float(Buf *out, float v) {
    char text[32];
    int digits = 6;
    double thousandths = rint((double)v * 1000);
    if (fabs(thousandths) < 1e6 && (float)(thousandths / 1000) == v && (thousandths != 0 || !signbit(v))) {
        add_decimal(out, thousandths < 0, (uint64_t)fabs(thousandths), 3, true);
        return;
    }
    do snprintf(text, sizeof text, "%.*g", digits++, (double)v);
    while (digits <= 9 && strtof(text, NULL) != v);
    buf_add_str(out, text);
}

/* What a thread writes a score with. */
typedef struct ScoreWriter {
    const Scoring *scoring;
    float *contributions; /* of one row */
    Buf reasons;          /* of one row */
} ScoreWriter;

static void write_reason(ScoreWriter *w, size_t feature, float value, bool first) {
    buf_add_str(&w->reasons, first ? "{" : ",{");
    buf_add_str(&w->reasons, w->scoring->feature_texts[feature]);
    buf_add_str(&w->reasons, ",\"value\":");
    if (isnan(value))
        buf_add_str(&w->reasons, "null");
    else
        add_float(&w->reasons, value);
    buf_add_str(&w->reasons, ",\"contribution\":");
    add_millionths(&w->reasons, w->contributions[feature]);
    buf_add_char(&w->reasons, '}');
}

/* Returns the sum of the contributions that are no reasons. */
static double write_reasons(ScoreWriter *w, const float *row) {
    const Scoring *s = w->scoring;
    const Matrix x = {.values = row, .rows = 1, .cols = s->features.count};
    size_t top[CHURN_REASONS];
    double rest = 0;
    model_explain(s->model, &x, w->contributions);
    platt_apply_to_contributions(&s->platt, w->contributions, 1, s->features.count);
    size_t n = reasons_top(w->contributions, s->features.count, CHURN_REASONS, top);
    buf_clear(&w->reasons);
    buf_add_char(&w->reasons, '[');
    for (size_t i = 0; i < n; i++) write_reason(w, top[i], row[top[i]], i == 0);
    buf_add_char(&w->reasons, ']');
    for (size_t i = 0; i < s->features.count; i++) rest += (double)w->contributions[i];
    for (size_t i = 0; i < n; i++) rest -= (double)w->contributions[top[i]];
    return rest;
}

static size_t band_of(const Scoring *s, double probability) {
    size_t band = 0;
    while (band + 1 < CHURN_BANDS && probability < s->from[band]) band++;
    return band;
}

static double rounded(double v) {
    return rint(v * PROBABILITY_STEPS) / PROBABILITY_STEPS;
}

/* Row `row` of the page as row `n` of the chunk; columns as in score_columns. */
static void put_score(ScoreWriter *w, size_t row, LakeChunk *chunk, size_t n) {
    const Scoring *s = w->scoring;
    const char *id = s->page.ids[row];
    double log_odds = s->platt.slope * (double)s->log_odds[row] + s->platt.intercept;
    double probability = rounded((double)s->probabilities[row]);
    size_t band = band_of(s, probability);
    double rest = write_reasons(w, s->page.values + row * s->page.cols);
    lake_put_utf8(chunk, 0, n, id, strlen(id));
    lake_put_real(chunk, 1, n, probability);
    lake_put_utf8(chunk, 2, n, churn_bands[band].name, strlen(churn_bands[band].name));
    lake_put_utf8(chunk, 3, n, w->reasons.data, w->reasons.len);
    lake_put_real(chunk, 4, n, rounded(log_odds));
    lake_put_real(chunk, 5, n, rounded((double)w->contributions[s->features.count]));
    lake_put_real(chunk, 6, n, rounded(rest));
}

/* Of rows of the page from `first` on. */
static int predict(Scoring *s, size_t first, size_t n, Error *err) {
    const Matrix x = {.values = s->page.values + first * s->page.cols, .rows = n, .cols = s->page.cols};
    float *p = s->probabilities + first;
    if (model_predict(s->model, &x, p, err) != 0 || model_log_odds(s->model, &x, s->log_odds + first, err) != 0) return -1;
    if (s->day != NO_DAY) platt_apply(&s->platt, p, n, p);
    return 0;
}

/* LakeFill, on any thread */
size_t scoring_fill(void *state, LakeChunk *chunk, size_t capacity) {
    Scoring *s = state;
    size_t first = atomic_fetch_add(&s->next, capacity);
    if (first >= s->page.rows) return 0;
    size_t n = s->page.rows - first < capacity ? s->page.rows - first : capacity;
    Error err = {0};
    if (predict(s, first, n, &err) != 0) {
        lake_output_fail(chunk, err.text);
        error_clear(&err);
        return 0;
    }
    ScoreWriter w = {.scoring = s, .contributions = xcalloc(s->features.count + 1, sizeof *w.contributions)};
    for (size_t i = 0; i < n; i++) put_score(&w, first + i, chunk, i);
    free(w.contributions);
    buf_done(&w.reasons);
    return n;
}

const LakeColumn score_columns[SCORE_COLUMNS] = {{"entity_id", LAKE_TEXT},   {"churn_probability", LAKE_REAL}, {"risk_band", LAKE_TEXT},
                                                 {"reasons", LAKE_JSON},     {"log_odds", LAKE_REAL},          {"reasons_bias", LAKE_REAL},
                                                 {"reasons_rest", LAKE_REAL}};

/* scoring.c: scoring page by page, so that memory does not grow with the number of rows: read a page of Gold by id, predict all of
 * it, then hand the rows to DuckDB, with the reasons of each computed when DuckDB asks for it.
 *
 * Only those whose features changed since the same model scored them are scored; their scores go to the delta scores_fresh, whose
 * rows replace those of scores_base. A snapshot holds Gold's base together with its scores: when one of those scores changes, the base gets
 * a new name (scores_progress.scores_id).
 *
 * Invariants: readers see the scores of one model over all of Gold, the old ones or the new ones. Scoring writes no table of refine's, and
 * reads one state of them: `smelt up` refines meanwhile. */
#include "churn/internal.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/document.h"
#include "base/memory.h"
#include "base/stop.h"
#include "model/reasons.h"
#include <math.h>
#include <string.h>

#define PAGE_ROWS         65536
#define PROBABILITY_STEPS 1e6 /* stored to six decimals: the rest is noise */
#define CHANGED_SHARE     4   /* scoring a quarter costs as much as scoring all */

const ChurnBand churn_bands[CHURN_BANDS] = {{"high", 0.5}, {"medium", 0.2}, {"low", 0}};

void churn_scores_done(ChurnScores *s) {
    free(s->skipped);
    free(s->model_id);
    free(s->advice);
    free(s->plural);
    free(s->title_plural);
    *s = (ChurnScores){0};
}

/* One run over Gold, and its current page. Owns everything but the model and the names. */
typedef struct Scoring {
    const Model *model;
    const ChurnGold *gold; /* borrowed */
    ChurnNames features;   /* the model's */
    char **feature_texts;  /* the same as JSON strings */
    ChurnData page;
    float *probabilities; /* of the page */
    size_t next;          /* row of the page that DuckDB gets next */
    float *contributions; /* of one row */
    Buf reasons;          /* of one row */
    size_t rows;
    int64_t scored_at_us;
    int64_t after;     /* score the features that were computed by later batches; -1: all */
    bool base_changed; /* scores of rows in Gold's base change */
} Scoring;

static void scoring_done(Scoring *s) {
    for (size_t i = 0; i < s->features.count; i++) free(s->feature_texts[i]);
    free(s->feature_texts);
    churn_names_done(&s->features);
    churn_data_done(&s->page);
    free(s->probabilities);
    free(s->contributions);
    buf_done(&s->reasons);
}

static void scoring_init(Scoring *s, const Model *m, const ChurnGold *gold) {
    size_t n = model_features(m);
    *s = (Scoring){.model = m, .gold = gold, .scored_at_us = clock_wall_us()};
    s->features.at = xcalloc(n + 1, sizeof *s->features.at);
    s->feature_texts = xcalloc(n + 1, sizeof *s->feature_texts);
    s->contributions = xcalloc(n + 1, sizeof *s->contributions);
    s->probabilities = xcalloc(PAGE_ROWS, sizeof *s->probabilities);
    for (size_t i = 0; i < n; i++) {
        CLEANUP(json_freep) json_t *name = json_string(model_feature(m, i));
        s->features.at[i] = xstrdup(model_feature(m, i));
        s->feature_texts[i] = json_text(name);
    }
    s->features.count = n;
}

/* ---- one row ---- */

/* The shortest decimal that reads back as the same float: 12.7, not 12.6999998. */
static void add_float(Buf *out, float v) {
    char text[32];
    int digits = 6;
    do snprintf(text, sizeof text, "%.*g", digits++, (double)v);
    while (digits <= 9 && strtof(text, NULL) != v);
    buf_add_str(out, text);
}

static void write_reasons(Scoring *s, const float *row) {
    const Matrix x = {.values = row, .rows = 1, .cols = s->features.count};
    size_t top[CHURN_REASONS];
    model_explain(s->model, &x, s->contributions);
    size_t n = reasons_top(s->contributions, s->features.count, CHURN_REASONS, top);
    buf_clear(&s->reasons);
    buf_add_char(&s->reasons, '[');
    for (size_t i = 0; i < n; i++) {
        buf_addf(&s->reasons, "%s{\"feature\":%s,\"value\":", i > 0 ? "," : "", s->feature_texts[top[i]]);
        if (isnan(row[top[i]]))
            buf_add_str(&s->reasons, "null");
        else
            add_float(&s->reasons, row[top[i]]);
        buf_addf(&s->reasons, ",\"contribution\":%.4g}", (double)s->contributions[top[i]]);
    }
    buf_add_char(&s->reasons, ']');
}

static size_t band_of(double probability) {
    size_t band = 0;
    while (probability < churn_bands[band].from) band++;
    return band;
}

/* LakeFill: columns as in score_columns. */
static size_t fill(void *state, LakeChunk *chunk, size_t capacity) {
    Scoring *s = state;
    size_t n = 0;
    for (; n < capacity && s->next < s->page.rows; n++, s->next++) {
        const char *id = s->page.ids[s->next];
        double probability = rint((double)s->probabilities[s->next] * PROBABILITY_STEPS) / PROBABILITY_STEPS;
        size_t band = band_of(probability);
        write_reasons(s, s->page.values + s->next * s->page.cols);
        lake_put_text(chunk, 0, n, id, strlen(id));
        lake_put_real(chunk, 1, n, probability);
        lake_put_text(chunk, 2, n, churn_bands[band].name, strlen(churn_bands[band].name));
        lake_put_text(chunk, 3, n, s->reasons.data, s->reasons.len);
    }
    return n;
}

static const LakeColumn score_columns[] = {
    {"entity_id", LAKE_TEXT}, {"churn_probability", LAKE_REAL}, {"risk_band", LAKE_TEXT}, {"reasons", LAKE_TEXT}};

/* ---- pages ---- */

/* Reads the page after the current one; it is empty at the end. */
static int next_page(LakeConn *conn, Scoring *s, Error *err) {
    CLEANUP(free_text) char *last = s->page.rows > 0 ? xstrdup(s->page.ids[s->page.rows - 1]) : NULL;
    const LakeValue values[] = {lake_text(last), lake_int(PAGE_ROWS), lake_int(s->after)};
    churn_data_done(&s->page);
    s->next = 0;
    if (stop_requested())
        return error_set(err, ERR_STOPPED, "scoring was stopped after %zu %s; the scores stay as they were", s->rows,
                         s->gold->title_plural);
    return churn_read_rows(conn, s->gold, "rows_to_score", values, ARRAY_LEN(values), &s->features, &s->page, err);
}

static int store_page(LakeConn *conn, Scoring *s, const char *model_id, Error *err) {
    const LakeValue values[] = {lake_text(model_id), lake_time(s->scored_at_us)};
    const Matrix x = churn_matrix(&s->page);
    if (model_predict(s->model, &x, s->probabilities, err) != 0) return -1;
    const char *store = s->after < 0 ? "churn/store_all_scores" : "churn/store_fresh_scores";
    if (lake_exec_values(conn, store, lake_sql(store), values, ARRAY_LEN(values), NULL, err) != 0) return -1;
    BUG_IF(s->next != s->page.rows); /* DuckDB took every row */
    s->rows += s->page.rows;
    return 0;
}

/* ---- which ones ---- */

static int choose_rows(LakeConn *conn, const char *model_id, bool full, Scoring *s, Error *err) {
    LakeValue model = lake_text(model_id);
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, "churn/to_score", lake_sql("churn/to_score"), &model, 1, &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got <= 0) return got < 0 ? -1 : error_set(err, ERR_BUG, "gold_base or scores_progress has no row");
    int64_t all = lake_col_int(rows, 0), in_base = lake_col_int(rows, 1), since = lake_col_int(rows, 2);
    bool some = !full && lake_col_bool(rows, 4) && in_base + since <= all / CHANGED_SHARE;
    s->after = some ? lake_col_int(rows, 3) : -1;
    s->base_changed = !some || in_base > 0;
    return 0;
}

static int forget_scores(LakeConn *conn, const Scoring *s, Error *err) {
    if (s->after < 0) return lake_exec(conn, "churn/forget_all_scores", lake_sql("churn/forget_all_scores"), err);
    const LakeBinding bindings[] = {{"after", lake_int(s->after)}, {"key", lake_name(s->gold->key)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("churn/forget_changed_scores"), bindings, ARRAY_LEN(bindings));
    return lake_exec(conn, "churn/forget_changed_scores", sql, err);
}

static int merge_delta_if_due(LakeConn *conn, Error *err) {
    int64_t due = 0;
    if (lake_query_int(conn, "churn/scores_fresh", lake_sql("churn/scores_fresh"), NULL, 0, &due, err) != 0) return -1;
    return due != 0 ? lake_exec(conn, "churn/merge_score_delta", lake_sql("churn/merge_score_delta"), err) : 0;
}

static int store_progress(LakeConn *conn, const Scoring *s, const char *model_id, Error *err) {
    LakeValue model = lake_text(model_id);
    if (s->base_changed && lake_exec(conn, "churn/rebased", lake_sql("churn/rebased"), err) != 0) return -1;
    return lake_exec_values(conn, "churn/scored", lake_sql("churn/scored"), &model, 1, NULL, err);
}

/* The first page that is not full is the last. */
static int score_pages(LakeConn *conn, Scoring *s, const char *model_id, Error *err) {
    do {
        if (next_page(conn, s, err) != 0 || (s->page.rows > 0 && store_page(conn, s, model_id, err) != 0)) return -1;
    } while (s->page.rows == PAGE_ROWS);
    return 0;
}

/* In the open transaction: what is to be scored, and the features, are of one state of Gold. */
static int score_rows(LakeConn *conn, Scoring *s, const char *model_id, bool full, Error *err) {
    if (choose_rows(conn, model_id, full, s, err) != 0 || forget_scores(conn, s, err) != 0 || score_pages(conn, s, model_id, err) != 0)
        return -1;
    return store_progress(conn, s, model_id, err) != 0 ? -1 : merge_delta_if_due(conn, err);
}

static int replace_scores(LakeConn *conn, Scoring *s, const char *model_id, bool full, Error *err) {
    if (lake_register_source(conn, "churn_score_rows", score_columns, ARRAY_LEN(score_columns), 1, fill, s, err) != 0) return -1;
    if (lake_begin(conn, err) != 0) return -1;
    if (score_rows(conn, s, model_id, full, err) != 0 || lake_commit(conn, err) != 0) {
        lake_rollback(conn);
        return -1;
    }
    return 0;
}

static int count_bands(LakeConn *conn, ChurnScores *scores, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, "churn/bands", lake_sql("churn/bands"), NULL, 0, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0)
        for (size_t i = 0; i < CHURN_BANDS; i++)
            if (strcmp(churn_bands[i].name, lake_col_text(rows, 0, NULL)) == 0) scores->by_band[i] = (size_t)lake_col_int(rows, 1);
    for (size_t i = 0; i < CHURN_BANDS; i++) scores->scored += scores->by_band[i];
    return got;
}

/* ---- the model against today's Gold ---- */

static bool has_name(const ChurnNames *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->at[i], name) == 0) return true;
    return false;
}

/* Appends the names of `of` that are not in `in`, with commas between them; returns how many. */
static size_t list_missing(const ChurnNames *of, const ChurnNames *in, Buf *out) {
    size_t n = 0;
    for (size_t i = 0; i < of->count; i++)
        if (!has_name(in, of->at[i])) buf_addf(out, "%s%s", n++ > 0 ? ", " : "", of->at[i]);
    return n;
}

/* NULL when Gold has the model's features and no others. The caller frees. */
static char *advice_on(const ChurnNames *model, const ChurnNames *gold) {
    CLEANUP(buf_done) Buf lost = {0}, gained = {0};
    size_t lost_count = list_missing(model, gold, &lost), gained_count = list_missing(gold, model, &gained);
    CLEANUP(buf_done) Buf what = {0};
    if (lost_count + gained_count == 0) return NULL;
    if (lost_count > 0) buf_addf(&what, "it lost %s (taken as missing)", lost.data);
    if (gained_count > 0) buf_addf(&what, "%sit gained %s", lost_count > 0 ? ", " : "", gained.data);
    return xasprintf("Gold's features have changed since the model was trained: %s; run `smelt train`", what.data);
}

static bool shares_a_name(const ChurnNames *a, const ChurnNames *b) {
    for (size_t i = 0; i < a->count; i++)
        if (has_name(b, a->at[i])) return true;
    return false;
}

static int score_with(LakeConn *conn, const Model *m, const ChurnGold *gold, const ChurnNames *features, bool full, ChurnScores *scores,
                      Error *err) {
    CLEANUP(scoring_done) Scoring s = {0};
    scoring_init(&s, m, gold);
    if (!shares_a_name(&s.features, features))
        return error_set(err, ERR_DATA, "Gold has none of the features of the model %s: run `smelt train`", scores->model_id);
    scores->advice = advice_on(&s.features, features);
    if (replace_scores(conn, &s, scores->model_id, full, err) != 0) return -1;
    scores->rows = s.rows;
    return count_bands(conn, scores, err);
}

int churn_score(LakeConn *conn, const char *models_dir, bool full, ChurnScores *ret, Error *err) {
    int64_t started = clock_mono_ns();
    CLEANUP(churn_scores_done) ChurnScores scores = {0};
    CLEANUP(churn_gold_done) ChurnGold gold = {0};
    CLEANUP(churn_names_done) ChurnNames features = {0};
    CLEANUP(model_freep) Model *m = NULL;
    CLEANUP(json_freep) json_t *metadata = NULL;
    if (churn_read_gold(conn, &gold, err) != 0 || churn_read_features(conn, &gold, &features, err) != 0 ||
        churn_current_model(conn, models_dir, &m, &metadata, err) != 0)
        return -1;
    if (m == NULL)
        scores.skipped = xstrdup("there is no model yet: run `smelt train` first");
    else if (features.count == 0)
        scores.skipped = xstrdup("there is no Gold yet: run `smelt refine` first");
    else {
        scores.model_id = xstrdup(json_string_value(json_object_get(metadata, "model_id")));
        scores.plural = xstrdup(gold.plural);
        scores.title_plural = xstrdup(gold.title_plural);
        if (score_with(conn, m, &gold, &features, full, &scores, err) != 0) return -1;
    }
    scores.seconds = clock_seconds_since(started);
    *ret = scores;
    scores = (ChurnScores){0};
    return 0;
}

json_t *churn_scores_json(const ChurnScores *s) {
    if (s->skipped != NULL) return json_pack("{s:n, s:s, s:f}", "model", "skipped", s->skipped, "seconds", s->seconds);
    json_t *summary = json_pack("{s:s, s:I, s:I, s:f}", "model", s->model_id, "scored", (json_int_t)s->rows, s->plural,
                                (json_int_t)s->scored, "seconds", s->seconds);
    for (size_t i = 0; i < CHURN_BANDS; i++) json_object_set_new(summary, churn_bands[i].name, json_integer((json_int_t)s->by_band[i]));
    if (s->advice != NULL) json_object_set_new(summary, "warning", json_string(s->advice));
    return summary;
}

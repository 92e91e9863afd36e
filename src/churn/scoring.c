/* scoring.c: scoring page by page, so that memory does not grow with the number of rows: read a page of Gold by id, then hand its
 * rows to DuckDB, which are predicted, and get their reasons, when DuckDB asks for them.
 *
 * Only those whose features changed since the same model scored them are scored; their scores go to the delta scores_fresh, whose
 * rows replace those of scores_base. A snapshot holds Gold's base together with its scores: when one of those scores changes, the base gets
 * a new name (scores_progress.scores_id).
 *
 * Invariants: readers see the scores of one model over all of Gold, the old ones or the new ones. Scoring writes no table of refine's, and
 * reads one state of them: `smelt up` refines meanwhile. */
#include "churn/scoring.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/document.h"
#include "base/memory.h"
#include "base/stop.h"
#include "evaluate/platt.h"
#include "model/reasons.h"
#include <math.h>
#include <string.h>

#define CHANGED_SHARE 4 /* scoring a quarter costs as much as scoring all */

void churn_scores_done(ChurnScores *s) {
    free(s->skipped);
    free(s->model_id);
    free(s->advice);
    free(s->plural);
    free(s->title_plural);
    *s = (ChurnScores){0};
}

/* ---- pages ---- */

/* Reads the page after the current one; it is empty at the end. */
static int next_page(LakeConn *conn, Scoring *s, Error *err) {
    CLEANUP(free_text) char *last = s->page.rows > 0 ? xstrdup(s->page.ids[s->page.rows - 1]) : NULL;
    const LakeValue values[] = {lake_text(last), lake_int(SCORING_PAGE_ROWS), lake_int(s->after)};
    churn_data_done(&s->page);
    atomic_store(&s->next, 0);
    if (stop_requested())
        return error_set(err, ERR_STOPPED, "scoring was stopped after %zu %s; the scores stay as they were", s->rows,
                         s->gold->title_plural);
    const char *rows = s->day != NO_DAY ? "forecast_page" : "rows_to_score";
    return churn_read_rows(conn, s->gold, rows, values, ARRAY_LEN(values), &s->features, &s->page, err);
}

static int store_page(LakeConn *conn, Scoring *s, const char *model_id, Error *err) {
    const LakeValue values[] = {lake_text(model_id), lake_time(s->scored_at_us)};
    const char *store = s->after < 0 ? "churn/store_all_scores" : "churn/store_fresh_scores";
    if (lake_exec_values(conn, store, lake_sql(store), values, ARRAY_LEN(values), NULL, err) != 0) return -1;
    BUG_IF(atomic_load(&s->next) < s->page.rows); /* DuckDB took every row */
    bool first = s->rows == 0;
    s->rows += s->page.rows;
    if (s->day == NO_DAY || !first) return 0;
    return churn_keep_drift(conn, s->metadata, &s->features, &s->page, s->probabilities, s->day, err);
}

/* ---- which ones ---- */

static int choose_rows(LakeConn *conn, const char *model_id, bool full, Scoring *s, Error *err) {
    LakeValue model = lake_text(model_id);
    CLEANUP(free_text) char *sql = churn_sql(s->gold, "to_score");
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, "churn/to_score", sql, &model, 1, &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got <= 0) return got < 0 ? -1 : error_set(err, ERR_BUG, "%s or scores_progress has no row", s->gold->base_table);
    int64_t all = lake_col_int(rows, 0), in_base = lake_col_int(rows, 1), since = lake_col_int(rows, 2);
    bool some = !full && lake_col_bool(rows, 4) && in_base + since <= all / CHANGED_SHARE;
    s->after = some ? lake_col_int(rows, 3) : -1;
    s->base_changed = !some || in_base > 0;
    return 0;
}

/* sql/churn/<query>.sql with what is to be scored. */
static int exec_bound(LakeConn *conn, const Scoring *s, const char *query, Error *err) {
    const LakeBinding bindings[] = {{"all", lake_bool(s->after < 0)},
                                    {"after", lake_int(s->after)},
                                    {"scores", lake_name(s->after < 0 ? "scores_base" : "scores_fresh")},
                                    {"scored_at", lake_time(s->scored_at_us)}};
    CLEANUP(free_text) char *sql = churn_sql_with(s->gold, query, bindings, ARRAY_LEN(bindings));
    return lake_exec(conn, query, sql, err);
}

static int forget_scores(LakeConn *conn, const Scoring *s, Error *err) {
    return exec_bound(conn, s, s->after < 0 ? "forget_all_scores" : "forget_changed_scores", err);
}

/* ---- what changed ---- */

static int store_changes(LakeConn *conn, const Scoring *s, Error *err) {
    if (exec_bound(conn, s, "store_changes", err) != 0) return -1;
    return s->base_changed ? lake_exec(conn, "churn/forget_changes", lake_sql("churn/forget_changes"), err) : 0;
}

static int merge_delta_if_due(LakeConn *conn, Error *err) {
    int64_t due = 0;
    if (lake_query_int(conn, "churn/scores_fresh", lake_sql("churn/scores_fresh"), NULL, 0, &due, err) != 0) return -1;
    return due != 0 ? lake_exec(conn, "churn/merge_score_delta", lake_sql("churn/merge_score_delta"), err) : 0;
}

static int store_progress(LakeConn *conn, const Scoring *s, const char *model_id, Error *err) {
    const LakeValue values[] = {lake_text(model_id), s->day != NO_DAY ? lake_int(s->day) : lake_null()};
    CLEANUP(free_text) char *scored = churn_sql(s->gold, "scored");
    if (s->base_changed && exec_bound(conn, s, "rebased", err) != 0) return -1;
    if (s->day != NO_DAY && churn_keep_predictions(conn, s->metadata, s->day, s->from[0], err) != 0) return -1;
    return lake_exec_values(conn, "churn/scored", scored, values, ARRAY_LEN(values), NULL, err);
}

/* The first page that is not full is the last. */
static int score_all_pages(LakeConn *conn, Scoring *s, const char *model_id, Error *err) {
    do {
        if (next_page(conn, s, err) != 0 || (s->page.rows > 0 && store_page(conn, s, model_id, err) != 0)) return -1;
    } while (s->page.rows == SCORING_PAGE_ROWS);
    return 0;
}

/* With all threads: a statement that only one of them can run, as those after it, makes the others wait at the cost of a core. */
static int score_pages(LakeConn *conn, Scoring *s, const char *model_id, Error *err) {
    Error ignored = {0};
    if (s->threads == 1) return score_all_pages(conn, s, model_id, err);
    if (lake_raise_threads(conn, s->threads, err) != 0) return -1;
    int rc = score_all_pages(conn, s, model_id, err);
    if (lake_lower_threads(conn, rc == 0 ? err : &ignored) != 0) rc = -1;
    error_clear(&ignored);
    return rc;
}

/* In the open transaction: what is to be scored, and the features, are of one state of Gold. */
static int score_rows(LakeConn *conn, Scoring *s, const char *model_id, Error *err) {
    if (exec_bound(conn, s, "scores_before", err) != 0 || forget_scores(conn, s, err) != 0 || score_pages(conn, s, model_id, err) != 0 ||
        store_changes(conn, s, err) != 0)
        return -1;
    return store_progress(conn, s, model_id, err) != 0 ? -1 : merge_delta_if_due(conn, err);
}

/* Which rows: those of Gold that have changed, or all that a forecast has made. */
typedef enum RowsToScore { ROWS_CHANGED, ROWS_OF_GOLD, ROWS_OF_FORECAST } RowsToScore;

static int replace_in_transaction(LakeConn *conn, Scoring *s, const char *model_id, RowsToScore rows, Error *err) {
    if (lake_begin(conn, err) != 0) return -1;
    if ((rows != ROWS_OF_FORECAST && choose_rows(conn, model_id, rows == ROWS_OF_GOLD, s, err) != 0) ||
        score_rows(conn, s, model_id, err) != 0 || lake_commit(conn, err) != 0) {
        lake_rollback(conn);
        return -1;
    }
    return 0;
}

/* On how many threads the rows are scored. What has changed since is seldom much. */
static int choose_threads(LakeConn *conn, const Scoring *s, RowsToScore rows, int *ret, Error *err) {
    const char *query = rows == ROWS_OF_FORECAST ? "forecast_rows" : "gold_rows";
    CLEANUP(free_text) char *sql = churn_sql(s->gold, query);
    int64_t n = 0;
    if (rows != ROWS_CHANGED && lake_query_int(conn, query, sql, NULL, 0, &n, err) != 0) return -1;
    *ret = n < SCORING_MANY_ROWS ? 1 : churn_cores();
    return 0;
}

static int replace_scores(LakeConn *conn, Scoring *s, const char *model_id, RowsToScore rows, Error *err) {
    if (choose_threads(conn, s, rows, &s->threads, err) != 0) return -1;
    if (lake_register_source(conn, "churn_score_rows", score_columns, SCORE_COLUMNS, s->threads, scoring_fill, s, err) != 0) return -1;
    return replace_in_transaction(conn, s, model_id, rows, err);
}

static int count_bands(LakeConn *conn, ChurnScores *scores, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, "churn/bands", lake_sql("churn/bands"), NULL, 0, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        for (size_t i = 0; i < CHURN_BANDS; i++)
            if (strcmp(churn_bands[i].name, lake_col_text(rows, 0, NULL)) == 0) scores->by_band[i] = (size_t)lake_col_int(rows, 1);
        if (lake_col_int(rows, 2) > scores->newest_us) scores->newest_us = lake_col_int(rows, 2);
    }
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

static int score_gold(LakeConn *conn, Scoring *s, bool full, ChurnScores *scores, Error *err) {
    CLEANUP(churn_names_done) ChurnNames features = {0};
    if (churn_read_features(conn, s->gold, &features, err) != 0) return -1;
    if (features.count == 0) {
        scores->skipped = churn_no_features(s->gold);
        return 0;
    }
    if (!shares_a_name(&s->features, &features))
        return error_set(err, ERR_DATA, "Gold has none of the features of the model %s: run `smelt train`", scores->model_id);
    scores->advice = advice_on(&s->features, &features);
    return replace_scores(conn, s, scores->model_id, full ? ROWS_OF_GOLD : ROWS_CHANGED, err);
}

/* ---- a forecast: all of the population, once for each day ---- */

static int is_scored(LakeConn *conn, const Scoring *s, const char *model_id, bool *ret, Error *err) {
    const LakeValue values[] = {lake_text(model_id), lake_int(s->day)};
    int64_t same;
    if (lake_query_int(conn, "churn/scored_as_of", lake_sql("churn/scored_as_of"), values, ARRAY_LEN(values), &same, err) != 0) return -1;
    *ret = same > 0;
    return 0;
}

/* The setting model.label that it was trained with. */
static const char *label_of(const json_t *metadata) {
    const char *source = json_string_value(json_object_get(metadata, "label_source"));
    const char *outcome = json_string_value(json_object_get(metadata, "outcome"));
    return source != NULL && outcome != NULL && strcmp(source, outcome) != 0 ? source : CHURN_LABEL_DECLARED;
}

static int make_rows(LakeConn *conn, const ChurnDeclared *d, const ChurnDays *days, Error *err) {
    CLEANUP(rollup_history_freep) RollupHistory *history = NULL;
    if (churn_read_history(conn, d, days->end, days->end, days->first, days->upto, &history, err) != 0) return -1;
    return churn_make_rows(conn, d, history, days->end, days->first, days->upto, err);
}

static int score_forecast(LakeConn *conn, Scoring *s, bool full, ChurnScores *scores, Error *err) {
    CLEANUP(churn_declared_done) ChurnDeclared d = {0};
    ChurnDays days;
    bool scored;
    if (churn_read_declared(conn, label_of(s->metadata), &d, err) != 0) return -1;
    if (!d.present || !shares_a_name(&s->features, &d.columns))
        return error_set(err, ERR_DATA, "the declarations have none of the features of the model %s: run `smelt train`", scores->model_id);
    scores->advice = advice_on(&s->features, &d.columns);
    if (churn_update_days(conn, s->gold, &d, full, &days, err) != 0) return -1;
    if (churn_measure_predictions(conn, s->gold, &d, &days, err) != 0) return -1;
    s->day = days.end;
    s->after = -1;
    s->base_changed = true;
    if (is_scored(conn, s, scores->model_id, &scored, err) != 0) return -1;
    if (scored && !full) return 0;
    if (make_rows(conn, &d, &days, err) != 0) return -1;
    return replace_scores(conn, s, scores->model_id, ROWS_OF_FORECAST, err);
}

static int score_with(LakeConn *conn, const Model *m, const json_t *metadata, const ChurnGold *gold, bool full, ChurnScores *scores,
                      Error *err) {
    CLEANUP(scoring_done) Scoring s = {0};
    const char *kind = json_string_value(json_object_get(metadata, "kind"));
    scoring_init(&s, m, metadata, gold);
    scores->model_id = xstrdup(json_string_value(json_object_get(metadata, "model_id")));
    scores->plural = xstrdup(gold->plural);
    scores->title_plural = xstrdup(gold->title_plural);
    int rc = kind != NULL && strcmp(kind, "forecast") == 0 ? score_forecast(conn, &s, full, scores, err)
                                                           : score_gold(conn, &s, full, scores, err);
    if (rc != 0) return -1;
    scores->rows = s.rows;
    return count_bands(conn, scores, err);
}

int churn_score(LakeConn *conn, const char *models_dir, bool full, ChurnScores *ret, Error *err) {
    int64_t started = clock_mono_ns();
    CLEANUP(churn_scores_done) ChurnScores scores = {0};
    CLEANUP(churn_gold_done) ChurnGold gold = {0};
    CLEANUP(model_freep) Model *m = NULL;
    CLEANUP(json_freep) json_t *metadata = NULL;
    if (churn_read_gold(conn, &gold, err) != 0 || churn_current_model(conn, models_dir, &m, &metadata, err) != 0) return -1;
    if (m == NULL)
        scores.skipped = xstrdup("there is no model yet: run `smelt train` first");
    else if (gold.key == NULL)
        scores.skipped = xstrdup("there is no Gold yet: run `smelt refine` first");
    else if (score_with(conn, m, metadata, &gold, full, &scores, err) != 0)
        return -1;
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

/* forecast.c: trains on the training cuts, calibrates on the calibration cut, measures on the test cut, which is later than all.
 *
 * The model that is measured is the one that is used. A label is never balanced by weights: the probabilities would be wrong. */
#include "churn/forecast.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "churn/report.h"
#include "evaluate/platt.h"
#include "evaluate/report.h"
#include "evaluate/sort_floats.h"
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char *day_text(int64_t day, char text[CLOCK_TEXT_SIZE]) {
    clock_format(day * 86400 * USEC_PER_SEC, text);
    text[sizeof "YYYY-MM-DD" - 1] = '\0';
    return text;
}

/* ---- is there enough? ---- */

static bool has_events(const ChurnDays *days) {
    return days->first != 0 || days->end != 0;
}

/* `known`: labels are known until then, by a table of departures maybe not for all of the history. */
static char *too_short(const ChurnDeclared *d, const ChurnDays *days, int64_t known, int64_t from) {
    char begin[CLOCK_TEXT_SIZE], end[CLOCK_TEXT_SIZE], first[CLOCK_TEXT_SIZE];
    if (!has_events(days)) return xstrdup("there is no history yet: run `smelt refine` first");
    if (days->end <= days->first)
        return xasprintf("the history begins on %s and has no whole day yet: first honest model on %s", day_text(days->first, begin),
                         day_text(from, first));
    if (known < days->first)
        return xasprintf("%s has no departure before %s that the history could explain", d->file, day_text(days->end, end));
    if (known < days->end && from <= days->end)
        return xasprintf("%s says who left until %s only: to learn from it and to measure it takes those until %s", d->file,
                         day_text(known - 1, begin), day_text(from, first));
    return xasprintf("the history from %s to %s is too short to learn what happens later and to measure it: first honest model on %s",
                     day_text(days->first, begin), day_text(days->end, end), day_text(from, first));
}

/* No day is made for a history that would be too short even if all labels were known. */
static int read_days(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, bool always, ChurnDays *ret, Error *err) {
    ChurnCuts ignored;
    int64_t from;
    if (churn_know_history(conn, g, d, always, ret, err) != 0) return -1;
    return churn_choose_cuts(d, ret->first, ret->end, &ignored, &from) ? churn_add_days(conn, d, ret, err) : 0;
}

/* The days, what happened, and the cuts. *ret_possible: there are cuts. */
static int find_cuts(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, bool always, ChurnDays *ret_days, ChurnCuts *ret_cuts,
                     bool *ret_possible, int64_t *ret_from, int64_t *ret_known, Error *err) {
    if (read_days(conn, g, d, always, ret_days, err) != 0) return -1;
    if (churn_read_outcomes(conn, g, d, ret_days->end, ret_known, err) != 0) return -1;
    *ret_possible = churn_choose_cuts(d, ret_days->first, *ret_known, ret_cuts, ret_from) && ret_days->end > ret_days->first;
    if (!has_events(ret_days)) *ret_from = 0;
    return *ret_possible ? churn_check_cuts(d, ret_cuts, *ret_known, err) : 0;
}

int churn_forecast_is_possible(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, bool *ret, int64_t *ret_from, Error *err) {
    ChurnDays days = {0};
    ChurnCuts cuts;
    int64_t known = 0;
    return find_cuts(conn, g, d, false, &days, &cuts, ret, ret_from, &known, err);
}

static bool has_both(const ChurnPart *p) {
    return p->positives >= CHURN_SMALLEST_CLASS && p->data.rows - p->positives >= CHURN_SMALLEST_CLASS;
}

/* NULL when every part has enough of both. The caller frees. */
static char *too_few(const ChurnSet *s, const char *title_plural) {
    const struct {
        const char *name;
        const ChurnPart *part;
    } parts[] = {{"training", &s->training}, {"calibration", &s->calibration}, {"test", &s->test}};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (!has_both(parts[i].part))
            return xasprintf("of %zu %s in the cuts of the %s %zu leave, at least %d who leave and %d who stay are needed",
                             parts[i].part->data.rows, title_plural, parts[i].name, parts[i].part->positives, CHURN_SMALLEST_CLASS,
                             CHURN_SMALLEST_CLASS);
    return NULL;
}

/* ---- the fit ---- */

static void free_floats(float **p) {
    free(*p);
}

static int calibrate(const Model *m, const ChurnPart *part, Platt *ret, Error *err) {
    CLEANUP(free_floats) float *p = xcalloc(part->data.rows + 1, sizeof *p);
    const Matrix x = churn_matrix(&part->data);
    if (model_predict(m, &x, p, err) != 0) return -1;
    if (!platt_fit(p, part->data.labels, part->data.rows, ret))
        log_warn("train", "the probabilities cannot be calibrated: on the calibration cut they rank no better than the reverse");
    return 0;
}

/* What the report and the record need that takes no model: made while the trees are trained. Owned. */
typedef struct Prepared {
    float *baseline;
    json_t *distribution, *typical;
} Prepared;

static void prepared_done(Prepared *p) {
    free(p->baseline);
    json_decref(p->distribution);
    json_decref(p->typical);
}

static json_t *report(const ChurnSet *s, const ChurnDeclared *d, const float *p, const float *baseline, const ChurnOptions *options) {
    const ChurnData *test = &s->test.data;
    ReportSegment *segments = xcalloc(d->segments.count + 1, sizeof *segments);
    for (size_t i = 0; i < d->segments.count; i++)
        segments[i] = (ReportSegment){.name = d->segments.at[i], .values = (const char *const *)s->segments.values + i * test->rows};
    const ChurnMeasured measured = {.holdout = churn_matrix(test),
                                    .baseline = baseline,
                                    .holdout_labels = test->labels,
                                    .probabilities = p,
                                    .rules = isnan(test->rules[0]) ? NULL : test->rules,
                                    .segments = segments,
                                    .segment_count = d->segments.count};
    json_t *made = churn_report(&measured, options);
    free(segments);
    return made;
}

static int measure(const Model *m, const ChurnSet *s, const ChurnDeclared *d, Platt platt, Prepared *prepared, const ChurnOptions *options,
                   ChurnTraining *t, Error *err) {
    const ChurnData *test = &s->test.data;
    CLEANUP(free_floats) float *p = xcalloc(test->rows + 1, sizeof *p);
    const Matrix x = churn_matrix(test);
    if (model_predict(m, &x, p, err) != 0) return -1;
    platt_apply(&platt, p, test->rows, p);
    t->distribution = TAKE(prepared->distribution);
    churn_add_scores(t->distribution, p, test->rows);
    t->metrics = metrics_of(p, test->labels, test->rows);
    t->report = report(s, d, p, prepared->baseline, options);
    return 0;
}

/* ---- the record ---- */

/* A contact pays from the first on; from half of it on, one is worth watching. */
static json_t *bands_json(const ChurnOptions *options) {
    double pays = profit_threshold(options->costs);
    double high = pays > 0 && pays < 1 ? pays : churn_bands[0].from;
    return json_pack("[{s:s, s:f}, {s:s, s:f}, {s:s, s:f}]", "name", churn_bands[0].name, "from", high, "name", churn_bands[1].name, "from",
                     high / 2, "name", churn_bands[2].name, "from", 0.0);
}

static json_t *median_of(const ChurnData *d, size_t col, float *space) {
    size_t n = 0;
    for (size_t i = 0; i < d->rows; i++)
        if (!isnan(d->values[i * d->cols + col])) space[n++] = d->values[i * d->cols + col];
    sort_floats(space, n);
    return n > 0 ? json_real((double)space[n / 2]) : json_null();
}

/* The medians of the test cut: what is usual. */
static json_t *typical_json(const ChurnSet *s, const ChurnDeclared *d) {
    json_t *typical = json_object();
    CLEANUP(free_floats) float *space = xcalloc(s->test.data.rows + 1, sizeof *space);
    for (size_t i = 0; i < d->columns.count; i++) json_object_set_new(typical, d->columns.at[i], median_of(&s->test.data, i, space));
    return typical;
}

static void prepare(const ChurnSet *s, const ChurnDeclared *d, Prepared *ret) {
    const Matrix training = churn_matrix(&s->training.data), test = churn_matrix(&s->test.data);
    ret->baseline = churn_baseline(&training, s->training.data.labels, &test);
    ret->distribution = churn_distribution_json(&s->test.data, &d->columns);
    ret->typical = typical_json(s, d);
}

static json_t *left_json(const ChurnSet *s) {
    return json_pack("{s:I, s:I, s:I}", "training", (json_int_t)s->training.already_left, "calibration",
                     (json_int_t)s->calibration.already_left, "test", (json_int_t)s->test.already_left);
}

static void note(const ChurnSet *s, const ChurnDeclared *d, const ChurnDays *days, Platt platt, Prepared *prepared,
                 const ChurnOptions *options, ChurnTraining *t) {
    t->facts = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:{s:f, s:f}, s:o, s:O}", "kind", "forecast", "outcome", d->outcome,
                         "outcome_kind", d->kind, "horizon_days", (json_int_t)d->horizon, "gap_days", (json_int_t)d->gap, "silence_days",
                         (json_int_t)d->silence, "training_set", churn_set_json(s, d, days, options->seed), "already_left", left_json(s),
                         "bands", bands_json(options), "platt", "slope", platt.slope, "intercept", platt.intercept, "typical",
                         TAKE(prepared->typical), "words", d->words);
    BUG_IF(t->facts == NULL);
    t->rows = s->training.data.rows + s->calibration.data.rows + s->test.data.rows;
    t->positives = s->training.positives + s->calibration.positives + s->test.positives;
    t->training_rows = s->training.data.rows;
    t->holdout_rows = s->test.data.rows;
}

/* The trees take longest: meanwhile the other cuts are made. */
typedef struct Fitting {
    const ChurnPart *training;
    const ChurnDeclared *declared;
    ModelParams params;
    Model *model; /* owned */
    pthread_t thread;
    bool started;
    int rc;
    Error err;
} Fitting;

static void *run_fitting(void *state) {
    Fitting *f = state;
    const Matrix x = churn_matrix(&f->training->data);
    f->rc = model_train(&x, f->training->data.labels, (const char *const *)f->declared->columns.at, &f->params, &f->model, &f->err);
    return NULL;
}

static int start_fitting(Fitting *f, Error *err) {
    if (!has_both(f->training)) return 0; /* too_few says so */
    log_debug("train", "training on %zu rows", f->training->data.rows);
    f->started = pthread_create(&f->thread, NULL, run_fitting, f) == 0;
    return f->started ? 0 : error_set(err, ERR_IO, "cannot start a thread");
}

static void join_fitting(Fitting *f) {
    if (f->started) pthread_join(f->thread, NULL);
    f->started = false;
}

static void fitting_done(Fitting *f) {
    join_fitting(f);
    model_freep(&f->model);
    error_clear(&f->err);
}

static int take_fitted(Fitting *f, Model **ret, Error *err) {
    join_fitting(f);
    if (f->rc != 0) {
        *err = f->err;
        f->err = (Error){0};
        return -1;
    }
    *ret = TAKE(f->model);
    return 0;
}

static int finish(const ChurnSet *s, const ChurnDeclared *d, const ChurnDays *days, const ChurnOptions *options, Fitting *f,
                  ChurnTraining *t, Model **ret, Error *err) {
    CLEANUP(prepared_done) Prepared prepared = {0};
    CLEANUP(model_freep) Model *m = NULL;
    Platt platt = PLATT_NONE;
    prepare(s, d, &prepared);
    if (take_fitted(f, &m, err) != 0) return -1;
    if (calibrate(m, &s->calibration, &platt, err) != 0 || measure(m, s, d, platt, &prepared, options, t, err) != 0) return -1;
    note(s, d, days, platt, &prepared, options, t);
    *ret = TAKE(m);
    return 0;
}

static int fit(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const ChurnDays *days, const ChurnCuts *cuts,
               const ChurnOptions *options, ChurnTraining *t, Model **ret, Error *err) {
    CLEANUP(churn_set_done) ChurnSet set = {0};
    if (churn_read_training(conn, g, d, days, cuts, options->seed, &set, err) != 0) return -1;
    CLEANUP(fitting_done)
    Fitting fitting = {.training = &set.training, .declared = d, .params = {.rounds = options->rounds, .seed = options->seed}};
    if (start_fitting(&fitting, err) != 0 || churn_read_measured(conn, g, d, days, options->seed, &set, err) != 0) return -1;
    t->skipped = too_few(&set, g->title_plural);
    t->tried = t->skipped != NULL;
    if (t->tried) return 0;
    if (finish(&set, d, days, options, &fitting, t, ret, err) != 0) return -1;
    return churn_judge_candidate(conn, options, &set.test.data, &d->columns, t, err);
}

/* Returns rc, or -1. */
static int lower_threads(LakeConn *conn, int rc, Error *err) {
    Error ignored = {0};
    if (lake_lower_threads(conn, rc == 0 ? err : &ignored) != 0) rc = -1;
    error_clear(&ignored);
    return rc;
}

/* Each time the number of threads changes, DuckDB gives the memory that is free back to the system, which then has to be asked for again,
 * page by page: so it changes once, between the days and the rest, where there is most of it. */
int churn_fit_forecast(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const ChurnOptions *options, ChurnTraining *t,
                       Model **ret, Error *err) {
    ChurnDays days = {0};
    ChurnCuts cuts = {0};
    int64_t from = 0, known = 0;
    bool possible = false;
    if (lake_raise_threads(conn, churn_cores(), err) != 0) return -1;
    if (lower_threads(conn, find_cuts(conn, g, d, true, &days, &cuts, &possible, &from, &known, err), err) != 0) return -1;
    if (!possible) {
        t->skipped = too_short(d, &days, known, from);
        return 0;
    }
    if (churn_unknown_departures(conn, g, d, days.first, &t->warning, err) != 0) return -1;
    if (t->warning == NULL) t->warning = churn_arrival_warning(d, &days);
    if (t->warning != NULL) log_warn("train", "%s", t->warning);
    if (lake_raise_threads(conn, churn_cores(), err) != 0) return -1;
    return lower_threads(conn, fit(conn, g, d, &days, &cuts, options, t, ret, err), err);
}

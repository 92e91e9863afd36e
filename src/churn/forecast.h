/* forecast.h: a model of the future: what it learns from days of the past (cuts), what it is measured on, and what it says today. Parts of
 * churn; one thread. A day is a number since 1970, UTC; "as of T" is at the beginning of the day T. */
#pragma once
#include "churn/internal.h"
#include "churn/rollup.h"

#define CUTS_MAX 12

/* ---- declared.c: what is learned, as the lake says (view model_declared) ---- */

typedef struct ChurnDeclared {
    bool present;                /* false: the declarations name no outcome; nothing below is set, but for advice */
    char *advice;                /* there are labels, and nothing says which one is learned: what to write; NULL otherwise */
    char *outcome, *kind, *file; /* kind: inactivity, table; file: of a table, from the declarations or the setting */
    char *as_of;                 /* known, event */
    char *days_columns, *days;   /* of model_days, and the statement that adds to it */
    char *features;              /* the statement that makes churn_rows */
    char *segments_made;         /* the one that makes churn_segments; NULL or empty: there are none */
    /* The same by merging in C; NULL in a lake of an earlier version, and where a measure is of texts or sets. */
    RollupPlan *days_plan, *sums_plan, *segments_plan;
    char *days_packed_columns; /* of model_days then */
    char *days_events, *days_packed, *features_merged, *segments_merged;
    char *days_sha256, *features_sha256;
    int64_t silence, horizon, gap, widest, active_within, events_within, events, cuts, apart;
    ChurnNames columns;  /* that a model learns from, in their order */
    json_t *words;       /* of each column: {name, title, unit, days} */
    ChurnNames segments; /* columns by which the report is given once more; none in a lake of an earlier version */
} ChurnDeclared;
/* `label`: the setting model.label. A file with left_at takes the place of the declared outcome. ERR_CONFIG, ERR_DATA. The caller ends it.
 */
int churn_read_declared(LakeConn *conn, const char *label, ChurnDeclared *ret, Error *err) MUST_CHECK;
/* Is it what the setting `label` asks for? */
bool churn_is_forecast(const ChurnDeclared *d, const char *label);
void churn_declared_done(ChurnDeclared *d);
/* True for a CSV file that has left_at: departures, not churned. False when there is no such file. */
int churn_is_departures(const char *label, bool *ret, Error *err) MUST_CHECK;

/* So many threads are used where that is worth their start: one per core, at most CHURN_THREADS_MAX. */
#define CHURN_THREADS_MAX 4
int churn_cores(void);
/* On how many threads so many rows are merged. */
size_t churn_threads(int64_t rows);

/* ---- days.c: model_days ---- */

typedef struct ChurnDays {
    int64_t upto;                          /* the last batch of Bronze that they contain */
    int64_t first, end;                    /* the history is [first, end); both 0: there is none */
    int64_t events, without_arrival, late; /* late: of batches that were loaded long after they happened: no arrival either */
    bool behind;                           /* the history has been looked at anew, and model_days does not have all of it yet */
} ChurnDays;
/* How long the history is with all of Silver, when a day has begun since it was known, or with `always`. Cheap: it counts. */
int churn_know_history(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, bool always, ChurnDays *ret, Error *err) MUST_CHECK;
/* Brings model_days up to that history. Expensive: it aggregates what is new, at first all of Silver. */
int churn_add_days(LakeConn *conn, const ChurnDeclared *d, ChurnDays *days, Error *err) MUST_CHECK;
/* Both. */
int churn_update_days(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, bool always, ChurnDays *ret, Error *err) MUST_CHECK;
/* What of the events counts as known when it happened; NULL: nothing, or as_of is event. The caller frees. */
char *churn_arrival_warning(const ChurnDeclared *d, const ChurnDays *days);
/* On how many threads all days are worth being read. */
int churn_days_threads(LakeConn *conn, int64_t *ret, Error *err) MUST_CHECK;
/* Reads the days into memory from which the features of any day from `oldest` to `newest` can be made: about 60 bytes for each entity and
 * day, more with texts. *ret is NULL when the declarations cannot be merged here (no plan). The caller frees. */
int churn_read_history(LakeConn *conn, const ChurnDeclared *d, int64_t oldest, int64_t newest, int64_t first, int64_t upto,
                       RollupHistory **ret, Error *err) MUST_CHECK;
/* Makes the temporary table churn_rows: the features as of `day`, one of those of the history, of those who are in the population. */
int churn_make_rows(LakeConn *conn, const ChurnDeclared *d, const RollupHistory *history, int64_t day, int64_t first, int64_t upto,
                    Error *err) MUST_CHECK;
/* The same with the labels of churn_outcomes, stored nowhere; in no order. For churn_take_labelled_rows. */
int churn_query_cut(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const RollupHistory *history, int64_t cut, int64_t first,
                    int64_t upto, LakeResult **ret, Error *err) MUST_CHECK;
/* Makes the temporary table churn_segments: what each entity belongs to as of `day`. */
int churn_make_segments(LakeConn *conn, const ChurnDeclared *d, const RollupHistory *history, int64_t day, int64_t first, int64_t upto,
                        Error *err) MUST_CHECK;

/* ---- cuts.c: pure ---- */

typedef struct ChurnCuts {
    int64_t training[CUTS_MAX]; /* ascending */
    size_t count;
    int64_t calibration; /* a cut after those, or the newest of them: then a fifth of its entities is not trained on */
    int64_t test;        /* later than all: no label of another cut reaches it */
    bool own_calibration;
} ChurnCuts;
/* How many days after a cut its label is known. */
int64_t churn_label_days(const ChurnDeclared *d);
/* False: the history [first, end), with labels known up to `known`, is too short; *ret_from is the day from which it will do. */
bool churn_choose_cuts(const ChurnDeclared *d, int64_t first, int64_t known, ChurnCuts *ret, int64_t *ret_from);
/* ERR_CONFIG for cuts that a training must not have: the label of a cut before the test reaches the test, or the test's is not known. */
int churn_check_cuts(const ChurnDeclared *d, const ChurnCuts *cuts, int64_t known, Error *err) MUST_CHECK;

/* ---- outcomes.c ---- */

/* Reads the table of departures, if the label is one; *ret_known: the day up to which labels are known. ERR_DATA. */
int churn_read_outcomes(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, int64_t end, int64_t *ret_known, Error *err) MUST_CHECK;
/* After it: *ret says that half or more of the departures since the day `first` are of ids that Gold does not have; NULL: they are not, or
 * the label is no table. The caller frees. */
int churn_unknown_departures(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, int64_t first, char **ret, Error *err) MUST_CHECK;
/* Makes the temporary table churn_outcomes for the cut. */
int churn_make_outcomes(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, int64_t cut, int64_t upto, Error *err) MUST_CHECK;

/* ---- training_set.c ---- */

/* The rows of some cuts, one after the other. Labels: 0 or 1. */
typedef struct ChurnPart {
    ChurnData data;
    int64_t *cuts;       /* of each row */
    size_t already_left; /* that were left out */
    size_t positives;
} ChurnPart;
void churn_part_done(ChurnPart *p);
/* What each row belongs to, by each of the declared segments; not learned. NULL: not known. */
typedef struct ChurnSegments {
    char **values; /* segments x rows */
    size_t count;  /* of values */
} ChurnSegments;
/* As of the day `cut`, of `rows`, which are in the order of their ids. The caller ends it. */
int churn_read_segments(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const ChurnDays *days, const RollupHistory *history,
                        int64_t cut, const ChurnData *rows, ChurnSegments *ret, Error *err) MUST_CHECK;
void churn_segments_done(ChurnSegments *s);
typedef struct ChurnSet {
    ChurnCuts cuts;
    RollupHistory *history; /* of all cuts, until the last is read; NULL without plans of merging */
    ChurnPart training, calibration, test;
    ChurnSegments segments; /* of the test */
    char sha256[65];        /* of every byte: columns, cuts, ids, values, labels */
} ChurnSet;
/* `seed` decides who is in the calibration without a cut of its own. */
int churn_read_set(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const ChurnDays *days, const ChurnCuts *cuts, int64_t seed,
                   ChurnSet *ret, Error *err) MUST_CHECK;
/* The same in two steps: with the first the training can begin. */
int churn_read_training(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const ChurnDays *days, const ChurnCuts *cuts,
                        int64_t seed, ChurnSet *ret, Error *err) MUST_CHECK;
int churn_read_measured(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const ChurnDays *days, int64_t seed, ChurnSet *s,
                        Error *err) MUST_CHECK;
void churn_set_done(ChurnSet *s);
/* What names the set: with it the same declarations make the same bytes again, also when more data has come. The caller owns it. */
json_t *churn_set_json(const ChurnSet *s, const ChurnDeclared *d, const ChurnDays *days, int64_t seed);
/* Of the text {training: [day, ...], ...} of churn_set_json. False: it is none. */
bool churn_set_from_json(const json_t *json, ChurnCuts *ret_cuts, ChurnDays *ret_days);

/* ---- forecast.c ---- */

/* Trains on the cuts, calibrates, measures. t->skipped is set when the history is too short. */
int churn_fit_forecast(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const ChurnOptions *options, ChurnTraining *t,
                       Model **ret, Error *err) MUST_CHECK;
/* True: there is enough history to train and to measure. *ret_from: the day from which there will be; 0: not known. */
int churn_forecast_is_possible(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, bool *ret, int64_t *ret_from,
                               Error *err) MUST_CHECK;

/* ---- follow.c: what becomes of a model in use ---- */

/* How the features of these rows are distributed, and, added to it, their probabilities: goes into the metadata. The caller owns it. */
json_t *churn_distribution_json(const ChurnData *d, const ChurnNames *columns);
void churn_add_scores(json_t *distribution, const float *probabilities, size_t rows);
/* Stores how far those scored on this day are from that (PSI). In the open transaction. */
int churn_keep_drift(LakeConn *conn, const json_t *metadata, const ChurnNames *columns, const ChurnData *now, const float *probabilities,
                     int64_t day, Error *err) MUST_CHECK;
/* The newest PSI of the model's scores; 0: none was measured. */
int churn_score_drift(LakeConn *conn, const char *model_id, double *ret, Error *err) MUST_CHECK;
/* Keeps the scores of this day, once a week, to compare them with what happens. In the open transaction. */
int churn_keep_predictions(LakeConn *conn, const json_t *metadata, int64_t day, double called_from, Error *err) MUST_CHECK;
/* Measures those whose outcome is known by now. No transaction open. */
int churn_measure_predictions(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const ChurnDays *days, Error *err) MUST_CHECK;

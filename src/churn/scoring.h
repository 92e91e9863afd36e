/* scoring.h: one run over Gold or over the population of a forecast, and how its rows become scores. Private to churn; one thread, but for
 * scoring_fill. */
#pragma once
#include "base/buf.h"
#include "churn/forecast.h"
#include "evaluate/platt.h"
#include <stdatomic.h>

#define SCORING_PAGE_ROWS 65536
#define SCORING_MANY_ROWS 8192 /* fewer are not worth a second thread */
#define NO_DAY            INT64_MIN

/* One run over Gold, and its current page. Owns everything but the model and the names. */
typedef struct Scoring {
    const Model *model;
    const json_t *metadata;
    const ChurnGold *gold;    /* borrowed */
    ChurnNames features;      /* the model's */
    char **feature_texts;     /* the same as JSON: "feature":"x","title":"..." */
    double from[CHURN_BANDS]; /* bands of a probability, as the model's metadata says */
    Platt platt;
    int64_t day; /* the scores hold as of its beginning; NO_DAY: of Gold as it is */
    ChurnData page;
    float *probabilities, *log_odds; /* of the page */
    atomic_size_t next;              /* row of the page that a thread of DuckDB gets next */
    size_t rows;
    int threads; /* of DuckDB */
    int64_t scored_at_us;
    int64_t after;     /* score the features that were computed by later batches; -1: all */
    bool base_changed; /* scores of rows in Gold's base change */
} Scoring;

void scoring_init(Scoring *s, const Model *m, const json_t *metadata, const ChurnGold *gold);
void scoring_done(Scoring *s);
/* The rows of churn_score_rows(): LakeFill for the page; the probabilities of the page are there when it has given all. */
#define SCORE_COLUMNS 7
extern const LakeColumn score_columns[SCORE_COLUMNS];
size_t scoring_fill(void *state, LakeChunk *chunk, size_t capacity);

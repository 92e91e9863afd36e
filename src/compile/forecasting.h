/* forecasting.h: what the statements of a forecast are written from (forecast.c, forecast_rollup.c). The functions but those of
 * forecast_rollup.c are in forecast_parts.c. */
#pragma once
#include "compile/internal.h"

/* A measure over a window of days; 0: over all that is read. */
typedef struct Part {
    size_t measure;
    int days;
} Part;

typedef struct Forecasting {
    const Forecast *forecast;
    const Entity *entity; /* with the model's features */
    const Entity *gold;   /* with those of the rule */
    const Label *rule;    /* NULL: none */
    const char *key;      /* quoted */
    Measures measures;
    FeatureMeasures *features;
    int widest;
    Part *parts;
    size_t part_count;
    bool merged; /* the sums come from churn_sums() */
} Forecasting;

static inline bool forecasting_is_of_days(Aggregate a) {
    return a == AGGREGATE_ACTIVE_DAYS || a == AGGREGATE_GAP;
}
/* The column of a measure over a window. The caller frees. */
char *forecasting_part_name(const Forecasting *f, size_t measure, int days);
/* How many days before T are read. */
int forecasting_days_read(const Forecasting *f);
/* The rows of Silver after {{after}}, with their day and when they were known, as a subquery. */
void forecasting_add_events(Buf *out, const Forecasting *f);

/* ---- forecast_rollup.c ---- */

/* Can all measures be merged in C? Not sets, nor the extremes of texts. */
bool rollup_is_possible(const Forecasting *f);
/* Plans as churn/rollup.h reads them. The caller frees. */
char *rollup_days_plan(const Forecasting *f);
char *rollup_sums_plan(const Forecasting *f);
char *rollup_segments_plan(const Forecasting *f);       /* of its segments, which it must have */
void rollup_add_events(Buf *out, const Forecasting *f); /* of Silver, as the rows to merge into days */
void rollup_add_days_columns(Buf *out, const Forecasting *f);
void rollup_add_days(Buf *out, const Forecasting *f);     /* the days from churn_day_rows() */
void rollup_add_sums(Buf *out, const Forecasting *f);     /* WITH sums AS (...), from churn_sums() */
void rollup_add_segments(Buf *out, const Forecasting *f); /* churn_segments from churn_sums() */

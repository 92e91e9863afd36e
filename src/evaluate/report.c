/* report.c: every figure is computed once, into JSON; the words are made from the JSON, so both always agree. */
#include "evaluate/report.h"

#include "base/error.h"
#include "base/memory.h"
#include "evaluate/bins.h"
#include "evaluate/bootstrap.h"
#include "evaluate/segments.h"
#include "model/metrics.h"
#include <math.h>
#include <string.h>

#define RESAMPLES      1000
#define RESAMPLED_ROWS 20000000 /* in all: half a second */
#define MIN_RESAMPLES  100

/* ---- parts ---- */

static json_t *interval_json(double value, Interval interval) {
    return json_pack("{s:o, s:o, s:o, s:o}", "value", number(value), "low", number(interval.low), "high", number(interval.high),
                     "deviation", number(interval.deviation));
}

static json_t *brier_json(Brier brier) {
    return json_pack("{s:o, s:o, s:o}", "score", number(brier.score), "reference", number(brier.reference), "skill", number(brier.skill));
}

static json_t *decile_json(const RankBin *b) {
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "rows", number(b->rows), "positives", number(b->positives), "lowest",
                     number(b->lowest), "mean_probability", number(b->mean_probability), "rate", number(b->rate), "lift", number(b->lift),
                     "rate_so_far", number(b->rate_so_far), "gain", number(b->gain), "lift_so_far", number(b->lift_so_far));
}

static json_t *calibration_json(const RankBin *bins, size_t n, double rate, double mean) {
    CalibrationError error = calibration_error(bins, n);
    return json_pack("{s:o, s:o, s:o, s:o}", "expected_error", number(error.expected), "largest_error", number(error.largest),
                     "mean_probability", number(mean), "mean_over_rate", number(rate > 0 ? mean / rate : NAN));
}

static double mean_of(const float *values, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)values[i];
    return sum / (double)n;
}

static json_t *point_json(ProfitPoint point, size_t rows) {
    return json_pack("{s:o, s:I, s:I, s:o, s:o}", "threshold", number(point.threshold), "contacted", (json_int_t)point.contacted,
                     "positives", (json_int_t)point.positives, "profit", number(point.profit), "profit_per_1000",
                     number(1000 * point.profit / (double)rows));
}

static ProfitPoint point_of(const ReportInput *in, double threshold) {
    return profit_at(in->probabilities, in->labels, in->rows, in->costs, threshold);
}

static json_t *profit_json(const ReportInput *in, const RankBin *bins) {
    json_t *costs = json_pack("{s:f, s:f, s:f}", "contact", in->costs.contact, "value", in->costs.value, "success", in->costs.success);
    ProfitPoint best = profit_best(in->probabilities, in->labels, in->rows, in->costs);
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "costs", costs, "called", point_json(point_of(in, profit_threshold(in->costs)), in->rows),
                     "best", point_json(best, in->rows), "top_decile", point_json(point_of(in, bins[0].lowest), in->rows), "everyone",
                     point_json(point_of(in, 0), in->rows));
}

static json_t *profit_table(const ReportInput *in) {
    json_t *table = json_array();
    for (int percent = 5; percent < 100; percent += 5) json_array_append_new(table, point_json(point_of(in, percent / 100.0), in->rows));
    return table;
}

/* ---- rivals ---- */

static json_t *rivals_json(const ReportInput *in, double reference) {
    json_t *rivals = json_object();
    for (size_t i = 0; i < in->rival_count; i++) {
        const ReportRival *r = &in->rivals[i];
        Metrics m = metrics_of(r->scores, in->labels, in->rows);
        Brier brier = r->probabilities ? brier_of(r->scores, in->labels, in->rows) : (Brier){.score = NAN};
        json_object_set_new(rivals, r->name,
                            json_pack("{s:o, s:o, s:o}", "auc", number(m.auc), "pr_auc", number(m.pr_auc), "brier", number(brier.score)));
    }
    double rate = mean_of(in->labels, in->rows);
    json_object_set_new(rivals, "prevalence", json_pack("{s:f, s:f, s:f}", "auc", 0.5, "pr_auc", rate, "brier", reference));
    return rivals;
}

/* ---- the report ---- */

static int resamples_for(size_t rows) {
    size_t affordable = RESAMPLED_ROWS / rows;
    return affordable > RESAMPLES ? RESAMPLES : affordable < MIN_RESAMPLES ? MIN_RESAMPLES : (int)affordable;
}

static json_t *warnings_of(const Metrics *m, Interval auc) {
    json_t *warnings = json_array();
    if (auc.low <= 0.5) /* not of NaN */
        json_array_append_new(warnings,
                              json_string("it may rank no better than guessing, whose AUC of 0.5 is among those that samples of this "
                                          "size have: do not act on these scores"));
    if (m->auc > REPORT_SUSPICIOUS)
        json_array_append_new(warnings, json_string("the AUC is too good for a forecast: a feature, or the population, knows the outcome"));
    return warnings;
}

json_t *report_new(const ReportInput *in) {
    RankBin bins[REPORT_BINS];
    Metrics m = metrics_of(in->probabilities, in->labels, in->rows);
    Brier brier = brier_of(in->probabilities, in->labels, in->rows);
    BootstrapIntervals intervals = bootstrap_intervals(in->probabilities, in->labels, in->rows, resamples_for(in->rows), in->seed);
    size_t n = in->rows < REPORT_BINS ? in->rows : REPORT_BINS;
    rank_bins(in->probabilities, in->labels, in->rows, n, bins);
    json_t *deciles = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(deciles, decile_json(&bins[i]));
    json_t *report = json_pack("{s:I, s:I, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "rows", (json_int_t)in->rows,
                               "positives", (json_int_t)m.positives, "rate", m.base_rate, "auc", interval_json(m.auc, intervals.auc),
                               "pr_auc", interval_json(m.pr_auc, intervals.pr_auc), "brier", brier_json(brier), "calibration",
                               calibration_json(bins, n, m.base_rate, mean_of(in->probabilities, in->rows)), "deciles", deciles, "profit",
                               profit_json(in, bins), "profit_by_threshold", profit_table(in), "rivals", rivals_json(in, brier.reference),
                               "segments", segments_json(in), "warnings", warnings_of(&m, intervals.auc));
    BUG_IF(report == NULL);
    return report;
}

/* ---- words ---- */

static double get(const json_t *report, const char *object, const char *name) {
    return json_number_value(json_object_get(json_object_get(report, object), name));
}

static void add_intervals(const json_t *report, Buf *ret) {
    if (json_is_null(json_object_get(json_object_get(report, "auc"), "value"))) return;
    buf_addf(ret, "  95 in 100 samples of this size have an AUC from %.4f to %.4f and a PR-AUC from %.4f to %.4f\n",
             get(report, "auc", "low"), get(report, "auc", "high"), get(report, "pr_auc", "low"), get(report, "pr_auc", "high"));
}

static void add_lift(const json_t *report, Buf *ret) {
    const json_t *top = json_array_get(json_object_get(report, "deciles"), 0);
    if (json_is_null(json_object_get(top, "lift"))) return;
    buf_addf(ret, "  top tenth: %.1f%% churned, %.1f times the average; it holds %.0f%% of all who churned\n",
             100 * json_number_value(json_object_get(top, "rate")), json_number_value(json_object_get(top, "lift")),
             100 * json_number_value(json_object_get(top, "gain")));
}

static double per_thousand(const json_t *report, const char *point) {
    return json_number_value(json_object_get(json_object_get(json_object_get(report, "profit"), point), "profit_per_1000"));
}

static void add_profit(const json_t *report, Buf *ret) {
    const json_t *profit = json_object_get(report, "profit"), *costs = json_object_get(profit, "costs");
    const json_t *called = json_object_get(profit, "called");
    buf_addf(ret, "  a contact costs %g, one who stays because of it is worth %g, %g%% do: ",
             json_number_value(json_object_get(costs, "contact")), json_number_value(json_object_get(costs, "value")),
             100 * json_number_value(json_object_get(costs, "success")));
    if (json_is_null(json_object_get(called, "threshold"))) {
        buf_add_str(ret, "no contact pays\n");
        return;
    }
    buf_addf(ret, "call from %.3f on, %.1f%% of all, worth %.0f per 1,000 (the top tenth %.0f, everyone %.0f)\n",
             json_number_value(json_object_get(called, "threshold")),
             100 * json_number_value(json_object_get(called, "contacted")) / json_number_value(json_object_get(report, "rows")),
             per_thousand(report, "called"), per_thousand(report, "top_decile"), per_thousand(report, "everyone"));
}

static void add_rivals(const json_t *report, Buf *ret) {
    const char *name;
    json_t *rival;
    json_object_foreach(json_object_get(report, "rivals"), name, rival) {
        if (json_is_null(json_object_get(rival, "auc")) || strcmp(name, "prevalence") == 0) continue;
        buf_addf(ret, "  for comparison, %s: AUC %.4f, PR-AUC %.4f\n", name, json_number_value(json_object_get(rival, "auc")),
                 json_number_value(json_object_get(rival, "pr_auc")));
    }
}

void report_words(const json_t *report, Buf *ret) {
    size_t i;
    json_t *warning;
    add_intervals(report, ret);
    double skill = 100 * get(report, "brier", "skill");
    buf_addf(ret, "  Brier     %.4f   squared error of the probabilities, %.1f%% %s than always predicting the rate\n",
             get(report, "brier", "score"), fabs(skill), skill < 0 ? "worse" : "better");
    buf_addf(ret, "  calibration: mean probability %.4f, rate %.4f; by tenths off by %.4f on average, %.4f at most\n",
             get(report, "calibration", "mean_probability"), json_number_value(json_object_get(report, "rate")),
             get(report, "calibration", "expected_error"), get(report, "calibration", "largest_error"));
    add_lift(report, ret);
    add_profit(report, ret);
    add_rivals(report, ret);
    segments_words(json_object_get(report, "segments"), ret);
    json_array_foreach(json_object_get(report, "warnings"), i, warning) buf_addf(ret, "  Warning: %s.\n", json_string_value(warning));
}

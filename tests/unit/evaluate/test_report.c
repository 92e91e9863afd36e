/* test_report.c: the report's figures agree with each other and with the measures, and its words with its figures. */
#include "evaluate/report.h"

#include "../fixture.h"
#include "evaluate/bins.h"
#include "model/metrics.h"
#include <math.h>
#include <string.h>

#define ROWS 4000

static float p[ROWS], y[ROWS], half[ROWS];
static const char *plans[ROWS];

static float draw(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(*state >> 40) / (1 << 24);
}

static ReportInput input_of(size_t rows) {
    static const char *const names[] = {"Prepaid", "Family", NULL};
    static const ReportRival rival = {.name = "half", .scores = half, .probabilities = true};
    static const ReportSegment segment = {.name = "plan", .values = plans};
    uint64_t seed = 1;
    for (size_t i = 0; i < rows; i++) {
        float u = draw(&seed);
        p[i] = u * u * u * 0.9f + 0.001f;
        y[i] = draw(&seed) < p[i];
        half[i] = p[i] / 2;
        plans[i] = names[i % 5 == 0 ? 1 : i % 97 == 0 ? 2 : 0];
    }
    return (ReportInput){.probabilities = p,
                         .labels = y,
                         .rows = rows,
                         .rivals = &rival,
                         .rival_count = 1,
                         .segments = &segment,
                         .segment_count = 1,
                         .costs = {.contact = 1, .value = 20, .success = 0.3},
                         .seed = 1};
}

static double at(const json_t *report, const char *path) {
    char text[64];
    snprintf(text, sizeof text, "%s", path);
    char *rest = text;
    for (char *name = strsep(&rest, "/"); name != NULL; name = strsep(&rest, "/")) report = json_object_get(report, name);
    if (!json_is_number(report)) fail_msg("%s is not a number", path);
    return json_number_value(report);
}

static void figures_agree(void **state) {
    (void)state;
    ReportInput in = input_of(ROWS);
    json_t *report = report_new(&in), *again = report_new(&in);
    assert_true(json_equal(report, again));
    json_decref(again);
    Metrics m = metrics_of(p, y, ROWS);
    assert_true(at(report, "auc/value") == m.auc && at(report, "pr_auc/value") == m.pr_auc && at(report, "rate") == m.base_rate);
    assert_true(at(report, "auc/low") < m.auc && m.auc < at(report, "auc/high"));
    assert_true(fabs(at(report, "calibration/mean_over_rate") - 1) < 0.1 && at(report, "calibration/expected_error") < 0.02);
    json_t *deciles = json_object_get(report, "deciles");
    assert_int_equal(json_array_size(deciles), REPORT_BINS);
    assert_true(at(json_array_get(deciles, 9), "gain") > 1 - 1e-9);
    assert_true(at(report, "profit/best/profit") >= at(report, "profit/called/profit"));
    assert_true(at(report, "profit/called/profit") > at(report, "profit/everyone/profit"));
    assert_true(fabs(at(report, "profit/called/threshold") - 1.0 / 6) < 1e-12);
    assert_int_equal(json_array_size(json_object_get(report, "profit_by_threshold")), 19);
    json_decref(report);
}

static void rivals_have_the_same_rows(void **state) {
    (void)state;
    ReportInput in = input_of(ROWS);
    json_t *report = report_new(&in);
    assert_true(at(report, "rivals/half/auc") == at(report, "auc/value")); /* the same order */
    assert_true(at(report, "rivals/half/brier") > at(report, "brier/score"));
    assert_true(at(report, "rivals/prevalence/brier") == at(report, "brier/reference"));
    json_decref(report);
}

static void segments_divide_the_rows(void **state) {
    (void)state;
    ReportInput in = input_of(ROWS);
    json_t *report = report_new(&in), *list = json_object_get(json_object_get(report, "segments"), "plan");
    assert_int_equal(json_array_size(list), 3);
    const json_t *large = json_array_get(list, 0), *small = json_array_get(list, 1), *unknown = json_array_get(list, 2);
    assert_string_equal(json_string_value(json_object_get(large, "value")), "Prepaid");
    assert_int_equal(at(small, "rows"), ROWS / 5);
    assert_true(json_is_null(json_object_get(unknown, "value"))); /* some have no plan */
    assert_int_equal(at(unknown, "values"), 0);
    assert_int_equal(at(large, "rows") + at(small, "rows") + at(unknown, "rows"), ROWS);
    assert_true(at(large, "auc") > 0.7 && at(small, "positives") > 0);
    CLEANUP(buf_done) Buf words = {0};
    report_words(report, &words);
    assert_non_null(strstr(words.data, "  by plan "));
    assert_non_null(strstr(words.data, "    Family "));
    assert_non_null(strstr(words.data, "    not known "));
    json_decref(report);
}

/* Cities of 1, 2, 3 ... rows: those with 100 and more stand for themselves, at most 20 of them; the others are one group. */
static void the_smallest_groups_are_put_together(void **state) {
    static char names[90][8];
    (void)state;
    ReportInput in = input_of(ROWS);
    size_t row = 0, named = 0;
    for (size_t city = 0; row < ROWS; city++) {
        snprintf(names[city], sizeof names[city], "c%02zu", city);
        for (size_t i = 0; i < city + 1 && row < ROWS; i++) plans[row++] = names[city];
        named = city + 1;
    }
    json_t *report = report_new(&in), *list = json_object_get(json_object_get(report, "segments"), "plan");
    assert_int_equal(json_array_size(list), 1); /* none has a hundred */
    assert_int_equal(at(json_array_get(list, 0), "values"), named);
    assert_int_equal(at(json_array_get(list, 0), "rows"), ROWS);
    json_decref(report);
    for (row = 0; row < ROWS; row++) plans[row] = names[row % 30 < 28 ? row % 28 : row % 30 + row % 7];
    report = report_new(&in);
    list = json_object_get(json_object_get(report, "segments"), "plan");
    assert_int_equal(json_array_size(list), 21);
    double rows = 0, positives = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *group = json_array_get(list, i);
        rows += at(group, "rows");
        positives += at(group, "positives");
        assert_true(i == 20 || (at(group, "values") == 1 && at(group, "rows") >= 100));
    }
    assert_int_equal(rows, ROWS);
    assert_int_equal(positives, at(report, "positives"));
    CLEANUP(buf_done) Buf words = {0};
    report_words(report, &words);
    assert_non_null(strstr(words.data, " others "));
    json_decref(report);
}

/* A value is a stranger's text: it forges no line. */
static void values_are_shown_as_one_line(void **state) {
    (void)state;
    ReportInput in = input_of(ROWS);
    for (size_t i = 0; i < ROWS; i++) plans[i] = i % 2 > 0 ? "a\n  Warning: none" : "b\033[2J";
    json_t *report = report_new(&in);
    CLEANUP(buf_done) Buf words = {0};
    report_words(report, &words);
    json_decref(report);
    assert_null(strstr(words.data, "\n  Warning"));
    assert_null(strchr(words.data, '\033'));
}

static void little_data_has_fewer_deciles(void **state) {
    (void)state;
    ReportInput in = input_of(4);
    y[0] = y[1] = y[2] = y[3] = 0;
    json_t *report = report_new(&in);
    assert_int_equal(json_array_size(json_object_get(report, "deciles")), 4);
    assert_true(json_is_null(json_object_get(json_object_get(report, "auc"), "value")));
    CLEANUP(buf_done) Buf words = {0};
    report_words(report, &words);
    assert_null(strstr(words.data, "nan"));
    json_decref(report);
}

static void what_is_too_good_is_said(void **state) {
    (void)state;
    ReportInput in = input_of(ROWS);
    CLEANUP(buf_done) Buf words = {0}, suspicious = {0};
    json_t *report = report_new(&in);
    report_words(report, &words);
    json_decref(report);
    assert_null(strstr(words.data, "Warning"));
    assert_non_null(strstr(words.data, "call from 0.167 on"));
    assert_non_null(strstr(words.data, "for comparison, half: AUC"));
    for (size_t i = 0; i < ROWS; i++) p[i] = y[i] > 0 ? 0.9f : 0.1f;
    report = report_new(&in);
    report_words(report, &suspicious);
    json_decref(report);
    assert_non_null(strstr(suspicious.data, "Warning: the AUC is too good for a forecast"));
}

/* A model is used also when it learned nothing: the first one has no other to be measured against. */
static void what_may_be_guessing_is_said(void **state) {
    (void)state;
    ReportInput in = input_of(ROWS);
    CLEANUP(buf_done) Buf words = {0};
    for (size_t i = 0; i < ROWS; i++) p[i] = i / 2 % 2 > 0 ? 0.9f : 0.1f, y[i] = i % 2 > 0 ? 1 : 0;
    json_t *report = report_new(&in);
    report_words(report, &words);
    assert_int_equal(json_array_size(json_object_get(report, "warnings")), 1);
    json_decref(report);
    assert_non_null(strstr(words.data, "Warning: it may rank no better than guessing"));
    assert_non_null(strstr(words.data, "% worse than always predicting the rate"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_agree),
        cmocka_unit_test(rivals_have_the_same_rows),
        cmocka_unit_test(segments_divide_the_rows),
        cmocka_unit_test(the_smallest_groups_are_put_together),
        cmocka_unit_test(values_are_shown_as_one_line),
        cmocka_unit_test(little_data_has_fewer_deciles),
        cmocka_unit_test(what_is_too_good_is_said),
        cmocka_unit_test(what_may_be_guessing_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

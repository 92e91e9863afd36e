/* test_disk.c: When will the disk be full? From a history that is long enough, of the same disk, and not by a single jump. */
#include "health/internal.h"

#include "../fixture.h"
#include "../scratch.h"
#include "base/files.h"
#include "commands/settings_table.h"
#include <string.h>
#include <sys/stat.h>

#define NOW  INT64_C(1700000000000000)
#define HOUR (INT64_C(3600) * USEC_PER_SEC)
#define GB   INT64_C(1000000000)

enum { HALVES = 2 }; /* samples of an hour */

static const char path[] = "disk.history";

/* `hours` of samples up to NOW, in each of which `per_hour` bytes were used; `left` are free at the end. */
static void fill(DiskTrend *t, int hours, int64_t per_hour, int64_t left, int64_t size) {
    for (int i = hours * HALVES; i >= 0; i--) disk_trend_note(t, NOW - i * HOUR / HALVES, left + i * per_hour / HALVES, size);
}

static void expect_full(const DiskTrend *t, int64_t left, int64_t reserve, double days) {
    DiskForecast f = disk_trend_forecast(t, left, reserve);
    assert_int_equal(f.kind, DISK_FORECAST_FULL);
    double found = (double)f.full_in_us / (24.0 * (double)HOUR);
    if (found < days * 0.98 || found > days * 1.02) fail_msg("full in %f days, expected %f", found, days);
}

static void a_steady_growth_is_carried_on(void **state) {
    (void)state;
    DiskTrend *t = disk_trend_new(path, true);
    assert_int_equal(disk_trend_forecast(t, 100 * GB, 0).kind, DISK_FORECAST_TOO_SHORT);
    fill(t, 48, GB, 240 * GB, 1000 * GB);
    expect_full(t, 240 * GB, 0, 10);
    expect_full(t, 240 * GB, 120 * GB, 5);
    assert_int_equal(disk_trend_forecast(t, 240 * GB, 0).over_us, 48 * HOUR);
    assert_int_equal(disk_trend_forecast(t, 240 * GB, 0).bytes_per_day, 24 * GB);
    expect_full(t, 0, 0, 0);
    disk_trend_free(t);
}

static void what_is_short_tells_nothing(void **state) {
    (void)state;
    DiskTrend *t = disk_trend_new(path, true);
    fill(t, 5, GB, 100 * GB, 1000 * GB);
    assert_int_equal(disk_trend_forecast(t, 100 * GB, 0).kind, DISK_FORECAST_TOO_SHORT);
    disk_trend_free(t);
}

/* A backup of 100 GB is written for some hours, and removed. */
static void a_jump_does_not_count(void **state) {
    (void)state;
    DiskTrend *t = disk_trend_new(path, true);
    for (int i = 96; i >= 0; i--)
        disk_trend_note(t, NOW - i * HOUR / 2, 240 * GB + i * GB / 2 - (i > 30 && i < 40 ? 100 * GB : 0), 1000 * GB);
    DiskForecast f = disk_trend_forecast(t, 240 * GB, 0);
    assert_in_range(f.full_in_us, 9 * 24 * HOUR, 12 * 24 * HOUR);
    disk_trend_free(t);
}

static void what_shrinks_or_hardly_grows_is_steady(void **state) {
    (void)state;
    DiskTrend *t = disk_trend_new(path, true);
    fill(t, 24, -GB, 240 * GB, 1000 * GB);
    assert_int_equal(disk_trend_forecast(t, 240 * GB, 0).kind, DISK_FORECAST_STEADY);
    disk_trend_free(t);
    assert_int_equal(remove(path), 0);
    t = disk_trend_new(path, true);
    fill(t, 24, GB / 1000, 240 * GB, 1000 * GB);
    assert_int_equal(disk_trend_forecast(t, 240 * GB, 0).kind, DISK_FORECAST_STEADY);
    disk_trend_free(t);
}

static void a_disk_that_was_enlarged_begins_again(void **state) {
    (void)state;
    DiskTrend *t = disk_trend_new(path, true);
    fill(t, 24, GB, 240 * GB, 500 * GB);
    disk_trend_note(t, NOW + HOUR, 740 * GB, 1000 * GB);
    assert_int_equal(disk_trend_forecast(t, 740 * GB, 0).kind, DISK_FORECAST_TOO_SHORT);
    disk_trend_free(t);
}

static void a_clock_that_was_ahead_is_forgotten(void **state) {
    (void)state;
    DiskTrend *t = disk_trend_new(path, true);
    disk_trend_note(t, NOW + 1000 * HOUR, 900 * GB, 1000 * GB);
    fill(t, 48, GB, 240 * GB, 1000 * GB);
    expect_full(t, 240 * GB, 0, 10);
    disk_trend_free(t);
}

/* Also by a process that only reads, and by two that write. */
static void the_history_outlives_its_process(void **state) {
    (void)state;
    DiskTrend *one = disk_trend_new(path, true), *two = disk_trend_new(path, true);
    for (int i = 96; i >= 0; i--) disk_trend_note(i % 2 == 0 ? one : two, NOW - i * HOUR / 2, 240 * GB + i * GB / 2, 1000 * GB);
    disk_trend_free(one);
    disk_trend_free(two);
    DiskTrend *reader = disk_trend_new(path, false);
    struct stat before, after;
    assert_int_equal(stat(path, &before), 0);
    disk_trend_note(reader, NOW + HOUR, 239 * GB, 1000 * GB);
    expect_full(reader, 240 * GB, 0, 10);
    assert_int_equal(stat(path, &after), 0);
    assert_true(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec && before.st_size == after.st_size);
    disk_trend_free(reader);
}

static void a_file_that_is_none_begins_again(void **state) {
    (void)state;
    static const char *const texts[] = {"", "{", "[1, 2]", "[[1]]", "[[\"a\", 1, 2], [-1, 2, 3]]", "null"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        Error err = {0};
        must(file_write_atomic(path, texts[i], strlen(texts[i]), &err), &err);
        DiskTrend *t = disk_trend_new(path, true);
        assert_int_equal(disk_trend_forecast(t, GB, 0).kind, DISK_FORECAST_TOO_SHORT);
        fill(t, 8, GB, 240 * GB, 1000 * GB);
        expect_full(t, 240 * GB, 0, 10);
        disk_trend_free(t);
    }
}

/* A week has 336 samples; a year of them is no more. */
static void the_history_does_not_grow(void **state) {
    (void)state;
    struct stat s;
    DiskTrend *t = disk_trend_new(path, true);
    fill(t, 24 * 10, GB, 240 * GB, 1000 * GB);
    assert_int_equal(stat(path, &s), 0);
    assert_true(s.st_size < 20000);
    assert_in_range(disk_trend_forecast(t, 240 * GB, 0).over_us, 167 * HOUR, 168 * HOUR);
    disk_trend_free(t);
}

/* ---- in words ---- */

static Settings *settings;

static int words_up(void **state) {
    Error err = {0};
    must(settings_load(&settings_table, NULL, NULL, 0, &settings, &err), &err);
    return scratch_up(state);
}

static int words_down(void **state) {
    settings_free(settings);
    return scratch_down(state);
}

static void expect_words(DiskForecast d, State state, const char *words) {
    Facts f = {.now_us = NOW, .settings = settings, .disk_free = 500 * GB, .disk_size = 1000 * GB, .disk_forecast = d};
    Finding finding = {.more = json_object()};
    assert_true(disk_judge(&f, &finding));
    if (finding.state != state || strstr(finding.detail.data, words) == NULL) fail_msg("%s", finding.detail.data);
    assert_true((json_object_get(finding.more, "full_at") != NULL) == (d.kind != DISK_FORECAST_NONE));
    assert_true(json_is_string(json_object_get(finding.more, "full_at")) == (d.kind == DISK_FORECAST_FULL));
    buf_done(&finding.detail);
    json_decref(finding.more);
}

static void the_forecast_is_said_in_words(void **state) {
    (void)state;
    int64_t day = 24 * HOUR;
    expect_words((DiskForecast){.kind = DISK_FORECAST_NONE}, STATE_OK, "(50%).");
    expect_words((DiskForecast){.kind = DISK_FORECAST_TOO_SHORT}, STATE_OK,
                 "(50%). When it will be full is known after 6 hours of history.");
    expect_words((DiskForecast){.kind = DISK_FORECAST_STEADY, .over_us = 3 * day}, STATE_OK,
                 "At the rate of the last 3 days it does not fill up within a year.");
    expect_words((DiskForecast){.kind = DISK_FORECAST_FULL, .over_us = 3 * day, .bytes_per_day = 12 * GB, .full_in_us = 40 * day}, STATE_OK,
                 "At the rate of the last 3 days, 12 GB per day, it is full in about 40 days.");
    expect_words((DiskForecast){.kind = DISK_FORECAST_FULL, .over_us = 7 * HOUR, .bytes_per_day = 900 * GB, .full_in_us = 13 * HOUR},
                 STATE_DEGRADED, "it is full in about 13 hours. Free some space before writing stops.");
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, scratch_up, scratch_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_steady_growth_is_carried_on),
        IN_A_FOLDER(what_is_short_tells_nothing),
        IN_A_FOLDER(a_jump_does_not_count),
        IN_A_FOLDER(what_shrinks_or_hardly_grows_is_steady),
        IN_A_FOLDER(a_disk_that_was_enlarged_begins_again),
        IN_A_FOLDER(a_clock_that_was_ahead_is_forgotten),
        IN_A_FOLDER(the_history_outlives_its_process),
        IN_A_FOLDER(a_file_that_is_none_begins_again),
        IN_A_FOLDER(the_history_does_not_grow),
        cmocka_unit_test_setup_teardown(the_forecast_is_said_in_words, words_up, words_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

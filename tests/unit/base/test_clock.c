/* test_clock.c: times survive the way to text and back; what is no time or no duration is refused. */
#include "base/clock.h"

#include "../fixture.h"
#include "base/memory.h"
#include <inttypes.h>
#include <string.h>

#define DAY_US     (86400 * USEC_PER_SEC)
#define YEAR_1000  (-354285 * DAY_US) /* %Y has four digits from here ... */
#define YEAR_10000 (2932897 * DAY_US) /* ... to here */

static int64_t read_time(const char *text) {
    int64_t us = 0;
    Error err = {0};
    must(clock_parse(text, &us, &err), &err);
    return us;
}

static void assert_round_trip(int64_t us) {
    char text[CLOCK_TEXT_SIZE];
    int64_t back = read_time(clock_format(us, text));
    if (back != us) fail_msg("%" PRId64 " became %s became %" PRId64, us, text, back);
}

static void assert_text(int64_t us, const char *expected) {
    char text[CLOCK_TEXT_SIZE];
    assert_string_equal(clock_format(us, text), expected);
}

static void known_times_have_known_texts(void **state) {
    (void)state;
    assert_text(0, "1970-01-01T00:00:00.000000Z");
    assert_text(-1, "1969-12-31T23:59:59.999999Z");
    assert_text(INT64_C(1732443300123456), "2024-11-24T10:15:00.123456Z");
    assert_text(YEAR_10000 - 1, "9999-12-31T23:59:59.999999Z");
}

static void every_time_survives_its_text(void **state) {
    (void)state;
    uint64_t random = 1;
    for (int64_t us = -1000; us <= 1000; us++) assert_round_trip(us);
    for (int64_t day = YEAR_1000 / DAY_US; day < YEAR_10000 / DAY_US; day += 97) assert_round_trip(day * DAY_US);
    for (int i = 0; i < 100000; i++) assert_round_trip(YEAR_1000 + (int64_t)(next_random(&random) % (uint64_t)(YEAR_10000 - YEAR_1000)));
}

static void order_of_times_is_order_of_texts(void **state) {
    (void)state;
    uint64_t random = 2;
    for (int i = 0; i < 10000; i++) {
        int64_t a = (int64_t)(next_random(&random) % (uint64_t)YEAR_10000), b = (int64_t)(next_random(&random) % (uint64_t)YEAR_10000);
        char first[CLOCK_TEXT_SIZE], second[CLOCK_TEXT_SIZE];
        assert_int_equal(a < b, strcmp(clock_format(a, first), clock_format(b, second)) < 0);
    }
}

/* DuckDB's infinities are the ends of the range. */
static void the_ends_of_the_range_are_formatted(void **state) {
    (void)state;
    assert_text(INT64_MAX, "294247-01-10T04:00:54.775807Z");
    assert_text(-INT64_MAX, "-290308-12-21T19:59:05.224193Z");
    assert_text(INT64_MIN, "-290308-12-21T19:59:05.224192Z");
}

static void forms_of_iso_8601_are_read(void **state) {
    (void)state;
    const int64_t noon = read_time("2026-11-24T12:00:00Z");
    assert_int_equal(noon, INT64_C(1795521600) * USEC_PER_SEC);
    assert_int_equal(read_time("2026-11-24"), noon - DAY_US / 2);
    assert_int_equal(read_time("2026-11-24T12:00:00"), noon);
    assert_int_equal(read_time("2026-11-24 12:00:00"), noon);
    assert_int_equal(read_time("2026-11-24T14:00:00+02:00"), noon);
    assert_int_equal(read_time("2026-11-24T14:00:00+0200"), noon);
    assert_int_equal(read_time("2026-11-24T06:30:00-05:30"), noon);
    assert_int_equal(read_time("2026-11-24T12:00:00.5Z"), noon + 500000);
    assert_int_equal(read_time("2026-11-24T12:00:00.000001"), noon + 1);
    assert_int_equal(read_time("2026-11-24T12:00:00.123456789+00:00"), noon + 123456);
    assert_int_equal(read_time("2024-02-29"), read_time("2024-03-01") - DAY_US);
}

static void what_is_no_time_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "now",
                                      "2026",
                                      "2026-11",
                                      "2026-13-01",
                                      "2026-00-10",
                                      "2026-11-32",
                                      "2026-02-29",
                                      "2026-04-31",
                                      "2026-11-24T",
                                      "2026-11-24T25:00:00",
                                      "2026-11-24T12:60:00",
                                      "2026-11-24x",
                                      "24.11.2026",
                                      "1795521600",
                                      "2026-11-24T12:00:00X",
                                      "2026-11-24T12:00:00+",
                                      "2026-11-24T12:00:00+02:99",
                                      "2026-11-24T12:00:00+2",
                                      "2026-11-24T12:00:00Z0",
                                      "2026-11-24T12:00:00.5.5",
                                      "2026-11-24T24:00:01"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        int64_t us = 42;
        Error err = {0};
        if (clock_parse(bad[i], &us, &err) == 0) fail_msg("\"%s\" was read as %" PRId64, bad[i], us);
        assert_int_equal(us, 42);
        assert_int_equal(err.kind, ERR_USAGE);
        assert_non_null(strstr(err.text, bad[i]));
        error_clear(&err);
    }
}

static void assert_reading(const char *text, ClockReading expected) {
    int64_t us = 42;
    ClockReading found = clock_read((Span){text, strlen(text)}, &us);
    if (found != expected) fail_msg("\"%s\" was read as %d instead of %d", text, found, expected);
    if (found != CLOCK_READ) assert_int_equal(us, 42);
}

static void every_form_is_read_or_named(void **state) {
    (void)state;
    static const char *const times[] = {"0001-01-01",
                                        "0001-01-01T00:00:00Z",
                                        "9999-12-31T23:59:59.999999999Z",
                                        "2026-11-24t10:15z",
                                        "2026-11-24 10:15",
                                        "2026-11-24T10:15+14:00",
                                        "2026-11-24T10:15:00-14:00",
                                        "2026-11-24T10:15:00+02",
                                        "2026-11-24T10:15-0930",
                                        "2026-11-24T10:15:00.1",
                                        "2024-02-29T00:00-00:00"};
    static const char *const other[] = {"",
                                        "2026-11-24T",
                                        "2026-11-24T10",
                                        "2026-11-24T10:15:",
                                        "2026-11-24T10:15:00.",
                                        "2026-11-24T10:15:00.Z",
                                        "2026-11-24T10:15:00.1234567890",
                                        "2026-11-24T10:15:00,5",
                                        "2026-11-24T10:15:00 UTC",
                                        "2026-11-24T10:15:00Zulu",
                                        "2026-11-24T10:15:00 +02:00",
                                        "2026-11-24T10:15:00+2",
                                        "2026-11-24T10:15:00+02:",
                                        "2026-11-24T10:15:00+02:0",
                                        "2026-11-24T10:15:00+02:00x",
                                        " 2026-11-24",
                                        "2026-11-24 ",
                                        "20261124",
                                        "2026-1-5",
                                        "10000-01-01",
                                        "-2026-11-24",
                                        "+2026-11-24",
                                        "2026-11-24  10:15",
                                        "2026-11-24T10.15",
                                        "2026-02-30T",
                                        "infinity",
                                        "2026-11-24T10:15ZZ"};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) assert_reading(times[i], CLOCK_READ);
    for (size_t i = 0; i < ARRAY_LEN(other); i++) assert_reading(other[i], CLOCK_OTHER_FORM);
    assert_reading("2026-02-29", CLOCK_NO_SUCH_DAY);
    assert_reading("2100-02-29T00:00:00Z", CLOCK_NO_SUCH_DAY);
    assert_reading("2026-00-10T25:00:00+99:99", CLOCK_NO_SUCH_DAY);
    assert_reading("2026-11-24T24:00:00", CLOCK_NO_SUCH_HOUR);
    assert_reading("2026-11-24T10:15:60Z", CLOCK_NO_SUCH_HOUR);
    assert_reading("2026-11-24T10:60", CLOCK_NO_SUCH_HOUR);
    assert_reading("2026-11-24T10:15:00+99:99", CLOCK_ZONE_TOO_FAR);
    assert_reading("2026-11-24T10:15:00+14:01", CLOCK_ZONE_TOO_FAR);
    assert_reading("2026-11-24T10:15:00-02:60", CLOCK_ZONE_TOO_FAR);
    assert_reading("0000-12-31", CLOCK_YEAR_TOO_FAR);
    assert_reading("0001-01-01T00:00:00+00:01", CLOCK_YEAR_TOO_FAR);
    assert_reading("9999-12-31T23:59:59-00:01", CLOCK_YEAR_TOO_FAR);
}

static void the_years_end_where_they_are_said_to_end(void **state) {
    (void)state;
    assert_int_equal(read_time("0001-01-01"), CLOCK_FIRST_US);
    assert_int_equal(read_time("9999-12-31T23:59:59.999999999Z"), CLOCK_LAST_US);
}

/* Each day of four centuries, counted. */
static void numbers_since_1970_are_exact(void **state) {
    (void)state;
    static const struct {
        const char *number;
        int decimals;
        ClockReading expected;
        int64_t us;
    } cases[] = {
        {"1795508100", 0, CLOCK_READ, INT64_C(1795508100000000)},
        {"1795508100.123456", 0, CLOCK_READ, INT64_C(1795508100123456)}, /* not what a double makes of it */
        {"1795508100.1234569", 0, CLOCK_READ, INT64_C(1795508100123456)},
        {"1795508100500", 3, CLOCK_READ, INT64_C(1795508100500000)},
        {"1795508100500.0625", 3, CLOCK_READ, INT64_C(1795508100500062)},
        {"1795508100500000", 6, CLOCK_READ, INT64_C(1795508100500000)},
        {"1795508100500000.9", 6, CLOCK_READ, INT64_C(1795508100500000)},
        {"1.7955081e9", 0, CLOCK_READ, INT64_C(1795508100000000)},
        {"17955081E+2", 0, CLOCK_READ, INT64_C(1795508100000000)},
        {"1795508100000e-3", 0, CLOCK_READ, INT64_C(1795508100000000)},
        {"0", 0, CLOCK_READ, 0},
        {"0.0000001", 0, CLOCK_READ, 0},
        {"0e999999999999", 0, CLOCK_READ, 0},
        {"00012", 6, CLOCK_READ, 12},
        {"-1.5", 0, CLOCK_READ, -1500000},
        {"-0.0000001", 0, CLOCK_READ, -1}, /* towards the past, as the fractions of a time of day */
        {"-62135596800", 0, CLOCK_READ, CLOCK_FIRST_US},
        {"-62135596800.0000001", 0, CLOCK_YEAR_TOO_FAR, 0},
        {"253402300799.9999999", 0, CLOCK_READ, CLOCK_LAST_US},
        {"253402300800", 0, CLOCK_YEAR_TOO_FAR, 0},
        {"1795508100500", 0, CLOCK_YEAR_TOO_FAR, 0}, /* milliseconds: no guess */
        {"1e400", 6, CLOCK_YEAR_TOO_FAR, 0},
        {"99999999999999999999999999", 6, CLOCK_YEAR_TOO_FAR, 0},
        {"1e-400", 0, CLOCK_READ, 0},
        {"", 0, CLOCK_OTHER_FORM, 0},
        {"-", 0, CLOCK_OTHER_FORM, 0},
        {"+1", 0, CLOCK_OTHER_FORM, 0},
        {"1.", 0, CLOCK_OTHER_FORM, 0},
        {".5", 0, CLOCK_OTHER_FORM, 0},
        {"1e", 0, CLOCK_OTHER_FORM, 0},
        {"1 ", 0, CLOCK_OTHER_FORM, 0},
        {"2026-11-24", 0, CLOCK_OTHER_FORM, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t us = 0;
        ClockReading found = clock_read_epoch((Span){cases[i].number, strlen(cases[i].number)}, cases[i].decimals, &us);
        if (found != cases[i].expected || us != cases[i].us) fail_msg("%s is %" PRId64 " (%d)", cases[i].number, us, (int)found);
    }
}

static void days_are_counted(void **state) {
    (void)state;
    int32_t expected;
    assert_int_equal(clock_read_date((Span){"1800-01-01", 10}, &expected), CLOCK_READ);
    for (int year = 1800; year < 2200; year++)
        for (int month = 1; month <= 12; month++)
            for (int day = 1; day <= 31; day++) {
                CLEANUP(free_text) char *text = xasprintf("%04d-%02d-%02d", year, month, day);
                int32_t days;
                ClockReading found = clock_read_date((Span){text, 10}, &days);
                if (found == CLOCK_READ) assert_int_equal(days, expected++);
                if (day <= 28) assert_int_equal(found, CLOCK_READ);
            }
    assert_int_equal(read_time("2200-01-01"), expected * DAY_US);
}

static void assert_duration(const char *text, int64_t expected_ms) {
    int64_t ms = -1;
    Error err = {0};
    must(duration_parse_ms(text, &ms, &err), &err);
    assert_int_equal(ms, expected_ms);
}

static void durations_have_units(void **state) {
    (void)state;
    assert_duration("250ms", 250);
    assert_duration("10s", 10000);
    assert_duration("10", 10000);
    assert_duration("0", 0);
    assert_duration("0.5s", 500);
    assert_duration("5m", 300000);
    assert_duration("1.5h", 5400000);
    assert_duration("7d", INT64_C(604800000));
    assert_duration("36500d", INT64_C(3153600000000));
}

static void every_whole_duration_is_exact(void **state) {
    (void)state;
    for (int64_t n = 0; n < 100000; n += 7) {
        CLEANUP(free_text) char *ms = xasprintf("%" PRId64 "ms", n), *s = xasprintf("%" PRId64 "s", n), *h = xasprintf("%" PRId64 "h", n);
        assert_duration(ms, n);
        assert_duration(s, n * 1000);
        assert_duration(h, n * 3600000);
    }
}

static void what_is_no_duration_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"",    "s",  "-1s",  "1 s",  "1w",    "1sm",  "nan", "inf",     "1e30d",
                                      "ten", "5M", "1:00", "0x10", "0x10s", "0x1d", "1p3", "infinity"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        int64_t ms = 42;
        Error err = {0};
        if (duration_parse_ms(bad[i], &ms, &err) == 0) fail_msg("\"%s\" was read as %" PRId64 " ms", bad[i], ms);
        assert_int_equal(ms, 42);
        assert_int_equal(err.kind, ERR_USAGE);
        error_clear(&err);
    }
}

static void the_clocks_go_forwards(void **state) {
    (void)state;
    int64_t before = clock_mono_ns();
    assert_true(clock_mono_ns() >= before);
    assert_true(clock_seconds_since(before) >= 0);
    assert_true(clock_wall_us() > INT64_C(1700000000) * USEC_PER_SEC);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_times_have_known_texts),
        cmocka_unit_test(every_time_survives_its_text),
        cmocka_unit_test(order_of_times_is_order_of_texts),
        cmocka_unit_test(the_ends_of_the_range_are_formatted),
        cmocka_unit_test(forms_of_iso_8601_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(every_form_is_read_or_named),
        cmocka_unit_test(the_years_end_where_they_are_said_to_end),
        cmocka_unit_test(numbers_since_1970_are_exact),
        cmocka_unit_test(days_are_counted),
        cmocka_unit_test(durations_have_units),
        cmocka_unit_test(every_whole_duration_is_exact),
        cmocka_unit_test(what_is_no_duration_is_refused),
        cmocka_unit_test(the_clocks_go_forwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

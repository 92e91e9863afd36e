/* test_settings_spec.c: values of each type, ranges in words, similar keys. */
#include "base/settings_spec.h"

#include "base/memory.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const choices[] = {"red", "green", "blue", NULL}, *const single[] = {"only", NULL};

/* ---- values ---- */

enum { REFUSED = -99 };

static void values_are_read_by_type(void **state) {
    (void)state;
    static const struct {
        SettingSpec spec;
        const char *text;
        int64_t number;
    } cases[] = {
        {{.type = SETTING_TEXT}, "", 0},
        {{.type = SETTING_TEXT, .least = 1}, "", REFUSED},
        {{.type = SETTING_PATH, .least = 1}, "./x", 3},
        {{.type = SETTING_LIST}, "", 0},
        {{.type = SETTING_LIST}, "a, b,,c ", 3},
        {{.type = SETTING_LIST, .least = 1}, " ,, ", REFUSED},
        {{.type = SETTING_CHOICE, .choices = choices}, "blue", 2},
        {{.type = SETTING_CHOICE, .choices = choices}, "Blue", 2},
        {{.type = SETTING_CHOICE, .choices = choices}, "", REFUSED},
        {{.type = SETTING_INTEGER}, "7", 7},
        {{.type = SETTING_INTEGER}, "-1", REFUSED},
        {{.type = SETTING_INTEGER, .least = INT64_MIN}, "-1", -1},
        {{.type = SETTING_INTEGER, .least = 5, .most = 6}, "6", 6},
        {{.type = SETTING_INTEGER, .least = 5, .most = 6}, "7", REFUSED},
        {{.type = SETTING_INTEGER}, "7 ", REFUSED},
        {{.type = SETTING_INTEGER}, "9223372036854775808", REFUSED},
        {{.type = SETTING_SIZE}, "1.5 kib", 1536},
        {{.type = SETTING_SIZE}, "2MB", 2000000},
        {{.type = SETTING_SIZE}, "2TB", REFUSED},
        {{.type = SETTING_SIZE, .most = 10}, "11B", REFUSED},
        {{.type = SETTING_DURATION}, "250ms", 250},
        {{.type = SETTING_DURATION}, "2", 2000},
        {{.type = SETTING_DURATION}, "1 week", REFUSED},
        {{.type = SETTING_DURATION}, "106751d", INT64_C(106751) * 86400000}, /* in nanoseconds just below 2^63 */
        {{.type = SETTING_DURATION}, "106752d", REFUSED},
        {{.type = SETTING_BOOLEAN}, "Yes", 1},
        {{.type = SETTING_BOOLEAN}, "off", 0},
        {{.type = SETTING_BOOLEAN}, "2", REFUSED},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t number = 12345;
        int rc = setting_parse(&cases[i].spec, cases[i].text, &number);
        if ((rc == 0 ? number : REFUSED) != cases[i].number)
            fail_msg("a %s: '%s' gave %d, %" PRId64, setting_type_name(cases[i].spec.type), cases[i].text, rc, number);
        if (rc != 0) assert_int_equal(number, 12345);
    }
}

static void ranges_are_said_in_the_units_of_the_type(void **state) {
    (void)state;
    static const struct {
        SettingSpec spec;
        const char *range, *expected;
    } cases[] = {
        {{.type = SETTING_TEXT}, "", "a text"},
        {{.type = SETTING_LIST, .least = 1}, "not empty", "values with commas between them, not empty"},
        {{.type = SETTING_CHOICE, .choices = choices}, "red, green or blue", "red, green or blue"},
        {{.type = SETTING_CHOICE, .choices = single}, "only", "only"},
        {{.type = SETTING_INTEGER}, "at least 0", "a whole number, at least 0"},
        {{.type = SETTING_INTEGER, .least = 2, .most = 3}, "2 to 3", "a whole number, 2 to 3"},
        {{.type = SETTING_SIZE}, "", "a size like 256MiB or 1GB"},
        {{.type = SETTING_SIZE, .least = 1, .most = 3 << 20}, "1B to 3MiB", "a size like 256MiB or 1GB, 1B to 3MiB"},
        {{.type = SETTING_SIZE, .least = 5000}, "at least 5KB", "a size like 256MiB or 1GB, at least 5KB"},
        {{.type = SETTING_DURATION, .most = 90000}, "0 to 90s", "a duration like 250ms, 10s, 5m, 2h, 0 to 90s"},
        {{.type = SETTING_DURATION, .least = 7200000}, "at least 2h", "a duration like 250ms, 10s, 5m, 2h, at least 2h"},
        {{.type = SETTING_BOOLEAN}, "", "true or false"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(free_text) char *range = setting_range(&cases[i].spec), *expected = setting_expected(&cases[i].spec);
        assert_string_equal(range, cases[i].range);
        assert_string_equal(expected, cases[i].expected);
    }
}

/* ---- keys ---- */

static const SettingSpec specs[] = {{"data.dir"}, {"pipeline.dir"}, {"ingest.batch_rows"}, {"ingest.batch_bytes"}};
static const SettingTable table = {.specs = specs, .count = ARRAY_LEN(specs)};

static void keys_are_found_by_name_or_by_likeness(void **state) {
    (void)state;
    static const struct {
        const char *key, *nearest;
    } cases[] = {
        {"ingest.batch_row", "ingest.batch_rows"},
        {"ingest.batch_byte", "ingest.batch_bytes"},
        {"ingest_batch_rows", "ingest.batch_rows"},
        {"dta.dir", "data.dir"},
        {"DATA.dir", NULL},
        {"pipelines.dir", "pipeline.dir"},
        {"rows", NULL},
        {"x", NULL},
        {"", NULL},
    };
    assert_ptr_equal(setting_find(&table, "pipeline.dir"), &specs[1]);
    assert_null(setting_find(&table, "pipeline"));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *nearest = setting_nearest(&table, cases[i].key);
        if (cases[i].nearest == NULL)
            assert_null(nearest);
        else
            assert_string_equal(nearest, cases[i].nearest);
    }
    char huge[2000];
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_null(setting_nearest(&table, huge));
}

static void keys_have_a_name_in_the_environment(void **state) {
    (void)state;
    CLEANUP(free_text) char *name = setting_env_name("ingest.batch_rows");
    assert_string_equal(name, "SMELT_INGEST_BATCH_ROWS");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_by_type),
        cmocka_unit_test(ranges_are_said_in_the_units_of_the_type),
        cmocka_unit_test(keys_are_found_by_name_or_by_likeness),
        cmocka_unit_test(keys_have_a_name_in_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

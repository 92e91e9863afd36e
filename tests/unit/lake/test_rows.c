/* test_rows.c: each type of DuckDB that our SQL returns, as C values and as JSON, over one chunk and many. */
#include "lake/lake.h"

#include "../fixture.h"
#include "base/document.h"
#include "base/memory.h"
#include <string.h>

static LakeResult *query(void **state, const char *sql) {
    LakeResult *r = NULL;
    Error err = {0};
    must(lake_query(conn_of(state), "test", sql, NULL, 0, &r, &err), &err);
    return r;
}

static int next(LakeResult *r) {
    Error err = {0};
    int got = lake_next(r, &err);
    if (got < 0) fail_msg("%s", err.text);
    return got;
}

/* The only row of `SELECT <expression> AS v`. */
static LakeResult *one(void **state, const char *expression) {
    CLEANUP(free_text) char *sql = xasprintf("SELECT %s AS v", expression);
    LakeResult *r = query(state, sql);
    assert_int_equal(next(r), 1);
    return r;
}

static void integers_of_all_sizes(void **state) {
    static const struct {
        const char *expression;
        int64_t value;
    } table[] = {{"true", 1},
                 {"(-128)::TINYINT", -128},
                 {"(-32768)::SMALLINT", -32768},
                 {"(-2147483648)::INTEGER", INT32_MIN},
                 {"(-9223372036854775808)::BIGINT", INT64_MIN},
                 {"9223372036854775807::BIGINT", INT64_MAX},
                 {"255::UTINYINT", 255},
                 {"65535::USMALLINT", 65535},
                 {"4294967295::UINTEGER", UINT32_MAX},
                 {"9223372036854775807::UBIGINT", INT64_MAX},
                 {"(-9223372036854775808)::HUGEINT", INT64_MIN},
                 {"9223372036854775807::HUGEINT", INT64_MAX},
                 {"(-1)::HUGEINT", -1},
                 {"0::HUGEINT", 0},
                 {"(SELECT sum(a) FROM range(10) r(a))", 45},
                 {"DATE '1970-01-02'", 1},
                 {"TIMESTAMP '1970-01-01 00:00:00.000001'", 1},
                 {"TIMESTAMPTZ '1969-12-31 23:59:59.999999Z'", -1}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        CLEANUP(lake_result_freep) LakeResult *r = one(state, table[i].expression);
        if (lake_col_int(r, 0) != table[i].value) fail_msg("%s", table[i].expression);
        assert_true(lake_col_real(r, 0) == (double)table[i].value);
        assert_int_equal(next(r), 0);
    }
}

static void reals_and_decimals(void **state) {
    static const struct {
        const char *expression;
        double value;
    } table[] = {{"0.1::DOUBLE", 0.1},
                 {"0.5::FLOAT", 0.5},
                 {"(-99.9)::DECIMAL(3,1)", -99.9},
                 {"1234567.89::DECIMAL(9,2)", 1234567.89},
                 {"(-123456789012.345)::DECIMAL(15,3)", -123456789012.345},
                 {"1234567890123.5::DECIMAL(38,1)", 1234567890123.5},
                 {"(-0.5)::DECIMAL(38,1)", -0.5},
                 {"7::DECIMAL(4,0)", 7}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        CLEANUP(lake_result_freep) LakeResult *r = one(state, table[i].expression);
        if (lake_col_real(r, 0) != table[i].value) fail_msg("%s is %.17g", table[i].expression, lake_col_real(r, 0));
    }
    CLEANUP(lake_result_freep) LakeResult *r = one(state, "(-2.5)::DECIMAL(4,1)");
    assert_int_equal(lake_col_int(r, 0), -2);
}

static void texts_and_blobs(void **state) {
    static const char bytes[] = {0, 1, '\xff', 0};
    CLEANUP(lake_result_freep)
    LakeResult *r = query(
        state, "SELECT 'short', repeat('long', 100), '', chr(0) || 'x', '\\x00\\x01\\xFF\\x00'::BLOB, '{\"a\": 1}'::JSON, 'gr\u00fcn'");
    size_t n;
    assert_int_equal(next(r), 1);
    assert_string_equal(lake_col_text(r, 0, &n), "short");
    assert_int_equal(n, 5);
    assert_int_equal(strlen(lake_col_text(r, 1, NULL)), 400);
    assert_string_equal(lake_col_text(r, 2, &n), "");
    assert_int_equal(n, 0);
    assert_memory_equal(lake_col_text(r, 3, &n), "\0x", 3);
    assert_int_equal(n, 2);
    assert_memory_equal(lake_col_text(r, 4, &n), bytes, 4);
    assert_int_equal(n, 4);
    assert_string_equal(lake_col_text(r, 5, NULL), "{\"a\": 1}");
    assert_string_equal(lake_col_text(r, 6, NULL), "gr\u00fcn");
}

static void null_reads_as_nothing(void **state) {
    static const char *const types[] = {"BOOLEAN", "INTEGER", "BIGINT", "HUGEINT", "DOUBLE", "DECIMAL(9,2)", "DATE", "TIMESTAMPTZ"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        CLEANUP(free_text) char *expression = xasprintf("NULL::%s", types[i]);
        CLEANUP(lake_result_freep) LakeResult *r = one(state, expression);
        assert_true(lake_is_null(r, 0));
        assert_int_equal(lake_col_int(r, 0), 0);
        assert_true(lake_col_real(r, 0) == 0);
        assert_false(lake_col_bool(r, 0));
    }
    CLEANUP(lake_result_freep) LakeResult *r = one(state, "NULL::VARCHAR");
    size_t n = 42;
    assert_null(lake_col_text(r, 0, &n));
    assert_int_equal(n, 0);
}

static void columns_have_names(void **state) {
    CLEANUP(lake_result_freep) LakeResult *r = query(state, "SELECT 1 AS first, 2 AS \"a b\"");
    assert_int_equal(lake_columns(r), 2);
    assert_string_equal(lake_column_name(r, 0), "first");
    assert_string_equal(lake_column_name(r, 1), "a b");
}

/* A chunk has 2,048 rows; values and NULLs must follow the row across them. */
static void rows_over_many_chunks_come_in_order(void **state) {
    CLEANUP(lake_result_freep)
    LakeResult *r =
        query(state, "SELECT a, CASE WHEN a % 3 = 0 THEN NULL ELSE 'text number ' || a END, a % 7 = 0 FROM range(10000) r(a) ORDER BY a");
    int64_t i = 0;
    for (; next(r) > 0; i++) {
        CLEANUP(free_text) char *text = xasprintf("text number %d", (int)i);
        assert_int_equal(lake_col_int(r, 0), i);
        assert_int_equal(lake_is_null(r, 1), i % 3 == 0);
        if (i % 3 != 0) assert_string_equal(lake_col_text(r, 1, NULL), text);
        assert_int_equal(lake_col_bool(r, 2), i % 7 == 0);
    }
    assert_int_equal(i, 10000);
    assert_int_equal(next(r), 0); /* the end stays the end */
}

static void no_rows_are_no_rows(void **state) {
    CLEANUP(lake_result_freep) LakeResult *r = query(state, "SELECT 1 AS a WHERE false");
    assert_int_equal(lake_columns(r), 1);
    assert_int_equal(next(r), 0);
}

/* ---- JSON ---- */

static void assert_json(void **state, const char *expression, const char *expected) {
    CLEANUP(lake_result_freep) LakeResult *r = one(state, expression);
    CLEANUP(json_freep) json_t *row = lake_row_json(r);
    CLEANUP(free_text) char *text = json_text(row);
    CLEANUP(free_text) char *wanted = xasprintf("{\"v\":%s}", expected);
    assert_string_equal(text, wanted);
}

static void values_as_json(void **state) {
    assert_json(state, "NULL", "null");
    assert_json(state, "true", "true");
    assert_json(state, "(-7)::TINYINT", "-7");
    assert_json(state, "9223372036854775807::BIGINT", "9223372036854775807");
    assert_json(state, "42::HUGEINT", "42");
    assert_json(state, "2.50::DECIMAL(9,2)", "2.5");
    assert_json(state, "0.1::DOUBLE", "0.1");
    assert_json(state, "'NaN'::DOUBLE", "null");
    assert_json(state, "'-inf'::DOUBLE", "null");
    assert_json(state, "'a\"b'", "\"a\\\"b\"");
    assert_json(state, "'grün'", "\"grün\"");
    assert_json(state, "DATE '2026-11-24'", "\"2026-11-24\"");
    assert_json(state, "TIMESTAMPTZ '2026-11-24 10:15:00.5+02'", "\"2026-11-24T08:15:00.500000Z\"");
    assert_json(state, "TIMESTAMP '2026-11-24 10:15:00'", "\"2026-11-24T10:15:00.000000Z\"");
}

static void json_columns_are_values(void **state) {
    assert_json(state, "'{\"a\": [1, null]}'::JSON", "{\"a\":[1,null]}");
    assert_json(state, "'7'::JSON", "7");
    assert_json(state, "'{\"a\": 1}'", "\"{\\\"a\\\": 1}\""); /* a text that only looks like it */
    assert_json(state, "'123456789012345678901234567890'::JSON", "\"123456789012345678901234567890\"");
}

/* Also of those that no double has. */
static void numbers_keep_their_digits(void **state) {
    assert_json(state, "18446744073709551615::UBIGINT", "18446744073709551615");
    assert_json(state, "170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727");
    assert_json(state, "(-9223372036854775809)::HUGEINT", "-9223372036854775809");
    assert_json(state, "70368744177664.01::DECIMAL(18,2)", "70368744177664.01");
    assert_json(state, "(-1234567890123456.70)::DECIMAL(18,2)", "-1234567890123456.7");
    assert_json(state, "1234567890123456.00::DECIMAL(18,2)", "1234567890123456.0");
    assert_json(state, "1234567890123456::DECIMAL(18,0)", "1234567890123456");
    assert_json(state, "9.000000000000000001::DECIMAL(38,18)", "9.000000000000000001");
    assert_json(state, "('-0.12345678901234567890123456789012345678')::DECIMAL(38,38)", "-0.12345678901234567890123456789012345678");
    assert_json(state, "99999999999999999999999999999999999999::DECIMAL(38,0)", "99999999999999999999999999999999999999");
    assert_json(state, "[1234567890123456.78::DECIMAL(18,2)]::VARCHAR", "\"[1234567890123456.78]\"");
}

static void bytes_that_are_no_text_are_still_json(void **state) {
    assert_json(state, "'\\xFF'::BLOB", "\"(not valid UTF-8)\"");
    assert_json(state, "'abc'::BLOB", "\"abc\"");
}

static void all_rows_as_an_array(void **state) {
    CLEANUP(lake_result_freep) LakeResult *r = query(state, "SELECT a, NULLIF(a, 1) AS b FROM range(3) r(a) ORDER BY a");
    CLEANUP(json_freep) json_t *rows = NULL;
    Error err = {0};
    assert_int_equal(lake_rows_json(r, &rows, &err), 0);
    CLEANUP(free_text) char *text = json_text(rows);
    assert_string_equal(text, "[{\"a\":0,\"b\":0},{\"a\":1,\"b\":null},{\"a\":2,\"b\":2}]");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_of_all_sizes),
        cmocka_unit_test(reals_and_decimals),
        cmocka_unit_test(texts_and_blobs),
        cmocka_unit_test(null_reads_as_nothing),
        cmocka_unit_test(columns_have_names),
        cmocka_unit_test(rows_over_many_chunks_come_in_order),
        cmocka_unit_test(no_rows_are_no_rows),
        cmocka_unit_test(values_as_json),
        cmocka_unit_test(json_columns_are_values),
        cmocka_unit_test(numbers_keep_their_digits),
        cmocka_unit_test(bytes_that_are_no_text_are_still_json),
        cmocka_unit_test(all_rows_as_an_array),
    };
    return cmocka_run_group_tests(tests, empty_lake_up, lake_down);
}

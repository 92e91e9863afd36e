/* test_judge.c: what becomes of an event, case by case: as a row of Silver ("v=110"), or as all that it breaks
 * ("rule field 'value': reason", one a line). */
#include "../one_contract.h"
#include "../scratch.h"
#include "base/clock.h"
#include "base/files.h"
#include "judge/judge.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1795521600000000) /* 2026-11-24T12:00:00Z */
#define DAY INT64_C(86400000000)

/* ---- a contract with one property, and a judge of it ---- */

typedef struct Bench {
    Pipeline *pipeline;
    JudgeProgram *program;
    Judge *judge;
    const JudgeColumn *columns;
    size_t column_count;
    JudgeVector *vectors;
    JudgeVerdict verdict;
} Bench;

/* `properties`: of the payload, each in YAML's flow form on a line of its own. In the scratch folder. */
static void bench_open(Bench *b, const char *properties) {
    CLEANUP(buf_done) Buf contract = {0};
    Error err = {0};
    buf_add_str(&contract, ONE_CONTRACT);
    for (const char *line = properties; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
        buf_addf(&contract, "          - %.*s\n", (int)strcspn(line, "\n"), line);
    if (dir_make("contracts", &err) != 0 || file_write_atomic("contracts/t.odcs.yaml", contract.data, contract.len, &err) != 0 ||
        file_write_atomic("features.yaml", ONE_FEATURE, strlen(ONE_FEATURE), &err) != 0 ||
        pipeline_load_dir(".", &b->pipeline, &err) != 0 || judge_program_new(b->pipeline, &b->program, &err) != 0)
        fail_msg("%s", err.text);
    b->judge = judge_new(b->program);
    b->column_count = judge_columns(b->program, &b->columns);
    b->vectors = xcalloc(b->column_count, sizeof *b->vectors);
    for (size_t i = 0; i < b->column_count; i++)
        b->vectors[i] = (JudgeVector){xcalloc(JUDGE_ROWS, sizeof(Span)), xcalloc(JUDGE_ROWS / 64, sizeof(uint64_t))};
    judge_begin(b->judge, b->vectors);
}

static void bench_close(Bench *b) {
    for (size_t i = 0; i < b->column_count; i++) {
        free(b->vectors[i].data);
        free(b->vectors[i].valid);
    }
    free(b->vectors);
    judge_freep(&b->judge);
    judge_program_freep(&b->program);
    pipeline_freep(&b->pipeline);
}

static Span span(const char *text) {
    return (Span){text, text != NULL ? strlen(text) : 0};
}

/* A good event of type T with this payload. */
static JudgeInput event(const char *payload) {
    JudgeInput in = {.id = span("1"),
                     .source = span("s"),
                     .type = span("T"),
                     .entity_id = span("SUB-1"),
                     .has_time = true,
                     .has_quality = true,
                     .time_us = NOW,
                     .quality = 90,
                     .message_us = NOW,
                     .ingested_us = NOW,
                     .payload = span(payload)};
    in.payload_bytes = in.payload.len;
    return in;
}

static void add_value(Buf *out, const Bench *b, size_t column, size_t row) {
    const void *data = b->vectors[column].data;
    switch (b->columns[column].store) {
    case JUDGE_INT8: buf_addf(out, "%d", ((const int8_t *)data)[row]); break;
    case JUDGE_INT16: buf_addf(out, "%d", ((const int16_t *)data)[row]); break;
    case JUDGE_INT32: buf_addf(out, "%d", ((const int32_t *)data)[row]); break;
    case JUDGE_INT64: buf_addf(out, "%" PRId64, ((const int64_t *)data)[row]); break;
    case JUDGE_BOOL: buf_add_str(out, ((const bool *)data)[row] ? "true" : "false"); break;
    case JUDGE_TEXT: buf_add(out, ((const Span *)data)[row].at, ((const Span *)data)[row].len); break;
    }
}

static bool has_value(const Bench *b, size_t column, size_t row) {
    return b->vectors[column].valid[row / 64] >> (row % 64) & 1;
}

static void add_span(Buf *out, Span text) {
    buf_add(out, text.at != NULL ? text.at : "(absent)", text.at != NULL ? text.len : 8);
}

/* What became of an event, in words; the caller frees. */
static char *outcome(Bench *b, const JudgeInput *in, size_t row) {
    Buf out = {0};
    bool clean = judge_event(b->judge, in, row, &b->verdict);
    assert_int_equal(clean, b->verdict.violation_count == 0);
    for (size_t i = 0; i < b->column_count; i++) {
        if (!has_value(b, i, row)) continue;
        assert_true(clean);
        buf_addf(&out, "%s%s=", out.len > 0 ? " " : "", b->columns[i].name);
        add_value(&out, b, i, row);
    }
    for (size_t i = 0; i < b->verdict.violation_count; i++) {
        const JudgeViolation *v = &b->verdict.violations[i];
        buf_addf(&out, "%s%s ", out.len > 0 ? "\n" : "", v->rule);
        add_span(&out, v->field);
        buf_add_str(&out, v->value.at != NULL ? " '" : " ");
        add_span(&out, v->value);
        buf_add_str(&out, v->value.at != NULL ? "': " : ": ");
        add_span(&out, v->reason);
    }
    return buf_take(&out);
}

static void expect_event(Bench *b, const JudgeInput *in, const char *expected) {
    CLEANUP(free_text) char *found = outcome(b, in, 7);
    if (strcmp(found, expected) != 0) fail_msg("%.*s\n%s\ninstead of\n%s", (int)in->payload.len, in->payload.at, found, expected);
}

typedef struct Case {
    const char *value, *expected; /* JSON; the outcome */
} Case;

/* Each value of the property v in three spellings: compact, with blanks, with a sibling that the contract does not know. */
static void expect_values(const char *property, const Case *cases, size_t count) {
    static const char *const spellings[] = {"{\"v\":%s}", " { \"v\" :\n %s\t}\r\n", "{\"v\":%s,\"zz\":1}", "{\"zz\":[1],\"\\u0076\":%s}"};
    Bench b = {0};
    bench_open(&b, property);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < ARRAY_LEN(spellings); k++) {
            CLEANUP(buf_done) Buf payload = {0};
            const char *at = strstr(spellings[k], "%s");
            buf_add(&payload, spellings[k], (size_t)(at - spellings[k]));
            buf_add_str(&payload, cases[i].value);
            buf_add_str(&payload, at + 2);
            JudgeInput in = event(payload.data);
            expect_event(&b, &in, cases[i].expected);
            judge_begin(b.judge, b.vectors);
        }
    bench_close(&b);
}

/* ---- values ---- */

static void numbers_are_exact_or_refused(void **state) {
    (void)state;
    static const Case money[] = {
        {"70368744177664.01", "v=7036874417766401"},
        {"1234567890123456.78", "v=123456789012345678"},
        {"\"70368744177664.01\"", "v=7036874417766401"},
        {"1.1000", "v=110"},
        {"1.10e0", "v=110"},
        {"1e2", "v=10000"},
        {"-0.0", "v=0"},
        {"0e400", "v=0"},
        {"100000000000000.129", "scale v '100000000000000.129': must have at most 2 decimals"},
        {"1.10000000000000000001", "scale v '1.10000000000000000001': must have at most 2 decimals"},
        {"1e-400", "scale v '1e-400': must have at most 2 decimals"},
        {"9999999999999999.99", "v=999999999999999999"},
        {"10000000000000000", "range v '10000000000000000': does not fit DECIMAL(18,2)"},
        {"1e400", "range v '1e400': does not fit DECIMAL(18,2)"},
        {"\"1e2\"", "type v '1e2': must be a number, not a text"},
        {"\"\"", "type v '': must be a number, not a text"},
        {"true", "type v 'true': must be a number, not true or false"},
        {"[1, 2]", "type v '[1, 2]': must be a number, not a list"},
        {"{\"a\": 1.50}", "type v '{\"a\": 1.50}': must be a number, not an object"},
        {"null", "required v (absent): is missing"},
    };
    static const Case fine[] = {{"0.00000001", "v=1"},
                                {"123456789.123456789", "scale v '123456789.123456789': must have at most 8 decimals"}};
    expect_values("{name: v, logicalType: number, physicalType: \"DECIMAL(18,2)\", physicalName: v, required: true}", money,
                  ARRAY_LEN(money));
    expect_values("{name: v, logicalType: number, physicalType: \"DECIMAL(18,8)\", physicalName: v}", fine, ARRAY_LEN(fine));
}

static void integers_are_whole_numbers(void **state) {
    (void)state;
    static const Case cases[] = {
        {"12", "v=12"},
        {"\"12\"", "v=12"},
        {"-0", "v=0"},
        {"12.0", "v=12"},
        {"1e2", "v=100"},
        {"1200e-2", "v=12"},
        {"-2147483648", "v=-2147483648"},
        {"2147483648", "range v '2147483648': does not fit INTEGER"},
        {"\"2147483648\"", "range v '2147483648': does not fit INTEGER"},
        {"1e40", "range v '1e40': does not fit INTEGER"},
        {"12.5", "type v '12.5': must be an integer, not a number with decimals"},
        {"1e-1", "type v '1e-1': must be an integer, not a number with decimals"},
        {"\"12.0\"", "type v '12.0': must be an integer, not a text"},
        {"\"+1\"", "type v '+1': must be an integer, not a text"},
        {"\"\\u0661\"", "type v '\xD9\xA1': must be an integer, not a text"},
        {"null", ""},
    };
    expect_values("{name: v, logicalType: integer, physicalName: v}", cases, ARRAY_LEN(cases));
}

static void limits_are_compared_exactly(void **state) {
    (void)state;
    static const Case between[] = {
        {"0.01", "v=1"},
        {"0", "range v '0': must be at least 0.005"},
        {"0.99", "v=99"},
        {"1", "range v '1': must be below 0.995"},
        {"-7", "range v '-7': must be at least 0.005"},
    };
    static const Case wide[] = {
        {"-1234567890123456.78", "v=-123456789012345678"},
        {"-1234567890123456.79", "range v '-1234567890123456.79': must be at least -1234567890123456.78"},
        {"70368744177664.00", "v=7036874417766400"},
        {"70368744177664.01", "range v '70368744177664.01': must be below 70368744177664.01"},
    };
    static const Case any[] = {{"9223372036854775807", "v=9223372036854775807"}, {"-9223372036854775808", "v=-9223372036854775808"}};
    static const Case none[] = {{"9223372036854775807", "range v '9223372036854775807': must be at least 18446744073709551615"}};
    static const Case digits[] = {{"1234567890123456.78", "v=123456789012345678"},
                                  {"0.50", "v=50"},
                                  {"1", "v=100"},
                                  {"1234567890123456.79",
                                   "allowed_values v '1234567890123456.79': must be one of 1234567890123456.78, 0.5, 1.0, "
                                   "0.0000000000000000000000000000000000000001"}};
    static const Case listed[] = {
        {"1.5", "v=15"}, {"1.50", "v=15"}, {"2e0", "v=20"}, {"1.4", "allowed_values v '1.4': must be one of 1.5, 2, 0.25"}};
    expect_values("{name: v, logicalType: number, physicalType: \"DECIMAL(9,2)\", physicalName: v, logicalTypeOptions: {minimum: 0.005, "
                  "exclusiveMaximum: 0.995}}",
                  between, ARRAY_LEN(between));
    expect_values("{name: v, logicalType: number, physicalType: \"DECIMAL(18,2)\", physicalName: v, logicalTypeOptions: {minimum: "
                  "-1234567890123456.78, exclusiveMaximum: 7.036874417766401e13}}",
                  wide, ARRAY_LEN(wide));
    expect_values(
        "{name: v, logicalType: integer, physicalType: BIGINT, physicalName: v, logicalTypeOptions: {minimum: -1.7976931348623157e308, "
        "exclusiveMaximum: 18446744073709551616}}",
        any, ARRAY_LEN(any));
    expect_values(
        "{name: v, logicalType: integer, physicalType: BIGINT, physicalName: v, logicalTypeOptions: {minimum: 18446744073709551615}}", none,
        ARRAY_LEN(none));
    expect_values(
        "{name: v, logicalType: number, physicalType: \"DECIMAL(18,2)\", physicalName: v, quality: [{metric: invalidValues, mustBe: 0, "
        "arguments: {validValues: [1234567890123456.78, .5, +1., 1e-40]}}]}",
        digits, ARRAY_LEN(digits));
    expect_values(
        "{name: v, logicalType: number, physicalType: \"DECIMAL(9,1)\", physicalName: v, quality: [{metric: invalidValues, mustBe: 0, "
        "arguments: {validValues: [1.5, 2, 0.25]}}]}",
        listed, ARRAY_LEN(listed));
}

static void texts_are_judged_by_character(void **state) {
    (void)state;
    static const Case cases[] = {
        {"\"abc\"", "v=abc"},
        {"\"\\u0061b\\u0063\"", "v=abc"},
        {"\"\\u00e9\\u00e9\\ud83d\\ude00\"", "v=\xC3\xA9\xC3\xA9\xF0\x9F\x98\x80"},
        {"\"a\\\\\"", "v=a\\"},
        {"\"\\\\\\\"\"", "v=\\\""},
        {"\"a\"", "length v 'a': must have at least 2 characters"},
        {"\"abcde\"", "length v 'abcde': must have at most 4 characters"},
        {"\"Ab\"", "pattern v 'Ab': must match ^[^A]"},
        {"7", "type v '7': must be a text, not a number"},
        {"{}", "type v '{}': must be a text, not an object"},
        {"false", "type v 'false': must be a text, not true or false"},
    };
    expect_values("{name: v, logicalType: string, physicalName: v, logicalTypeOptions: {minLength: 2, maxLength: 4, pattern: \"^[^A]\"}}",
                  cases, ARRAY_LEN(cases));
}

static void a_pattern_that_takes_too_long_is_a_violation(void **state) {
    (void)state;
    CLEANUP(free_text) char *text = xmalloc(203);
    memset(text, 'x', 202);
    text[0] = text[201] = '"';
    text[202] = '\0';
    CLEANUP(free_text)
    char *expected =
        xasprintf("pattern v '%.*s': is too long, or takes too many steps, to be matched against ^(x+x+)+y?[0-9]", 200, text + 1);
    Case cases[] = {{text, expected}};
    expect_values("{name: v, logicalType: string, physicalName: v, logicalTypeOptions: {pattern: \"^(x+x+)+y?[0-9]\"}}", cases, 1);
}

static void times_have_one_list_of_forms(void **state) {
    (void)state;
    static const Case timestamps[] = {
        {"\"2026-11-24T12:00:00Z\"", "v=1795521600000000"},
        {"\"2026-11-24t14:00+02:00\"", "v=1795521600000000"},
        {"\"2026-11-24T12:00:00.123456789Z\"", "v=1795521600123456"},
        {"\"2026-11-24\"", "v=1795478400000000"},
        {"\"2026-11-20T10:00:00+99:99\"", "impossible_time v '2026-11-20T10:00:00+99:99': must be at most 14 hours from UTC"},
        {"\"2026-11-20T10:00:00+14:01\"", "impossible_time v '2026-11-20T10:00:00+14:01': must be at most 14 hours from UTC"},
        {"\"0000-01-01T00:00:00Z\"", "impossible_time v '0000-01-01T00:00:00Z': must be in the years 0001 to 9999"},
        {"\"2026-11-31T00:00:00Z\"", "impossible_time v '2026-11-31T00:00:00Z': is a day that there is not"},
        {"\"2026-11-24T23:59:60Z\"", "impossible_time v '2026-11-24T23:59:60Z': is a time of day that there is not"},
        {"\"10000-01-01T00:00:00Z\"", "type v '10000-01-01T00:00:00Z': must be a timestamp as 2026-11-24T10:15:00Z"},
        {"\"2026-11-24 12:00:00 UTC\"", "type v '2026-11-24 12:00:00 UTC': must be a timestamp as 2026-11-24T10:15:00Z"},
        {"1795521600", "type v '1795521600': must be a timestamp, not a number"},
    };
    static const Case dates[] = {
        {"\"2026-11-24\"", "v=20781"},
        {"\"9999-12-31\"", "v=2932896"},
        {"\"0001-01-01\"", "v=-719162"},
        {"\"20261124\"", "type v '20261124': must be a date as 2026-11-24"},
        {"\"2026-2-3\"", "type v '2026-2-3': must be a date as 2026-11-24"},
        {"\"2026-11-24T00:00:00Z\"", "type v '2026-11-24T00:00:00Z': must be a date as 2026-11-24"},
        {"\"2026-02-29\"", "impossible_time v '2026-02-29': is a day that there is not"},
        {"20261124", "type v '20261124': must be a date, not a number"},
    };
    static const Case epochs[] = {
        {"1795508100500", "v=1795508100500000"},
        {"1795508100500.25", "v=1795508100500250"},
        {"\"1795508100500\"", "v=1795508100500000"},
        {"1e15", "impossible_time v '1e15': must be in the years 0001 to 9999 as a number of milliseconds since 1970"},
        {"\"2026-11-24\"", "type v '2026-11-24': must be a number of milliseconds since 1970"},
        {"true", "type v 'true': must be a timestamp, not true or false"},
        {"null", ""},
    };
    static const Case nanoseconds[] = {
        {"1795508100123456789", "v=1795508100123456"},
        {"\"1795508100123456789\"", "v=1795508100123456"},
        {"1.795508100123456789e18", "v=1795508100123456"},
        {"-1", "v=-1"},
        {"1e30", "impossible_time v '1e30': must be in the years 0001 to 9999 as a number of nanoseconds since 1970"},
        {"\"now\"", "type v 'now': must be a number of nanoseconds since 1970"},
    };
    expect_values("{name: v, logicalType: timestamp, physicalName: v, transformLogic: epoch_ns}", nanoseconds, ARRAY_LEN(nanoseconds));
    expect_values("{name: v, logicalType: timestamp, physicalName: v}", timestamps, ARRAY_LEN(timestamps));
    expect_values("{name: v, logicalType: timestamp, physicalName: v, transformLogic: epoch_ms}", epochs, ARRAY_LEN(epochs));
    expect_values("{name: v, logicalType: date, physicalName: v}", dates, ARRAY_LEN(dates));
}

static void objects_and_arrays_are_of_their_type_and_keep_their_text(void **state) {
    (void)state;
    static const Case objects[] = {
        {"{\"k\":1}", "v={\"k\":1}"},
        {"{ \"a\" : 12345678901234567.89, \"b\":[1e3] }", "v={ \"a\" : 12345678901234567.89, \"b\":[1e3] }"},
        {"\"text\"", "type v 'text': must be an object, not a text"},
        {"7", "type v '7': must be an object, not a number"},
        {"[ ]", "type v '[ ]': must be an object, not a list"},
        {"{\"a\":{\"b\":1,\"c\":2,\"b\":[3]}}", "repeated_field v.a.b '[3]': is there more than once"},
    };
    static const Case arrays[] = {
        {"[1, {\"a\" :2}]", "v=[1, {\"a\" :2}]"},
        {"{\"k\":1}", "type v '{\"k\":1}': must be a list, not an object"},
        {"true", "type v 'true': must be a list, not true or false"},
        {"[0,[{\"x\":1},{\"y\":0,\"y\":\"z\"}]]", "repeated_field v[1][1].y 'z': is there more than once"},
    };
    expect_values("{name: v, logicalType: object, physicalName: v}", objects, ARRAY_LEN(objects));
    expect_values("{name: v, logicalType: array, physicalName: v}", arrays, ARRAY_LEN(arrays));
}

static void what_is_nested_has_rules_of_its_own(void **state) {
    (void)state;
    static const Case place[] = {
        {"{\"lat\":-15.41666666666666666667}", "v={\"lat\":-15.41666666666666666667}"},
        {"{\"lat\":\"12\",\"floor\":3e0, \"x\":{\"y\":1,\"y\":1}}", "v={\"lat\":\"12\",\"floor\":3e0, \"x\":{\"y\":1,\"y\":1}}"},
        {"{\"floor\":\"x\"}", "required v.lat (absent): is missing\ntype v.floor 'x': must be an integer, not a text"},
        {"{\"lat\":90.0000000000000000001}", "range v.lat '90.0000000000000000001': must be at most 90"},
        {"{\"lat\":1,\"lat\":2}", "repeated_field v.lat '2': is there more than once"},
        {"{\"lat\":1,\"q\":1,\"q\":2}", "repeated_field v.q '2': is there more than once"},
    };
    static const Case items[] = {
        {"[]", "v=[]"},
        {"[{\"sku\":\"a\"}, {\"sku\" : \"b\",\"qty\":1.5}]", "v=[{\"sku\":\"a\"}, {\"sku\" : \"b\",\"qty\":1.5}]"},
        {"[{\"sku\":\"a\"},{\"sku\":7},null,{\"qty\":1.25,\"sku\":\"b\"}]",
         "type v[1].sku '7': must be a text, not a number\nrequired v[2] (absent): is missing\nscale v[3].qty '1.25': must have at most 1 "
         "decimal"},
        {"[ \"x\" ]", "type v[0] 'x': must be an object, not a text"},
    };
    expect_values(
        "{name: v, logicalType: object, physicalName: v, properties: [{name: lat, logicalType: number, required: true, logicalTypeOptions: "
        "{minimum: -90, maximum: 90}}, {name: floor, logicalType: integer}]}",
        place, ARRAY_LEN(place));
    expect_values(
        "{name: v, logicalType: array, physicalName: v, items: {logicalType: object, required: true, properties: [{name: sku, logicalType: "
        "string, required: true}, {name: qty, logicalType: number, physicalType: \"DECIMAL(4,1)\"}]}}",
        items, ARRAY_LEN(items));
}

static void any_name_will_do(void **state) {
    (void)state;
    static const char *const names[] = {"*", "object", "a.b", "$", "[0]", "v v"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(free_text) char *property = xasprintf("{name: \"%s\", logicalType: string, physicalName: object}", names[i]);
        CLEANUP(free_text) char *payload = xasprintf("{\"zz\":1,\"%s\":\"a\"}", names[i]);
        Bench b = {0};
        bench_open(&b, property);
        JudgeInput in = event(payload);
        expect_event(&b, &in, "object=a");
        bench_close(&b);
    }
}

/* ---- the payload ---- */

static void a_key_that_is_there_twice_is_ambiguous(void **state) {
    (void)state;
    Bench b = {0};
    bench_open(&b, "{name: v, logicalType: integer, physicalName: v}\n{name: w, logicalType: integer, physicalName: w, required: true}");
    static const Case cases[] = {
        {"{\"v\":1,\"v\":2,\"w\":1}", "repeated_field v '2': is there more than once"},
        {"{\"v\":null,\"w\":1,\"v\":null}", "repeated_field v 'null': is there more than once"},
        {"{\"v\":1,\"\\u0076\":1}", "repeated_field v '1': is there more than once\nrequired w (absent): is missing"},
        {"{\"x\":{\"y\":1,\"y\":2},\"w\":1}", "w=1"}, /* what is in an unknown field is nobody's */
        {"{\"b\":1,\"a\":1,\"w\":1,\"a\":[ 2 ],\"b\":3}", "repeated_field a '[ 2 ]': is there more than once"},
        {"{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"9\":1,\"w\":1,\"7\":\"again\",\"2\":0}",
         "repeated_field 7 'again': is there more than once"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        JudgeInput in = event(cases[i].value);
        expect_event(&b, &in, cases[i].expected);
    }
    bench_close(&b);
}

static void what_is_no_object_is_no_payload(void **state) {
    (void)state;
    Bench b = {0};
    bench_open(&b, "{name: v, logicalType: integer, physicalName: v, required: true}");
    static const Case cases[] = {
        {"[]", "type payload '[]': must be a JSON object"},
        {"7", "type payload '7': must be a JSON object"},
        {"\"{}\"", "type payload '\"{}\"': must be a JSON object"},
        {"nonsense", "type payload 'nonsense': must be a JSON object"},
        {"", "type payload '': must be a JSON object"},
        {"{}", "required v (absent): is missing"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        JudgeInput in = event(cases[i].value);
        expect_event(&b, &in, cases[i].expected);
    }
    JudgeInput none = event(NULL);
    expect_event(&b, &none, "required payload (absent): is missing");
    none.type = span("CDR");
    expect_event(&b, &none, "unknown_type type 'CDR': no contract has this event type");
    none.type = (Span){0};
    expect_event(&b, &none, "unknown_type type (absent): no contract has this event type");
    bench_close(&b);
}

/* `open` and `close` around nothing, `levels` times. */
static char *nested(const char *open, const char *close, int levels) {
    Buf out = {0};
    buf_add_str(&out, "{\"v\":1,\"x\":");
    for (int i = 0; i < levels; i++) buf_add_str(&out, open);
    buf_add_str(&out, "0");
    for (int i = 0; i < levels; i++) buf_add_str(&out, close);
    buf_add_char(&out, '}');
    return buf_take(&out);
}

static void expect_rule(Bench *b, const char *payload, const char *rule) {
    JudgeInput in = event(payload);
    bool clean = judge_event(b->judge, &in, 0, &b->verdict);
    if (rule == NULL ? !clean : clean || strcmp(b->verdict.violations[0].rule, rule) != 0 || b->verdict.violation_count != 1)
        fail_msg("%.60s...: %s instead of %s", payload, clean ? "clean" : b->verdict.violations[0].rule, rule != NULL ? rule : "clean");
    if (!clean) assert_true(b->verdict.violations[0].value.len <= 200);
    judge_begin(b->judge, b->vectors);
}

static char *wide(int keys) {
    Buf out = {0};
    buf_add_str(&out, "{\"v\":1,\"x\":{");
    for (int i = 0; i < keys; i++) buf_addf(&out, "%s\"k%d\":0", i > 0 ? "," : "", i);
    buf_add_str(&out, "}}");
    return buf_take(&out);
}

static char *long_list(int values) {
    Buf out = {0};
    buf_add_str(&out, "{\"v\":1,\"x\":[0");
    for (int i = 1; i < values; i++) buf_add_str(&out, ",0");
    buf_add_str(&out, "]}");
    return buf_take(&out);
}

static void no_message_is_too_much(void **state) {
    (void)state;
    Bench b = {0};
    bench_open(&b, "{name: v, logicalType: integer, physicalName: v, required: true}");
    CLEANUP(free_text) char *deep = nested("[", "]", 99), *deeper = nested("[", "]", 100), *deepest = nested("{\"a\":", "}", 500000);
    CLEANUP(free_text) char *broad = wide(10000), *broader = wide(10001), *broadest = wide(100000);
    CLEANUP(free_text) char *many = long_list(1000000 - 5), *more = long_list(1000000 - 4), *most = long_list(8000000);
    CLEANUP(buf_done) Buf large = {0};
    expect_rule(&b, deep, NULL);
    expect_rule(&b, deeper, "too_deep");
    expect_rule(&b, deepest, "too_many_values");
    expect_rule(&b, broad, NULL);
    expect_rule(&b, broader, "too_many_keys");
    expect_rule(&b, broadest, "too_many_keys");
    expect_rule(&b, many, NULL);
    expect_rule(&b, more, "too_many_values");
    expect_rule(&b, most, "too_many_values");
    buf_add_str(&large, "{\"v\":1,\"x\":\"");
    memset(buf_reserve(&large, 16 << 20), 'x', 16 << 20);
    large.len = (16 << 20) - 2;
    buf_add_str(&large, "\"}");
    expect_rule(&b, large.data, NULL);
    large.data[large.len - 1] = ' ';
    buf_add_char(&large, '}');
    expect_rule(&b, large.data, "too_large");
    bench_close(&b);
}

/* Of a message that is too large its beginning is enough. */
static void a_large_message_need_not_be_there(void **state) {
    (void)state;
    Bench b = {0};
    bench_open(&b, "{name: v, logicalType: integer, physicalName: v, required: true}");
    JudgeInput in = event("{\"v\":1,\"x\":\"aaa");
    in.payload_bytes = 20 << 20;
    expect_event(&b, &in, "too_large payload '{\"v\":1,\"x\":\"aaa': must have at most 16777216 bytes");
    in = event("{\"v\":1}");
    in.extra = span("{\"trace\":\"aaa");
    in.extra_bytes = 20 << 20;
    expect_event(&b, &in, "too_large extra_fields '{\"trace\":\"aaa': must have at most 16777216 bytes");
    bench_close(&b);
}

static void findings_are_bounded(void **state) {
    (void)state;
    Bench b = {0};
    CLEANUP(buf_done) Buf payload = {0};
    bench_open(&b, "{name: v, logicalType: array, physicalName: v, items: {logicalType: integer}}");
    buf_add_str(&payload, "{\"v\":[true");
    for (int i = 0; i < 200000; i++) buf_add_str(&payload, ",true");
    buf_add_char(&payload, ']');
    for (int i = 0; i < 5000; i++) buf_addf(&payload, ",\"k%d\":0", i);
    buf_add_char(&payload, '}');
    JudgeInput in = event(payload.data);
    assert_false(judge_event(b.judge, &in, 0, &b.verdict));
    assert_int_equal(b.verdict.violation_count, JUDGE_FINDINGS_MAX);
    assert_int_equal(b.verdict.drift_count, JUDGE_FINDINGS_MAX);
    assert_memory_equal(b.verdict.violations[999].field.at, "v[999]", 6);
    bench_close(&b);
}

/* ---- the envelope ---- */

static void ids_have_their_characters(void **state) {
    (void)state;
    static const Case subscribers[] = {
        {"{\"k\":1}", "type subscriber_id '{\"k\":1}': must be a text, not an object"},
        {"{k}", "v=1"}, /* braces alone make no object of a text */
        {"[]", "type subscriber_id '[]': must be a text, not a list"},
        {"true", "v=1"},
        {"12345", "v=1"},
        {"", "v=1"},
        {"sub-\xC3\xA9 1", "v=1"},
        {"a\x1B[2J", "characters subscriber_id 'a\x1B[2J': must not have control characters (U+001B)"},
        {"a\x7F", "characters subscriber_id 'a\x7F': must not have control characters (U+007F)"},
        {"a\xC2\x85", "characters subscriber_id 'a\xC2\x85': must not have control characters (U+0085)"},
        {"\xE2\x80\xA8", "characters subscriber_id '\xE2\x80\xA8': must not have control characters (U+2028)"},
        {"\xE2\x80\xAE"
         "1",
         "characters subscriber_id '\xE2\x80\xAE"
         "1': must not have characters that change the direction of text (U+202E)"},
        {"\xE2\x80\x8D", "v=1"}, /* a joiner */
    };
    Bench b = {0};
    bench_open(&b, "{name: v, logicalType: integer, physicalName: v}");
    for (size_t i = 0; i < ARRAY_LEN(subscribers); i++) {
        JudgeInput in = event("{\"v\":1}");
        in.entity_id = span(subscribers[i].value);
        expect_event(&b, &in, subscribers[i].expected);
    }
    JudgeInput in = event("{\"v\":1}");
    in.id = span("a\nb");
    in.source = (Span){0};
    in.entity_not_nfc = true;
    expect_event(&b, &in,
                 "characters id 'a\nb': must not have control characters (U+000A)\nrequired source (absent): is missing\n"
                 "characters subscriber_id 'SUB-1': must be in Unicode's form NFC");
    bench_close(&b);
}

static void an_id_has_at_most_256_characters(void **state) {
    (void)state;
    Bench b = {0};
    CLEANUP(buf_done) Buf id = {0};
    bench_open(&b, "{name: v, logicalType: integer, physicalName: v}");
    for (int i = 0; i < 256; i++) buf_add_str(&id, "\xC3\xA9");
    JudgeInput in = event("{\"v\":1}");
    in.id = span(id.data);
    expect_event(&b, &in, "v=1");
    buf_add_char(&id, 'x');
    in.id = span(id.data);
    assert_false(judge_event(b.judge, &in, 0, &b.verdict));
    assert_string_equal(b.verdict.violations[0].rule, "length");
    assert_int_equal(b.verdict.violations[0].value.len, 400); /* the first 200 characters */
    bench_close(&b);
}

/* What was sent instead of a text or an integer comes with the unknown fields, under its own name. */
static void what_does_not_fit_its_column_is_judged_as_it_came(void **state) {
    (void)state;
    static const Case extras[] = {
        {"{\"subscriber_id\":{\"k\": 1},\"quality_score\":90.0}", "type subscriber_id '{\"k\": 1}': must be a text, not an object"},
        {"{\"subscriber_id\":true,\"quality_score\":9e1}", "type subscriber_id 'true': must be a text, not true or false"},
        {"{\"subscriber_id\":1e3,\"quality_score\":87.5}", "type subscriber_id '1e3': must be a text, not a number\ntype quality_score "
                                                           "'87.5': must be an integer, not a number with decimals"},
        {"{\"subscriber_id\":null,\"quality_score\":\"high\"}",
         "required subscriber_id (absent): is missing\ntype quality_score 'high': must be an integer, not a text"},
        {"{\"quality_score\":90.0,\"x\":1,\"x\":2}",
         "required subscriber_id (absent): is missing\nrepeated_field x '2': is there more than once"},
    };
    Bench b = {0};
    bench_open(&b, "{name: v, logicalType: integer, physicalName: v}");
    for (size_t i = 0; i < ARRAY_LEN(extras); i++) {
        JudgeInput in = event("{\"v\":1}");
        in.extra = span(extras[i].value);
        in.extra_bytes = in.extra.len;
        in.entity_id = (Span){0};
        in.has_quality = false;
        expect_event(&b, &in, extras[i].expected);
    }
    JudgeInput in = event("{\"v\":1}");
    in.extra = span("{\"quality_score\":900e-1,\"region\" : [ 1 ] }");
    in.extra_bytes = in.extra.len;
    in.has_quality = false;
    expect_event(&b, &in, "v=1");
    assert_true(b.verdict.has_quality && b.verdict.quality == 90);
    assert_int_equal(b.verdict.drift_count, 1);
    assert_string_equal(b.verdict.drift[0].kind, "unknown_envelope_field");
    assert_memory_equal(b.verdict.drift[0].value.at, "[ 1 ]", 5);
    bench_close(&b);
}

static void an_event_is_of_a_possible_time(void **state) {
    (void)state;
    static const struct {
        int64_t time_us, message_us, ingested_us;
        const char *expected;
    } cases[] = {
        {NOW + 366 * DAY, NOW, NOW, "v=1"},
        {NOW + 366 * DAY + 1, NOW, NOW,
         "impossible_time timestamp '2027-11-25 12:00:00.000001': must be at most 366 days after the message"},
        {NOW + 366 * DAY + 1, 0, NOW + 1, "v=1"}, /* a broker whose clock is wrong */
        {CLOCK_FIRST_US, NOW, NOW, "v=1"},
        {CLOCK_FIRST_US - 1, NOW, NOW, "impossible_time timestamp '0001-12-31 23:59:59.999999 (BC)': must be in the years 0001 to 9999"},
        {CLOCK_LAST_US + 1, INT64_MAX, NOW, "impossible_time timestamp '10000-01-01 00:00:00': must be in the years 0001 to 9999"},
        {INT64_MAX, NOW, NOW, "impossible_time timestamp '294247-01-10 04:00:54.775807': must be in the years 0001 to 9999"},
    };
    Bench b = {0};
    bench_open(&b, "{name: v, logicalType: integer, physicalName: v}");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        JudgeInput in = event("{\"v\":1}");
        in.time_us = cases[i].time_us;
        in.message_us = cases[i].message_us;
        in.ingested_us = cases[i].ingested_us;
        expect_event(&b, &in, cases[i].expected);
    }
    JudgeInput in = event("{\"v\":1}");
    in.has_time = in.has_quality = false;
    in.entity_id = (Span){0};
    expect_event(&b, &in,
                 "required subscriber_id (absent): is missing\nrequired timestamp (absent): is missing\nrequired quality_score (absent): "
                 "is missing");
    bench_close(&b);
}

/* ---- drift, rows, reports ---- */

static void drift_is_noted_beside_the_values(void **state) {
    (void)state;
    Bench b = {0};
    bench_open(
        &b, "{name: v, logicalType: integer, physicalName: v}\n{name: o, logicalType: array, physicalName: o, items: {logicalType: object, "
            "properties: [{name: n, logicalType: number}]}}");
    JudgeInput in = event("{\"v\":\"7\", \"new \\u00e9\": {\"a\" :1}, \"o\":[{\"n\":1},{\"n\":\"2.50\",\"x\":null}]}");
    expect_event(&b, &in, "v=7 o=[{\"n\":1},{\"n\":\"2.50\",\"x\":null}]");
    static const char *const expected[][3] = {{"unknown_field", "new \xC3\xA9", "{\"a\" :1}"},
                                              {"number_as_text", "v", "7"},
                                              {"unknown_field", "o[].x", "null"},
                                              {"number_as_text", "o[].n", "2.50"}};
    assert_int_equal(b.verdict.drift_count, ARRAY_LEN(expected));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        const JudgeDrift *d = &b.verdict.drift[i];
        assert_string_equal(d->kind, expected[i][0]);
        assert_int_equal(d->field.len, strlen(expected[i][1]));
        assert_memory_equal(d->field.at, expected[i][1], d->field.len);
        assert_int_equal(d->value.len, strlen(expected[i][2]));
        assert_memory_equal(d->value.at, expected[i][2], d->value.len);
    }
    bench_close(&b);
}

/* Texts live until the next chunk, those with escapes too; a row with a violation has no values. */
static void rows_of_a_chunk_do_not_disturb_each_other(void **state) {
    (void)state;
    static char payloads[JUDGE_ROWS][64];
    Bench b = {0};
    bench_open(&b, "{name: v, logicalType: string, physicalName: v}\n{name: w, logicalType: integer, physicalName: w}");
    for (int chunk = 0; chunk < 3; chunk++) {
        judge_begin(b.judge, b.vectors);
        for (int row = 0; row < JUDGE_ROWS; row++) {
            const char *escape = row % 2 ? "\\n" : "-";
            snprintf(payloads[row], sizeof payloads[row], "{\"v\":\"%d%stext\",\"w\":%s}", row + chunk, escape, row % 5 ? "1" : "true");
            JudgeInput in = event(payloads[row]);
            assert_int_equal(judge_event(b.judge, &in, (size_t)row, &b.verdict), row % 5 != 0);
        }
        for (int row = 0; row < JUDGE_ROWS; row++) {
            CLEANUP(free_text) char *expected = xasprintf("%d%stext", row + chunk, row % 2 ? "\n" : "-");
            assert_int_equal(has_value(&b, 0, (size_t)row), row % 5 != 0);
            assert_int_equal(has_value(&b, 1, (size_t)row), row % 5 != 0);
            const Span *text = (const Span *)b.vectors[0].data + row;
            if (row % 5 != 0 && (text->len != strlen(expected) || memcmp(text->at, expected, text->len) != 0))
                fail_msg("row %d of chunk %d", row, chunk);
        }
    }
    bench_close(&b);
}

static void violations_are_reported_as_json(void **state) {
    (void)state;
    Bench b = {0};
    bench_open(&b, "{name: v, logicalType: integer, physicalName: v}\n{name: w, logicalType: integer, physicalName: w, required: true}");
    JudgeInput in = event("{\"v\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\\u00e9\"}");
    assert_false(judge_event(b.judge, &in, 0, &b.verdict));
    Span report = judge_violations_json(b.judge, &b.verdict);
    static const char expected[] =
        "[{\"rule\":\"type\",\"field\":\"v\",\"value\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001F\x7F\xC3\xA9\",\"reason\":\"must be an "
        "integer, not a text\"},{\"rule\":\"required\",\"field\":\"w\",\"value\":null,\"reason\":\"is missing\"}]";
    assert_int_equal(report.len, strlen(expected));
    assert_memory_equal(report.at, expected, report.len);
    bench_close(&b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_up, scratch_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(numbers_are_exact_or_refused),
        TEST(integers_are_whole_numbers),
        TEST(limits_are_compared_exactly),
        TEST(texts_are_judged_by_character),
        TEST(a_pattern_that_takes_too_long_is_a_violation),
        TEST(times_have_one_list_of_forms),
        TEST(objects_and_arrays_are_of_their_type_and_keep_their_text),
        TEST(what_is_nested_has_rules_of_its_own),
        TEST(any_name_will_do),
        TEST(a_key_that_is_there_twice_is_ambiguous),
        TEST(what_is_no_object_is_no_payload),
        TEST(no_message_is_too_much),
        TEST(a_large_message_need_not_be_there),
        TEST(findings_are_bounded),
        TEST(ids_have_their_characters),
        TEST(an_id_has_at_most_256_characters),
        TEST(what_does_not_fit_its_column_is_judged_as_it_came),
        TEST(an_event_is_of_a_possible_time),
        TEST(drift_is_noted_beside_the_values),
        TEST(rows_of_a_chunk_do_not_disturb_each_other),
        TEST(violations_are_reported_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

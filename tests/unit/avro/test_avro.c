/* test_avro.c: bytes to JSON, type by type, and what is refused: every truncation, every limit. tests/avro compares with fastavro. */
#include "avro/avro.h"

#include "../fixture.h"
#include "base/clock.h"
#include <string.h>

static AvroSchema *schema_of(const char *text) {
    Error err = {0};
    AvroSchema *schema = NULL;
    must(avro_schema_parse(&(Span){text, strlen(text)}, 1, &schema, &err), &err);
    return schema;
}

/* The bytes of a text of hexadecimal digits, in a block of their own size, so that a sanitizer sees every byte beyond it. */
static char *bytes_of(const char *hex, size_t *ret_len) {
    static const char digits[] = "0123456789abcdef";
    *ret_len = strlen(hex) / 2;
    char *bytes = xmalloc(*ret_len > 0 ? *ret_len : 1);
    for (size_t i = 0; i < *ret_len; i++)
        bytes[i] = (char)((strchr(digits, hex[2 * i]) - digits) << 4 | (strchr(digits, hex[2 * i + 1]) - digits));
    return bytes;
}

typedef struct Case {
    const char *schema, *hex, *json; /* or the reason, without quotes and brackets */
} Case;

static void check_case(const Case *c) {
    CLEANUP(avro_schema_freep) AvroSchema *schema = schema_of(c->schema);
    CLEANUP(buf_done) Buf out = {0};
    size_t len;
    CLEANUP(free_text) char *bytes = bytes_of(c->hex, &len);
    const char *reject = avro_decode(schema, bytes, len, &out);
    const char *got = reject != NULL ? reject : out.data;
    if (strcmp(got, c->json) != 0) fail_msg("%s of %s is %s, not %s", c->hex, c->schema, got, c->json);
}

static const char decimal_of_bytes[] = "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":40,\"scale\":2}";

static void each_type_becomes_its_json(void **state) {
    (void)state;
    static const Case cases[] = {
        {"\"null\"", "", "null"},
        {"\"boolean\"", "01", "true"},
        {"\"int\"", "01", "-1"},
        {"\"int\"", "feffffff0f", "2147483647"},
        {"\"long\"", "ffffffffffffffffff01", "-9223372036854775808"},
        {"\"float\"", "cdcc8c3f", "1.1"},
        {"\"double\"", "c3f5285c8fc2f13f", "1.11"},
        {"\"double\"", "0000000000000080", "-0.0"},
        {"\"double\"", "000000000000f03f", "1.0"},
        {"\"bytes\"", "06ff00fe", "\"/wD+\""},
        {"\"bytes\"", "0466ff", "\"Zv8=\""},
        {"\"string\"", "0c61225c0a097a", "\"a\\\"\\\\\\u000a\\u0009z\""},
        {"\"string\"", "06e282ac", "\"€\""},
        {"\"string\"", "00", "\"\""},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}", "0102", "\"AQI=\""},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}", "02", "\"B\""},
        {"[\"null\",\"string\"]", "00", "null"},
        {"[\"null\",\"string\"]", "020261", "\"a\""},
        {"{\"type\":\"array\",\"items\":\"int\"}", "0602040600", "[1,2,3]"},
        {"{\"type\":\"array\",\"items\":\"int\"}", "030602040000", "not_avro"},
        {"{\"type\":\"array\",\"items\":\"int\"}", "0304020400", "[1,2]"},
        {"{\"type\":\"map\",\"values\":\"int\"}", "0402610202610400", "{\"a\":1,\"a\":2}"},
        {"{\"type\":\"map\",\"values\":\"null\"}", "00", "{}"},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[]}", "", "{}"},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"b\",\"type\":[\"null\",\"R\"]}]}",
         "02020400", "{\"a\":1,\"b\":{\"a\":2,\"b\":null}}"},
        {decimal_of_bytes, "0204", "0.04"},
        {decimal_of_bytes, "02ff", "-0.01"},
        {decimal_of_bytes, "00", "0.00"},
        {decimal_of_bytes, "0600007b", "1.23"},
        {decimal_of_bytes, "108000000000000000", "-92233720368547758.08"},
        {decimal_of_bytes, "12800000000000000000", "-23611832414348226068.48"},
        {decimal_of_bytes, "2200ffffffffffffffffffffffffffffffff", "3402823669209384634633746074317682114.55"},
        {"{\"type\":\"fixed\",\"name\":\"D\",\"size\":3,\"logicalType\":\"decimal\",\"precision\":5}", "fffffe", "-2"},
        {"{\"type\":\"fixed\",\"name\":\"U\",\"size\":16,\"logicalType\":\"uuid\"}", "00112233445566778899aabbccddeeff",
         "\"00112233-4455-6677-8899-aabbccddeeff\""},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":2,\"scale\":3}", "0201", "\"AQ==\""}, /* not valid: ignored */
        {"{\"type\":\"int\",\"logicalType\":\"date\"}", "00", "\"1970-01-01\""},
        {"{\"type\":\"int\",\"logicalType\":\"date\"}", "01", "\"1969-12-31\""},
        {"{\"type\":\"int\",\"logicalType\":\"date\"}", "feffffff0f", "2147483647"},
        {"{\"type\":\"int\",\"logicalType\":\"time-millis\"}", "02", "\"00:00:00.001\""},
        {"{\"type\":\"int\",\"logicalType\":\"time-millis\"}", "01", "-1"},
        {"{\"type\":\"long\",\"logicalType\":\"time-micros\"}", "02", "\"00:00:00.000001\""},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}", "02", "\"1970-01-01T00:00:00.001000Z\""},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}", "01", "\"1969-12-31T23:59:59.999999Z\""},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\"}", "01", "\"1969-12-31T23:59:59.999999999Z\""},
        {"{\"type\":\"long\",\"logicalType\":\"local-timestamp-millis\"}", "00", "\"1970-01-01T00:00:00.000000Z\""},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}", "ffffffffffffffffff01", "-9223372036854775808"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) check_case(&cases[i]);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    static const Case cases[] = {
        {"\"null\"", "00", "not_avro"},
        {"\"boolean\"", "02", "not_avro"},
        {"\"int\"", "8080808010", "not_avro"}, /* 2^31 */
        {"\"long\"", "ffffffffffffffffff02", "not_avro"},
        {"\"long\"", "ffffffffffffffffffff01", "not_avro"},
        {"\"string\"", "01", "not_avro"},
        {"\"string\"", "0461", "not_avro"},
        {"\"string\"", "026161", "not_avro"},
        {"\"float\"", "0000807f", "not_a_number"},
        {"\"double\"", "000000000000f87f", "not_a_number"},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}", "04", "not_avro"},
        {"[\"null\",\"string\"]", "01", "not_avro"},
        {"[]", "00", "not_avro"},
        {"{\"type\":\"array\",\"items\":\"null\"}", "feffffffffffffffff0100", "too_large"},
        {"{\"type\":\"array\",\"items\":\"null\"}", "ffffffffffffffffff010000", "not_avro"}, /* there is no such count */
        {"{\"type\":\"array\",\"items\":\"int\"}", "01", "not_avro"},
        {"{\"type\":\"array\",\"items\":\"int\"}", "010102", "not_avro"},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"R\"}]}", "", "too_deep"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) check_case(&cases[i]);
}

/* A long text, and then a list of nothing. */
static void values_are_counted(void **state) {
    (void)state;
    CLEANUP(avro_schema_freep)
    AvroSchema *s =
        schema_of("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"s\",\"type\":\"string\"},{\"name\":\"l\",\"type\":{"
                  "\"type\":\"array\",\"items\":\"null\"}}]}");
    CLEANUP(buf_done) Buf message = {0};
    CLEANUP(buf_done) Buf out = {0};
    buf_add(&message, "\x80\xea\x30", 3); /* 400,000 */
    for (int i = 0; i < 400000; i++) buf_add_char(&message, 'x');
    buf_add(&message, "\x80\x89\x7a\x00", 4); /* 1,000,000 */
    assert_string_equal(avro_decode(s, message.data, message.len, &out), "too_many_values");
    message.data[message.len - 2] = 0x79;
    buf_clear(&out);
    assert_null(avro_decode(s, message.data, message.len, &out));
}

/* A record whose keys are long, in a list of nothing else: few bytes, much JSON. */
static void what_grows_without_end_is_refused(void **state) {
    (void)state;
    CLEANUP(buf_done) Buf schema = {0};
    CLEANUP(buf_done) Buf out = {0};
    buf_add_str(&schema, "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"type\":\"null\",\"name\":\"");
    for (int i = 0; i < 10000; i++) buf_add_char(&schema, 'k');
    buf_add_str(&schema, "\"}]}}");
    CLEANUP(avro_schema_freep) AvroSchema *s = schema_of(schema.data);
    assert_string_equal(avro_decode(s, "\xfe\xff\xff\x07\x00", 5, &out), "too_large");
    assert_true(out.cap <= 4 * AVRO_JSON_FREE);
}

static const char everything[] =
    "{\"type\":\"record\",\"name\":\"a.b.R\",\"fields\":["
    "{\"name\":\"text\",\"type\":\"string\"},{\"name\":\"maybe\",\"type\":[\"null\",\"long\"]},{\"name\":\"list\",\"type\":{\"type\":\"array\","
    "\"items\":{\"type\":\"record\",\"name\":\"Inner\",\"fields\":[{\"name\":\"x\",\"type\":\"double\"},{\"name\":\"e\",\"type\":{\"type\":"
    "\"enum\",\"name\":\"E\",\"symbols\":[\"ON\",\"OFF\"]}}]}}},{\"name\":\"more\",\"type\":{\"type\":\"map\",\"values\":\"a.b.Inner\"}},"
    "{\"name\":\"last\",\"type\":\"E\"},{\"name\":\"money\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":9,\"scale\":2}}]}";

static void every_truncation_is_refused(void **state) {
    (void)state;
    static const char hex[] = "046162020a0324000000000000e03f00000000000000e0bf020002026b000000000000f03f0200020400ff";
    CLEANUP(avro_schema_freep) AvroSchema *schema = schema_of(everything);
    size_t len;
    CLEANUP(free_text) char *bytes = bytes_of(hex, &len);
    CLEANUP(buf_done) Buf out = {0};
    const char *reject = avro_decode(schema, bytes, len, &out);
    if (reject != NULL) fail_msg("%s after %s", reject, out.data);
    assert_string_equal(
        out.data, "{\"text\":\"ab\",\"maybe\":5,\"list\":[{\"x\":0.5,\"e\":\"ON\"},{\"x\":-0.5,\"e\":\"OFF\"}],\"more\":{\"k\":{\"x\":1.0,"
                  "\"e\":\"OFF\"}},\"last\":\"OFF\",\"money\":2.55}");
    for (size_t n = 0; n < len; n++) {
        char *cut = memcpy(xmalloc(n + 1), bytes, n);
        buf_clear(&out);
        reject = avro_decode(schema, cut, n, &out);
        free(cut);
        if (reject == NULL) fail_msg("%zu of %zu bytes are accepted as %s", n, len, out.data);
    }
}

static void schemas_that_cannot_be_used_say_why(void **state) {
    (void)state;
    static const struct {
        const char *schema, *about;
    } cases[] = {
        {"{", "its JSON"},
        {"7", "neither a name"},
        {"\"Event\"", "Event is not defined"},
        {"{\"name\":\"R\"}", "no \"type\""},
        {"{\"type\":\"record\",\"fields\":[]}", "no name"},
        {"{\"type\":\"record\",\"name\":\"R\"}", "no list of fields"},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"a\",\"type\":\"int\"}]}",
         "field a is there twice"},
        {"[{\"type\":\"fixed\",\"name\":\"F\",\"size\":1},{\"type\":\"fixed\",\"name\":\"F\",\"size\":1}]", "F is defined twice"},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}", "no possible size"},
        {"{\"type\":\"enum\",\"name\":\"E\"}", "no list of symbols"},
        {"{\"type\":\"array\"}", "has no items"},
        {"[\"int\",[\"null\"]]", "union"},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":900,\"scale\":900}", "900 digits"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        Error err = {0};
        AvroSchema *schema = NULL;
        assert_failed(avro_schema_parse(&(Span){cases[i].schema, strlen(cases[i].schema)}, 1, &schema, &err), ERR_DATA, cases[i].about,
                      &err);
    }
}

static void limits_of_schemas_hold(void **state) {
    (void)state;
    CLEANUP(buf_done) Buf deep = {0};
    CLEANUP(buf_done) Buf wide = {0};
    Error err = {0};
    AvroSchema *schema = NULL;
    for (int i = 0; i < 100; i++) buf_add_str(&deep, "{\"type\":\"array\",\"items\":");
    buf_add_str(&deep, "\"int\"");
    for (int i = 0; i < 100; i++) buf_add_char(&deep, '}');
    assert_failed(avro_schema_parse(&(Span){deep.data, deep.len}, 1, &schema, &err), ERR_DATA, "within each other", &err);
    buf_add_str(&wide, "[\"int\"");
    for (int i = 0; i < AVRO_SCHEMA_TYPES; i++) buf_add_str(&wide, ",\"int\"");
    buf_add_char(&wide, ']');
    assert_failed(avro_schema_parse(&(Span){wide.data, wide.len}, 1, &schema, &err), ERR_DATA, "more than 10000 types", &err);
}

static void names_belong_to_namespaces(void **state) {
    (void)state;
    static const char inner[] =
        "{\"type\":\"record\",\"name\":\"Money\",\"namespace\":\"com.shop\",\"aliases\":[\"Sum\"],\"fields\":[{\"name\":\"n\",\"type\":\"int\"}]}";
    static const char outer[] =
        "{\"type\":\"record\",\"name\":\"com.shop.Sale\",\"fields\":[{\"name\":\"a\",\"type\":\"Money\"},{\"name\":\"b\",\"type\":"
        "\"com.shop.Money\"},{\"name\":\"c\",\"aliases\":[\"old\"],\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"namespace\":\"x\",\"size\":1}},"
        "{\"name\":\"d\",\"type\":\"x.F\"}]}";
    const Span texts[] = {{inner, strlen(inner)}, {outer, strlen(outer)}};
    CLEANUP(avro_schema_freep) AvroSchema *schema = NULL;
    CLEANUP(buf_done) Buf out = {0};
    Error err = {0};
    must(avro_schema_parse(texts, 2, &schema, &err), &err);
    assert_null(avro_decode(schema, "\x02\x04\x06\x08", 4, &out));
    assert_string_equal(out.data, "{\"a\":{\"n\":1},\"b\":{\"n\":2},\"c\":\"Bg==\",\"d\":\"CA==\"}");
    assert_failed(avro_schema_parse(texts + 1, 1, &schema, &err), ERR_DATA, "com.shop.Money is not defined", &err);
}

/* What is written as a time is read as the same one by what reads envelopes. */
static void times_are_read_back(void **state) {
    (void)state;
    CLEANUP(avro_schema_freep) AvroSchema *schema = schema_of("{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}");
    CLEANUP(buf_done) Buf out = {0};
    for (int64_t us = CLOCK_FIRST_US; us <= CLOCK_LAST_US; us += 86399999 * INT64_C(1000003)) {
        unsigned char bytes[10];
        size_t n = 0;
        int64_t got;
        for (uint64_t z = (uint64_t)us << 1 ^ (uint64_t)(us >> 63);; z >>= 7) {
            bytes[n++] = (unsigned char)(z > 0x7F ? z | 0x80 : z);
            if (z <= 0x7F) break;
        }
        buf_clear(&out);
        assert_null(avro_decode(schema, (const char *)bytes, n, &out));
        assert_int_equal(clock_read((Span){out.data + 1, out.len - 2}, &got), CLOCK_READ);
        assert_true(got == us);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_becomes_its_json),  cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(values_are_counted),          cmocka_unit_test(what_grows_without_end_is_refused),
        cmocka_unit_test(every_truncation_is_refused), cmocka_unit_test(schemas_that_cannot_be_used_say_why),
        cmocka_unit_test(limits_of_schemas_hold),      cmocka_unit_test(names_belong_to_namespaces),
        cmocka_unit_test(times_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_envelope.c: what is taken from a message is what it said, byte by byte; times are those that DuckDB reads. The reasons of rejects
 * are in test_bronze.c's corpus. */
#include "ingest/envelope.h"

#include "../fixture.h"
#include "base/clock.h"
#include "base/memory.h"
#include "lake/lake.h"
#include <stdlib.h>
#include <string.h>

/* The message in a block of its own size, so that a sanitizer sees every byte beyond it. */
static char *copy_of(const char *text) {
    size_t len = strlen(text);
    return memcpy(xmalloc(len + (len == 0)), text, len);
}

static void assert_span(Span span, const char *expected) {
    if (expected == NULL) {
        assert_null(span.at);
        return;
    }
    if (span.at == NULL || span.len != strlen(expected) || memcmp(span.at, expected, span.len) != 0)
        fail_msg("'%.*s' instead of '%s'", (int)span.len, span.at != NULL ? span.at : "(absent)", expected);
}

typedef struct Case {
    const char *message, *payload, *extra;
} Case;

#define HEAD "{\"id\":\"a\",\"source\":\"s\""

static void payload_and_unknown_fields_are_the_bytes_that_came(void **state) {
    (void)state;
    static const Case cases[] = {
        {HEAD "}", NULL, NULL},
        {HEAD ",\"payload\":null}", NULL, NULL},
        {HEAD ",\"payload\":{\"bill\":1.10,\"n\":12345678901234567890.12}}", "{\"bill\":1.10,\"n\":12345678901234567890.12}", NULL},
        {HEAD ",\"payload\" :\t{ \"k\" : [1, null] } }\n", "{ \"k\" : [1, null] }", NULL},
        {HEAD ",\"payload\":\"a \\\"quoted\\\" \\u00e9\" }", "\"a \\\"quoted\\\" \\u00e9\"", NULL},
        {HEAD ",\"payload\":-1.50e3,\"x\":true}", "-1.50e3", "{\"x\":true}"},
        {"{\"payload\":[],\"id\":\"a\" , \"source\":\"s\"}", "[]", NULL},
        {HEAD ",\"x\" : 1.0 , \"payload\":{\"a\":\"}\"} , \"y\":[1, 2]}", "{\"a\":\"}\"}", "{\"x\" : 1.0,\"y\":[1, 2]}"},
        {HEAD ",\"x\":null,\"x\":2}", NULL, "{\"x\":null,\"x\":2}"},
        {HEAD ",\"\\\"odd\\\\\":\"v\",\"\":0}", NULL, "{\"\\\"odd\\\\\":\"v\",\"\":0}"},
        {HEAD ",\"Payload\":1}", NULL, "{\"Payload\":1}"},
        {"{\"id\":\"a\",\"source\":\"s\",\"\\u0070ayload\":[7]}", "[7]", NULL}, /* an escaped name is that name */
    };
    CLEANUP(envelope_parser_freep) EnvelopeParser *p = envelope_parser_new();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(free_text) char *message = copy_of(cases[i].message);
        Envelope e;
        envelope_parse(p, message, strlen(cases[i].message), &e);
        if (e.reject != NULL) fail_msg("%s: %s", e.reject, cases[i].message);
        assert_span(e.id, "a");
        assert_span(e.source, "s");
        assert_span(e.payload, cases[i].payload);
        assert_span(e.extra, cases[i].extra);
    }
}

static void texts_are_unescaped_and_numbers_keep_their_digits(void **state) {
    (void)state;
    static const char message[] =
        "{\"id\":1.10,\"source\":\"\\u00e9\\n\",\"type\":[1, 2],\"subscriber_id\":false,\"quality_score\":\"-7\"}";
    CLEANUP(envelope_parser_freep) EnvelopeParser *p = envelope_parser_new();
    Envelope e;
    envelope_parse(p, message, strlen(message), &e);
    assert_null(e.reject);
    assert_span(e.id, "1.10");
    assert_span(e.source, "\xc3\xa9\n");
    assert_span(e.type, "[1, 2]");
    assert_span(e.subscriber_id, "false");
    assert_true(e.has_quality && e.quality == -7);
    assert_false(e.has_time);
    assert_null(e.unusual_time.at);
}

static void a_field_that_comes_twice_is_ambiguous(void **state) {
    (void)state;
    static const char *const messages[] = {HEAD ",\"id\":\"b\"}", HEAD ",\"payload\":1,\"payload\":1}",
                                           HEAD ",\"type\":null,\"type\":\"BSS\"}"};
    CLEANUP(envelope_parser_freep) EnvelopeParser *p = envelope_parser_new();
    for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
        Envelope e;
        envelope_parse(p, messages[i], strlen(messages[i]), &e);
        assert_non_null(e.reject);
        assert_string_equal(e.reject, "repeated_field");
    }
}

/* Every prefix of a message, and the message with one byte changed: whatever it is then, nothing is read beyond it. */
static void broken_messages_are_read_within_their_bounds(void **state) {
    (void)state;
    static const char whole[] =
        HEAD ",\"timestamp\":\"2026-11-24T10:15:00.5+02:00\",\"payload\":{\"a\":\"\\u00e9\"},\"quality_score\":9,\"x\":[]}";
    CLEANUP(envelope_parser_freep) EnvelopeParser *p = envelope_parser_new();
    for (size_t len = 0; len < strlen(whole); len++) {
        CLEANUP(free_text) char *cut = xmalloc(len + (len == 0));
        Envelope e;
        memcpy(cut, whole, len);
        envelope_parse(p, cut, len, &e);
        assert_string_equal(e.reject, len == 0 ? "empty" : "not_json");
    }
    for (size_t at = 0; at < strlen(whole); at++) {
        for (int c = 0; c < 256; c += 3) {
            CLEANUP(free_text) char *changed = copy_of(whole);
            Envelope e;
            changed[at] = (char)c;
            envelope_parse(p, changed, strlen(whole), &e);
            assert_true(e.reject != NULL || e.id.len > 0);
        }
    }
}

/* ---- times ---- */

/* As an ordinary time it must be what DuckDB reads; as any other it goes to DuckDB as it is. */
static void assert_time(LakeConn *conn, EnvelopeParser *p, const char *text, bool ordinary) {
    CLEANUP(free_text) char *message = xasprintf(HEAD ",\"timestamp\":\"%s\"}", text);
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    LakeValue bound = lake_text(text);
    Envelope e;
    Error err = {0};
    envelope_parse(p, message, strlen(message), &e);
    assert_null(e.reject);
    if (e.has_time != ordinary) fail_msg("%s is %s ordinary time", text, e.has_time ? "an" : "no");
    if (!ordinary) {
        assert_span(e.unusual_time, text);
        return;
    }
    assert_null(e.unusual_time.at);
    must(lake_query(conn, "test", "SELECT epoch_us(TRY_CAST($1 AS TIMESTAMPTZ))", &bound, 1, &r, &err), &err);
    assert_int_equal(lake_next(r, &err), 1);
    if (lake_is_null(r, 0) || lake_col_int(r, 0) != e.time_us) fail_msg("DuckDB reads %s otherwise", text);
}

static void ordinary_times_are_what_duckdb_reads(void **state) {
    static const char *const ordinary[] = {"1970-01-01T00:00:00Z",        "2026-11-24T10:15:00.5+02:00", "2024-02-29 23:59:59.999999-11:30",
                                           "9999-12-31T23:59:59.999999Z", "2026-11-24T10:15:00+00:00",   "2000-03-01T00:00:00.000001Z",
                                           "2100-02-28T12:00:00+14:00",   "1970-01-01T00:00:00+01:00"};
    static const char *const others[] = {"soon",
                                         "2026-02-29T00:00:00Z",
                                         "2100-02-29T00:00:00Z",
                                         "2026-13-01T00:00:00Z",
                                         "2026-00-01T00:00:00Z",
                                         "2026-01-00T00:00:00Z",
                                         "2026-11-24T24:00:00Z",
                                         "2026-11-24T10:60:00Z",
                                         "2026-11-24T10:15:60Z",
                                         "2026-11-24T10:15:00",
                                         "2026-11-24T10:15:00.Z",
                                         "2026-11-24T10:15:00.1234567Z",
                                         "2026-11-24T10:15:00Zulu",
                                         "2026-11-24T10:15:00+2",
                                         "2026-11-24",
                                         "1969-12-31T23:59:59Z",
                                         "12026-11-24T10:15:00Z",
                                         "infinity",
                                         " 2026-11-24T10:15:00Z"};
    CLEANUP(envelope_parser_freep) EnvelopeParser *p = envelope_parser_new();
    for (size_t i = 0; i < ARRAY_LEN(ordinary); i++) assert_time(conn_of(state), p, ordinary[i], true);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) assert_time(conn_of(state), p, others[i], false);
}

/* A day of each month, and some moment of it, over the years that anybody asks for. */
static void every_month_of_two_centuries_is_what_duckdb_reads(void **state) {
    CLEANUP(envelope_parser_freep) EnvelopeParser *p = envelope_parser_new();
    for (int month = 0; month < 12 * 200; month++) {
        CLEANUP(free_text)
        char *text = xasprintf("%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02d:%02d", 1970 + month / 12, 1 + month % 12, 1 + month % 28,
                               month % 24, month % 60, (month * 7) % 60, month % 1000, month % 2 ? '+' : '-', month % 14, (month % 4) * 15);
        assert_time(conn_of(state), p, text, true);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payload_and_unknown_fields_are_the_bytes_that_came),
        cmocka_unit_test(texts_are_unescaped_and_numbers_keep_their_digits),
        cmocka_unit_test(a_field_that_comes_twice_is_ambiguous),
        WITH_EMPTY_LAKE(broken_messages_are_read_within_their_bounds),
        WITH_EMPTY_LAKE(ordinary_times_are_what_duckdb_reads),
        WITH_EMPTY_LAKE(every_month_of_two_centuries_is_what_duckdb_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

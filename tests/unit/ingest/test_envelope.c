/* test_envelope.c: what is taken from a message is what it said, byte by byte. The reasons of rejects are in test_bronze.c's corpus. */
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
        {HEAD ",\"subscriber_id\" : {\"k\": 1} ,\"x\":1,\"quality_score\":87.50}", NULL,
         "{\"x\":1,\"subscriber_id\" : {\"k\": 1},\"quality_score\":87.50}"}, /* of another type than their columns */
        {HEAD ",\"subscriber_id\":true,\"quality_score\":\"90\"}", NULL, "{\"subscriber_id\":true,\"quality_score\":\"90\"}"},
        {HEAD ",\"subscriber_id\":null,\"quality_score\":null}", NULL, NULL},
        {"{\"id\":\"a\",\"source\":\"s\",\"\\u0070ayload\":[7]}", "[7]", NULL}, /* an escaped name is that name */
    };
    CLEANUP(envelope_parser_freep) EnvelopeParser *p = envelope_parser_new(NULL);
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
    static const char message[] = "{\"id\":1.10,\"source\":\"\\u00e9\\n\",\"type\":[1, 2],\"subscriber_id\":1.50,\"quality_score\":-7}";
    CLEANUP(envelope_parser_freep) EnvelopeParser *p = envelope_parser_new(NULL);
    Envelope e;
    envelope_parse(p, message, strlen(message), &e);
    assert_null(e.reject);
    assert_span(e.id, "1.10");
    assert_span(e.source, "\xc3\xa9\n");
    assert_span(e.type, "[1, 2]");
    assert_span(e.entity_id, "1.50");
    assert_true(e.has_quality && e.quality == -7);
    assert_false(e.has_time);
    assert_null(e.extra.at);
}

static void a_field_that_comes_twice_is_ambiguous(void **state) {
    (void)state;
    static const char *const messages[] = {HEAD ",\"id\":\"b\"}", HEAD ",\"payload\":1,\"payload\":1}",
                                           HEAD ",\"type\":null,\"type\":\"BSS\"}"};
    CLEANUP(envelope_parser_freep) EnvelopeParser *p = envelope_parser_new(NULL);
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
    CLEANUP(envelope_parser_freep) EnvelopeParser *p = envelope_parser_new(NULL);
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

/* The forms are base/clock.h's, and tested there. */
static void a_time_is_read_or_the_message_is_no_event(void **state) {
    (void)state;
    static const struct {
        const char *text, *reject;
        int64_t us;
    } cases[] = {{"\"2026-11-24T10:15:00.5+02:00\"", NULL, INT64_C(1795508100500000)},
                 {"\"2026-11-24\"", NULL, INT64_C(1795478400000000)},
                 {"\"2026-11-20T10:00:00.123456789z\"", NULL, INT64_C(1795168800123456)},
                 {"\"2026-11-20T10:00:00+14:30\"", "bad_timestamp", 0},
                 {"\"soon\"", "bad_timestamp", 0},
                 {"1795508100", "bad_timestamp", 0},
                 {"[]", "bad_timestamp", 0}};
    CLEANUP(envelope_parser_freep) EnvelopeParser *p = envelope_parser_new(NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(free_text) char *message = xasprintf(HEAD ",\"timestamp\":%s}", cases[i].text);
        Envelope e;
        envelope_parse(p, message, strlen(message), &e);
        if (cases[i].reject != NULL) {
            assert_non_null(e.reject);
            assert_string_equal(e.reject, cases[i].reject);
        } else {
            assert_null(e.reject);
            assert_true(e.has_time);
            if (e.time_us != cases[i].us) fail_msg("%s is %lld", cases[i].text, (long long)e.time_us);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payload_and_unknown_fields_are_the_bytes_that_came),
        cmocka_unit_test(texts_are_unescaped_and_numbers_keep_their_digits),
        cmocka_unit_test(a_field_that_comes_twice_is_ambiguous),
        WITH_EMPTY_LAKE(broken_messages_are_read_within_their_bounds),
        cmocka_unit_test(a_time_is_read_or_the_message_is_no_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_rollup.c: records as bytes, and entities by their ids. */
#include "churn/rollup_internal.h"

#include "../fixture.h"
#include "base/memory.h"
#include <string.h>

#define DAY INT64_C(20600)

static RollupPlan *plan_of(const char *text) {
    Error err = {0};
    RollupPlan *plan;
    must(rollup_plan_read(text, &plan, &err), &err);
    return plan;
}

static RollupPlan *some_plan(void) {
    return plan_of(
        "{\"measures\": [{\"name\": \"n\", \"kind\": \"sum\", \"type\": \"BIGINT\"},"
        "{\"name\": \"low\", \"kind\": \"min\", \"type\": \"BIGINT\"}, {\"name\": \"when\", \"kind\": \"max\", \"type\": \"TIMESTAMP\"},"
        "{\"name\": \"room\", \"kind\": \"last\", \"type\": \"VARCHAR\"}, {\"name\": \"minutes\", \"kind\": \"last\", \"type\": "
        "\"BIGINT\"}], \"parts\": []}");
}

static RollupRecord *record_of(const RollupPlan *plan) {
    RollupRecord *r = xcalloc(1, sizeof *r + plan->words * sizeof r->words[0]);
    r->day = (int32_t)DAY;
    return r;
}

static RollupText *text_of(Arena *arena, const char *text) {
    return rollup_keep_text(arena, (Span){text, strlen(text)});
}

static LakeText id_of(const char *text) {
    return lake_borrow_text((Span){text, strlen(text)});
}

static void assert_span(Span span, const char *text) {
    assert_int_equal(span.len, strlen(text));
    assert_memory_equal(span.at, text, span.len);
}

static void an_empty_record_is_small(void **state) {
    (void)state;
    CLEANUP(rollup_plan_freep) RollupPlan *plan = some_plan();
    CLEANUP(buf_done) Buf bytes = {0};
    RollupRecord *r = record_of(plan);
    RollupUnpacked u;
    rollup_pack(plan, r, &bytes);
    assert_int_equal(bytes.len, 1);
    assert_true(rollup_unpack(plan, (Span){bytes.data, bytes.len}, DAY, &u));
    assert_int_equal(u.present, 0);
    free(r);
}

/* What is packed is unpacked, and what was cut off, or is longer, is refused. */
static void check(const RollupPlan *plan, const RollupRecord *r, RollupUnpacked *u, Buf *bytes) {
    rollup_pack(plan, r, bytes);
    for (size_t n = 0; n < bytes->len; n++) {
        char *part = xcalloc(1, n + 1); /* so that a sanitizer sees what is read beyond it */
        memcpy(part, bytes->data, n);
        assert_false(rollup_unpack(plan, (Span){part, n}, DAY, u));
        free(part);
    }
    buf_add_char(bytes, 0);
    assert_false(rollup_unpack(plan, (Span){bytes->data, bytes->len}, DAY, u));
    bytes->len--;
    assert_true(rollup_unpack(plan, (Span){bytes->data, bytes->len}, DAY, u));
}

static void numbers_come_back(void **state) {
    (void)state;
    static const int64_t numbers[] = {0, 1, -1, 63, 64, -64, -65, 1000000007, INT64_MAX, INT64_MIN};
    CLEANUP(rollup_plan_freep) RollupPlan *plan = some_plan();
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        CLEANUP(buf_done) Buf bytes = {0};
        RollupRecord *r = record_of(plan);
        RollupUnpacked u;
        for (size_t m = 0; m < 3; m++) r->words[plan->measures[m].word] = numbers[i];
        r->present = 6;
        check(plan, r, &u, &bytes);
        assert_int_equal(u.present, numbers[i] != 0 ? 7 : 6);
        for (size_t m = numbers[i] != 0 ? 0 : 1; m < 3; m++) assert_int_equal(u.numbers[m], numbers[i]);
        free(r);
    }
}

static void last_values_come_back(void **state) {
    (void)state;
    CLEANUP(rollup_plan_freep) RollupPlan *plan = some_plan();
    Arena arena = {0};
    const RollupText *source = text_of(&arena, "gym");
    /* Of the same event as the room, and of others. */
    static const char *const ids[] = {"e1", "e2", "an id that is too long for the words of a text"};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        CLEANUP(buf_done) Buf bytes = {0};
        RollupRecord *r = record_of(plan);
        RollupUnpacked u;
        *rollup_last(r, &plan->measures[3]) =
            (RollupLast){.at = DAY * INT64_C(86400000000) + 5, .source = source, .id = id_of("e1"), .value.text = text_of(&arena, "")};
        *rollup_last(r, &plan->measures[4]) = (RollupLast){.at = -7, .source = source, .id = id_of(ids[i]), .value.number = -300};
        r->present = 24;
        check(plan, r, &u, &bytes);
        assert_int_equal(u.present, 24);
        assert_int_equal(u.lasts[3].at, DAY * INT64_C(86400000000) + 5);
        assert_span(u.lasts[3].source, "gym");
        assert_span(u.lasts[3].id, "e1");
        assert_span(u.lasts[3].text, "");
        assert_int_equal(u.lasts[4].at, -7);
        assert_span(u.lasts[4].source, "gym");
        assert_span(u.lasts[4].id, ids[i]);
        assert_int_equal(u.lasts[4].number, -300);
        free(r);
    }
    arena_done(&arena);
}

/* No bytes make it read beyond them. */
static void bytes_of_chance_are_read_or_refused(void **state) {
    (void)state;
    CLEANUP(rollup_plan_freep) RollupPlan *plan = some_plan();
    uint64_t random = 1;
    for (int i = 0; i < 20000; i++) {
        size_t n = (size_t)i % 24;
        char *bytes = xcalloc(1, n + 1);
        RollupUnpacked u;
        for (size_t k = 0; k < n; k++) {
            random = random * UINT64_C(6364136223846793005) + 1;
            bytes[k] = (char)(random >> 33 & (i % 2 > 0 ? 0x1f : 0xff));
        }
        if (rollup_unpack(plan, (Span){bytes, n}, DAY, &u)) assert_true(u.present < 32);
        free(bytes);
    }
}

static void plans_that_do_not_fit_are_refused(void **state) {
    (void)state;
    CLEANUP(rollup_plan_freep) RollupPlan *days = some_plan();
    CLEANUP(rollup_plan_freep)
    RollupPlan *sums = plan_of("{\"measures\": [{\"name\": \"low\", \"kind\": \"sum\", \"type\": \"BIGINT\", \"of\": 1}], \"parts\": []}");
    CLEANUP(rollup_plan_freep)
    RollupPlan *beyond =
        plan_of("{\"measures\": [{\"name\": \"low\", \"kind\": \"sum\", \"type\": \"BIGINT\", \"of\": 5}], \"parts\": []}");
    RollupFeeds feeds;
    assert_false(rollup_find_feeds(sums, days, &feeds));
    assert_false(rollup_find_feeds(beyond, days, &feeds));
}

/* Ids that differ in their length, in their first bytes, or only behind those that are looked at first. */
static void entities_are_found_by_all_of_their_id(void **state) {
    (void)state;
    static const char *const ids[] = {"A",
                                      "A-0123456789",
                                      "A-01234567890",
                                      "A-01234567891",
                                      "B-01234567891",
                                      "A-01234567890123",
                                      "A-01234567890124",
                                      "A-012345678901234",
                                      "A-012345678901235",
                                      "A-01234567890123456789012345678901234",
                                      "A-01234567890123456789012345678901235",
                                      ""};
    CLEANUP(arena_done) Arena arena = {0};
    RollupTexts texts = {0};
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
            CLEANUP(free_text) char *elsewhere = xstrdup(ids[i]);
            assert_int_equal(rollup_texts_find(&texts, &arena, (Span){elsewhere, strlen(elsewhere)}), i);
        }
    }
    for (size_t i = 0; i < 5000; i++) { /* the places grow */
        CLEANUP(free_text) char *id = xasprintf("SUBSCRIBER-%08zu", i);
        assert_int_equal(rollup_texts_find(&texts, &arena, (Span){id, strlen(id)}), ARRAY_LEN(ids) + i);
    }
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) assert_int_equal(rollup_texts_find(&texts, &arena, (Span){ids[i], strlen(ids[i])}), i);
    rollup_texts_done(&texts);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_empty_record_is_small),
                                       cmocka_unit_test(numbers_come_back),
                                       cmocka_unit_test(last_values_come_back),
                                       cmocka_unit_test(bytes_of_chance_are_read_or_refused),
                                       cmocka_unit_test(plans_that_do_not_fit_are_refused),
                                       cmocka_unit_test(entities_are_found_by_all_of_their_id)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_bronze.c: each message is in exactly one of Bronze, duplicates and rejects, for the reason we expect: a corpus of odd messages, and
 * random streams against a model that remembers every identity. */
#include "ingest/bronze.h"

#include "../fixture.h"
#include "base/clock.h"
#include "base/memory.h"
#include "ledger/ledger.h"
#include <inttypes.h>
#include <search.h>
#include <string.h>

#define TOPIC   "telecom.events"
#define HOUR_US (3600 * USEC_PER_SEC)
#define DAY_US  (24 * HOUR_US)
#define NOW_US  (20000 * DAY_US) /* 2024-10-04, midnight UTC */

/* ---- a lake in memory ---- */

typedef struct Fixture {
    LakeFixture lake;
    LakeConn *conn; /* of `lake` */
    Bronze *bronze;
    int slot; /* of the last batch that was staged */
    Batch *batches[BRONZE_STAGING_SLOTS];
    Batch *batch;           /* of them, that is being filled */
    bool is_staged;         /* the last batch has not landed yet */
    int64_t next_offset[4]; /* of partitions 0 to 3 */
} Fixture;

static const LedgerTopic topic = {.name = TOPIC, .topic_id = "id", .cluster_id = "cluster"};

static void open_bronze(Fixture *f) {
    Error err = {0};
    bronze_freep(&f->bronze);
    must(bronze_open(f->lake.lake, &f->bronze, &err), &err);
}

static int up(void **state) {
    Fixture *f = xcalloc(1, sizeof *f);
    f->lake = open_migrated_lake(":memory:", NULL);
    f->conn = f->lake.conn;
    for (int i = 0; i < BRONZE_STAGING_SLOTS; i++) f->batches[i] = batch_new(10000, 1 << 20);
    f->batch = f->batches[0];
    open_bronze(f);
    *state = f;
    return 0;
}

static int down(void **state) {
    Fixture *f = *state;
    bronze_freep(&f->bronze);
    for (int i = 0; i < BRONZE_STAGING_SLOTS; i++) batch_freep(&f->batches[i]);
    lake_fixture_done(&f->lake);
    free(f);
    return 0;
}

/* Returns its offset. */
static int64_t add(Fixture *f, int32_t partition, const void *value, size_t len) {
    batch_add(f->batch, partition, f->next_offset[partition], NOW_US, value, len);
    return f->next_offset[partition]++;
}

static int64_t add_text(Fixture *f, const char *value) {
    return add(f, 0, value, strlen(value));
}

static void set_positions(Fixture *f) {
    for (int32_t p = 0; p < 4; p++)
        if (f->next_offset[p] > 0) batch_add_position(f->batch, (Offsets){.partition = p, .next = f->next_offset[p]});
}

/* On the slots in turn, as ingest does. The batch is empty after it has landed. */
static int stage_and_land(Fixture *f, LedgerCounts *ret, Error *err) {
    f->slot = (f->slot + 1) % BRONZE_STAGING_SLOTS;
    if (bronze_stage(f->bronze, f->slot, &topic, f->batch, err) != 0 || bronze_land(f->bronze, f->slot, ret, err) != 0) return -1;
    batch_clear(f->batch);
    return 0;
}

static LedgerCounts land(Fixture *f) {
    LedgerCounts counts;
    Error err = {0};
    set_positions(f);
    must(stage_and_land(f, &counts, &err), &err);
    return counts;
}

static void assert_audit(Fixture *f) {
    CLEANUP(ledger_audit_done) LedgerAudit a = {0};
    Error err = {0};
    must(ledger_audit(f->conn, &a, &err), &err);
    if (!a.ok) fail_msg("%" PRId64 " missing, %" PRId64 " repeated", a.missing, a.repeated);
    assert_int_equal(a.offsets, a.landed + a.duplicates + a.rejected + a.gaps);
}

/* ---- the corpus ---- */

typedef struct Sample {
    const char *value;
    const char *fate; /* "landed", or the reason of the reject */
} Sample;

#define EVENT(fields) "{\"id\":\"e\",\"source\":\"bss\"," fields "}"

static const Sample corpus[] = {
    /* events */
    {"{\"id\":\"a1\",\"type\":\"BSS\",\"source\":\"bss\",\"subscriber_id\":\"S1\",\"timestamp\":\"2026-11-24T10:15:00Z\",\"payload\":{"
     "\"x\":1},\"quality_score\":90}",
     "landed"},
    {"{\"id\":\"a2\",\"source\":\"bss\"}", "landed"},
    {"  {\"id\" : \"a3\", \"source\" : \"bss\"}\r\n", "landed"},
    {"{\"id\":12345,\"source\":\"bss\"}", "landed"}, /* as the text 12345 */
    {"{\"id\":\"gr\xc3\xbcn \xf0\x9f\x98\x80\",\"source\":\"bss\"}", "landed"},
    {"{\"id\":\"a5\",\"source\":\"bss\",\"payload\":\"no object\"}", "landed"}, /* the contract's business */
    {"{\"id\":\"a6\",\"source\":\"bss\",\"payload\":null,\"type\":null,\"subscriber_id\":null,\"timestamp\":null,\"quality_score\":null}",
     "landed"},
    {"{\"id\":\"a7\",\"source\":\"bss\",\"subscriber_id\":7,\"type\":[1]}", "landed"},
    {"{\"id\":\"a8\",\"source\":\"bss\",\"quality_score\":\"90\"}", "landed"}, /* an exact number in a string */
    {"{\"id\":\"a9\",\"source\":\"bss\",\"quality_score\":-2147483648}", "landed"},
    {"{\"id\":\"b1\",\"source\":\"bss\",\"unknown\":{\"deep\":[1,2,{}]},\"more\":1e5}", "landed"},
    {"{\"id\":\"'; DROP TABLE bronze_raw_events; --\",\"source\":\"x{{topic}}\"}", "landed"},
    {"{\"id\":\"b2\\u0000x\",\"source\":\"bss\"}", "landed"},
    /* times */
    {"{\"id\":\"t1\",\"source\":\"bss\",\"timestamp\":\"2026-11-24T10:15:00\"}", "landed"},
    {"{\"id\":\"t2\",\"source\":\"bss\",\"timestamp\":\"2026-11-24T10:15:00.123456+02:00\"}", "landed"},
    {"{\"id\":\"t3\",\"source\":\"bss\",\"timestamp\":\"1970-01-01T00:00:00Z\"}", "landed"},
    {"{\"id\":\"t4\",\"source\":\"bss\",\"timestamp\":\"9999-12-31T23:59:59.999999Z\"}", "landed"},
    {"{\"id\":\"t5\",\"source\":\"bss\",\"timestamp\":\"0001-01-01T00:00:00Z\"}", "landed"},
    {EVENT("\"timestamp\":\"soon\""), "bad_timestamp"},
    {EVENT("\"timestamp\":\"\""), "bad_timestamp"},
    {EVENT("\"timestamp\":\"2026-02-30T00:00:00Z\""), "bad_timestamp"},
    {EVENT("\"timestamp\":\"2026-11-24T25:00:00Z\""), "bad_timestamp"},
    {EVENT("\"timestamp\":\"infinity\""), "bad_timestamp"},
    {EVENT("\"timestamp\":\"-infinity\""), "bad_timestamp"},
    {EVENT("\"timestamp\":1763979300"), "bad_timestamp"},
    {EVENT("\"timestamp\":true"), "bad_timestamp"},
    {EVENT("\"timestamp\":\"2026-11-20T10:00:00+99:99\""), "bad_timestamp"},
    {EVENT("\"timestamp\":\"2026-11-20T10:00:00 Europe/Berlin\""), "bad_timestamp"},
    {EVENT("\"timestamp\":\"10000-01-01T00:00:00Z\""), "bad_timestamp"},
    {EVENT("\"timestamp\":{}"), "bad_timestamp"},
    {EVENT("\"timestamp\":\"999999-01-01T00:00:00Z\""), "bad_timestamp"},
    /* for the contract to judge */
    {"{\"id\":\"q1\",\"source\":\"bss\",\"quality_score\":12.7}", "landed"},
    {"{\"id\":\"q2\",\"source\":\"bss\",\"quality_score\":\"high\"}", "landed"},
    {"{\"id\":\"q3\",\"source\":\"bss\",\"quality_score\":\"\"}", "landed"},
    {"{\"id\":\"q4\",\"source\":\"bss\",\"quality_score\":true}", "landed"},
    {"{\"id\":\"q5\",\"source\":\"bss\",\"quality_score\":[]}", "landed"},
    {"{\"id\":\"q6\",\"source\":\"bss\",\"quality_score\":99999999999}", "landed"},
    {"{\"id\":\"q7\",\"source\":\"bss\",\"quality_score\":9223372036854775808}", "landed"},
    {"{\"id\":\"q8\",\"source\":\"bss\",\"quality_score\":1e2}", "landed"},
    {"{\"id\":\"q9\",\"source\":\"bss\",\"subscriber_id\":{\"msisdn\":1}}", "landed"},
    /* identity */
    {"{}", "bad_id"},
    {"{\"source\":\"bss\"}", "bad_id"},
    {"{\"id\":null,\"source\":\"bss\"}", "bad_id"},
    {"{\"id\":\"\",\"source\":\"bss\"}", "bad_id"},
    {"{\"id\":{\"a\":1},\"source\":\"bss\"}", "bad_id"},
    {"{\"id\":[\"a\"],\"source\":\"bss\"}", "bad_id"},
    {"{\"ID\":\"x\",\"source\":\"bss\"}", "bad_id"},
    {"{\"id\":\"{x}\",\"source\":\"[bss\"}", "landed"}, /* texts, whatever they begin with */
    {"{\"id\":\"x\",\"source\":\"bss\",\"id\":\"y\"}", "repeated_field"},
    {"{\"id\":\"x\"}", "bad_source"},
    {"{\"id\":\"x\",\"source\":null}", "bad_source"},
    {"{\"id\":\"x\",\"source\":\"\"}", "bad_source"},
    {"{\"id\":\"x\",\"source\":{}}", "bad_source"},
    /* not an object */
    {"[]", "not_object"},
    {"[{\"id\":\"x\",\"source\":\"bss\"}]", "not_object"},
    {"7", "not_object"},
    {"null", "not_object"},
    {"true", "not_object"},
    {"\"{}\"", "not_object"},
    {"-0.0", "not_object"},
    /* not JSON */
    {"", "empty"},
    {" ", "not_json"},
    {"{", "not_json"},
    {"{\"id\":\"x\",\"source\":\"bss\"", "not_json"},
    {"{\"id\":\"x\",\"source\":\"bss\"}}", "not_json"},
    {"{\"id\":\"x\",\"source\":\"bss\"} {}", "not_json"},
    {"{'id':'x','source':'bss'}", "not_json"},
    {"{\"id\":\"\\ud800\",\"source\":\"bss\"}", "not_json"},
    {"{\"id\":\"a\nb\",\"source\":\"bss\"}", "not_json"},
    {"\xef\xbb\xbf{\"id\":\"x\",\"source\":\"bss\"}", "not_json"},
    {"id,source\nx,bss", "not_json"},
    {"<event id=\"x\"/>", "not_json"},
    {"undefined", "not_json"},
    {"{\"id\":\"x\",\"source\":\"bss\",\"payload\":{\"n\":NaN}}", "not_json"},
    {"{\"id\":\"x\",\"source\":\"bss\",\"payload\":{\"n\":-Infinity}}", "not_json"},
    {"{\"id\":\"x\",\"source\":\"bss\",}", "not_json"},
    {"{\"id\":\"x\",\"source\":\"bss\" /* no */}", "not_json"},
    /* not UTF-8 */
    {"\xff\xfe{\"id\":\"x\",\"source\":\"bss\"}", "not_utf8"},
    {"{\"id\":\"caf\xe9\",\"source\":\"bss\"}", "not_utf8"},
    {"{\"id\":\"\xc0\xaf\",\"source\":\"bss\"}", "not_utf8"},
    {"{\"id\":\"\xed\xa0\x80\",\"source\":\"bss\"}", "not_utf8"},
    {"{\"id\":\"x\",\"source\":\"bss\xe2\x82", "not_utf8"},
};

/* Where partition 0's `offset` is: "landed", "duplicate", the reason of a reject, or "" when it is nowhere or in two places. */
static void assert_fate(Fixture *f, int64_t offset, const char *fate, const char *value) {
    static const char sql[] = "SELECT CASE count(*) WHEN 1 THEN any_value(fate) ELSE '' END FROM ("
                              "SELECT 'landed' AS fate FROM bronze_raw_events WHERE kafka_partition = 0 AND kafka_offset = $1 "
                              "UNION ALL SELECT 'duplicate' FROM bronze_duplicates WHERE kafka_partition = 0 AND kafka_offset = $1 "
                              "UNION ALL SELECT reason FROM bronze_rejects WHERE kafka_partition = 0 AND kafka_offset = $1)";
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    LakeValue bound = lake_int(offset);
    Error err = {0};
    must(lake_query(f->conn, "test", sql, &bound, 1, &r, &err), &err);
    assert_int_equal(lake_next(r, &err), 1);
    if (strcmp(lake_col_text(r, 0, NULL), fate) != 0) fail_msg("%s instead of %s: %.200s", lake_col_text(r, 0, NULL), fate, value);
}

/* All in one batch, and each in a batch of its own. */
static void assert_corpus(Fixture *f, bool together) {
    for (size_t i = 0; i < ARRAY_LEN(corpus); i++) {
        assert_int_equal(add_text(f, corpus[i].value), (int64_t)i);
        if (!together) land(f);
    }
    if (together) land(f);
    for (size_t i = 0; i < ARRAY_LEN(corpus); i++) assert_fate(f, (int64_t)i, corpus[i].fate, corpus[i].value);
    assert_audit(f);
}

static void the_corpus_in_one_batch(void **state) {
    assert_corpus(*state, true);
}

static void the_corpus_one_by_one(void **state) {
    assert_corpus(*state, false);
}

static void rejects_keep_their_bytes(void **state) {
    Fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(corpus); i++) add_text(f, corpus[i].value);
    add(f, 0, "a\0b", 3);
    land(f);
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    Error err = {0};
    must(lake_query(f->conn, "test", "SELECT kafka_offset, raw_value FROM bronze_rejects ORDER BY 1", NULL, 0, &r, &err), &err);
    int64_t last = -1;
    while (lake_next(r, &err) > 0) {
        size_t n;
        last = lake_col_int(r, 0);
        const char *value = lake_col_text(r, 1, &n);
        if (last == ARRAY_LEN(corpus)) break;
        assert_int_equal(n, strlen(corpus[last].value));
        assert_memory_equal(value, corpus[last].value, n);
    }
    size_t n;
    assert_int_equal(last, ARRAY_LEN(corpus));
    assert_memory_equal(lake_col_text(r, 1, &n), "a\0b", 3);
    assert_int_equal(n, 3);
}

static void rejects_name_the_field(void **state) {
    Fixture *f = *state;
    add_text(f, "{}");
    add_text(f, EVENT("\"timestamp\":\"soon\""));
    add_text(f, "[]");
    land(f);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM bronze_rejects WHERE (kafka_offset, coalesce(field, '-')) IN ((0, 'id'), (1, "
                                     "'timestamp'), (2, '-'))"),
                     3);
}

static void tombstones_are_not_empty_messages(void **state) {
    Fixture *f = *state;
    int64_t tombstone = add(f, 0, NULL, 0), empty = add(f, 0, "", 0);
    land(f);
    assert_fate(f, tombstone, "tombstone", "NULL");
    assert_fate(f, empty, "empty", "");
    assert_int_equal(number(f->conn, "SELECT count(*) FROM bronze_rejects WHERE raw_value IS NULL AND reason = 'tombstone'"), 1);
    assert_audit(f);
}

/* `depth` lists inside each other, as the payload. */
static char *nested(size_t depth) {
    Buf text = {0};
    buf_add_str(&text, "{\"id\":\"deep\",\"source\":\"bss\",\"payload\":");
    for (size_t i = 0; i < depth; i++) buf_add_char(&text, '[');
    for (size_t i = 0; i < depth; i++) buf_add_char(&text, ']');
    buf_add_char(&text, '}');
    return buf_take(&text);
}

/* Some are no JSON, some are beyond every type: whatever becomes of them, the next message lands. */
static void numbers_that_are_none_do_not_stop_the_stream(void **state) {
    Fixture *f = *state;
    static const char *const values[] = {"NaN", "-Infinity", "[nan]", "1e999", "-1e-999", "0x10", "01", "1."};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        CLEANUP(free_text) char *text = xasprintf("{\"id\":\"n%zu\",\"source\":\"bss\",\"payload\":%s}", i, values[i]);
        add_text(f, text);
    }
    int64_t last = add_text(f, "{\"id\":\"after\",\"source\":\"bss\"}");
    LedgerCounts c = land(f);
    assert_int_equal(c.landed + c.rejected, last + 1);
    assert_fate(f, last, "landed", "after");
    assert_audit(f);
}

static void deep_and_large_messages_do_not_stop_the_stream(void **state) {
    Fixture *f = *state;
    CLEANUP(free_text) char *deep = nested(10000);
    CLEANUP(buf_done) Buf large = {0};
    buf_add_str(&large, "{\"id\":\"large\",\"source\":\"bss\",\"payload\":\"");
    memset(buf_reserve(&large, 10 << 20), 'x', 10 << 20);
    large.len += 10 << 20;
    buf_add_str(&large, "\"}");
    add_text(f, deep);
    int64_t second = add_text(f, large.data), third = add_text(f, "{\"id\":\"after\",\"source\":\"bss\"}");
    LedgerCounts c = land(f);
    assert_int_equal(c.landed + c.rejected, 3);
    assert_fate(f, second, "landed", "10 MB");
    assert_fate(f, third, "landed", "after");
    assert_audit(f);
}

static void columns_are_what_the_message_said(void **state) {
    Fixture *f = *state;
    add_text(f, "{\"id\":\"a\",\"type\":\"BSS\",\"source\":\"bss\",\"subscriber_id\":\"s1\",\"timestamp\":\"2026-11-24T12:15:00.5+02:00\","
                "\"payload\":{\"k\": [1, null]},\"quality_score\":90,\"region\":\"LSK\",\"v\":2}");
    add_text(f, "{\"id\":\"b\",\"source\":\"bss\",\"quality_score\":90}");
    land(f);
    assert_int_equal(
        number(f->conn,
               "SELECT count(*) FROM bronze_raw_events WHERE event_id = 'a' AND event_type = 'BSS' AND source_system = 'bss' AND "
               "subscriber_id = 's1' "
               "AND event_timestamp = TIMESTAMPTZ '2026-11-24 10:15:00.5Z' AND raw_payload::VARCHAR = '{\"k\": [1, null]}' "
               "AND quality_score = 90 AND json_extract(extra_fields, '$.v')::INTEGER = 2 AND (extra_fields->>'region') = 'LSK' "
               "AND len(json_keys(extra_fields)) = 2 AND kafka_topic = 'telecom.events' AND kafka_epoch = 0 AND kafka_partition = 0 "
               "AND kafka_offset = 0 AND epoch_us(kafka_timestamp) = 1728000000000000 AND batch_id = 1"),
        1);
    assert_int_equal(
        number(f->conn, "SELECT count(*) FROM bronze_raw_events WHERE event_id = 'b' AND extra_fields IS NULL AND raw_payload IS NULL"), 1);
}

/* ---- duplicates ---- */

static void add_event(Fixture *f, int32_t partition, const char *source, const char *id, const char *time) {
    CLEANUP(free_text)
    char *text = time != NULL ? xasprintf("{\"id\":\"%s\",\"source\":\"%s\",\"timestamp\":\"%s\"}", id, source, time)
                              : xasprintf("{\"id\":\"%s\",\"source\":\"%s\"}", id, source);
    add(f, partition, text, strlen(text));
}

static void identity_is_source_id_and_time(void **state) {
    Fixture *f = *state;
    static const char *const events[][3] = {{"bss", "a", "2026-11-24T10:00:00Z"},
                                            {"oss", "a", "2026-11-24T10:00:00Z"},
                                            {"bss", "b", "2026-11-24T10:00:00Z"},
                                            {"bss", "a", "2026-11-24T10:00:00.000001Z"},
                                            {"bss", "a", NULL},
                                            {"oss", "a", NULL}};
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_LEN(events); i++) add_event(f, 0, events[i][0], events[i][1], events[i][2]);
        LedgerCounts c = land(f);
        assert_int_equal(c.landed, round == 0 ? ARRAY_LEN(events) : 0);
        assert_int_equal(c.duplicates, round == 0 ? 0 : ARRAY_LEN(events));
    }
    add_event(f, 0, "bss", "a", "2026-11-24T12:00:00+02:00"); /* the same time, written otherwise */
    assert_int_equal(land(f).duplicates, 1);
    assert_audit(f);
}

static void the_first_of_a_batch_lands(void **state) {
    Fixture *f = *state;
    for (int i = 0; i < 10; i++) add_event(f, 0, "bss", "a", "2026-11-24T10:00:00Z");
    LedgerCounts c = land(f);
    assert_int_equal(c.landed, 1);
    assert_int_equal(c.duplicates, 9);
    assert_int_equal(number(f->conn, "SELECT kafka_offset FROM bronze_raw_events"), 0);
    assert_audit(f);
}

/* A time at the edge must be found again, alone in its batch and beside ordinary ones. */
static void assert_found_again(Fixture *f, const char *time) {
    for (int beside = 0; beside < 2; beside++) {
        const char *id = beside ? "beside" : "alone";
        for (int round = 0; round < 2; round++) {
            add_event(f, 0, "bss", id, time);
            for (int i = 0; beside && i < 3; i++)
                add_event(f, 0, "bss", id, i == 0 ? "2026-11-24T10:00:00Z" : i == 1 ? "2026-11-24T10:59:59Z" : "2026-11-24T12:00:00Z");
            LedgerCounts c = land(f);
            if (round == 1 && c.landed != 0) fail_msg("a copy of %s landed (%s)", time, id);
            if (round == 0 && c.rejected != 0) fail_msg("%s is no time", time);
        }
        run(f->conn, "DELETE FROM bronze_raw_events; DELETE FROM bronze_duplicates; DELETE FROM bronze_rejects");
    }
}

static void times_of_every_age_are_found_again(void **state) {
    static const char *const times[] = {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000001Z", "2000-02-29T23:59:59.999999Z",
                                        "2026-11-24T11:00:00Z", "2038-01-19T03:14:08Z",        "9999-12-31T23:59:59.999999Z"};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) assert_found_again(*state, times[i]);
}

static void times_before_1970_are_found_again(void **state) {
    static const char *const times[] = {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:00:00Z", "1969-12-31T22:59:59Z",
                                        "1900-06-15T12:34:56Z", "0001-01-01T00:00:00Z"};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) assert_found_again(*state, times[i]);
}

static void the_ends_of_time_are_found_again(void **state) {
    static const char *const times[] = {"9999-12-31T23:59:59.999999Z", "9999-12-31T23:30:00Z", "0001-01-01T00:00:00Z", "0001-01-01"};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) assert_found_again(*state, times[i]);
}

/* ---- the transaction ---- */

static void a_batch_stores_gaps_positions_and_its_counts(void **state) {
    Fixture *f = *state;
    add_text(f, "{\"id\":\"a\",\"source\":\"bss\"}");
    add_text(f, "{\"id\":\"a\",\"source\":\"bss\"}");
    add_text(f, "");
    batch_add_gap(f->batch, (BatchGap){.partition = 0, .first = 3, .next = 10, .reason = "compacted_or_aborted"});
    f->next_offset[0] = 10;
    LedgerCounts c = land(f);
    assert_int_equal(c.landed * 1000 + c.duplicates * 100 + c.rejected * 10 + c.gaps, 1117);
    assert_int_equal(
        number(f->conn, "SELECT landed * 1000 + duplicates * 100 + rejected * 10 + gaps FROM ledger_batches WHERE batch_id = 1"), 1117);
    assert_int_equal(number(f->conn,
                            "SELECT next_offset FROM ledger_partitions WHERE kafka_topic = 'telecom.events' AND topic_id = 'id' AND "
                            "cluster_id = 'cluster'"),
                     10);
    assert_audit(f);
}

static void positions_alone_are_a_batch(void **state) {
    Fixture *f = *state;
    Error err = {0};
    LedgerCounts c;
    batch_add_position(f->batch, (Offsets){.partition = 5, .start = 100, .next = 100});
    must(stage_and_land(f, &c, &err), &err);
    assert_int_equal(c.landed + c.duplicates + c.rejected + c.gaps, 0);
    assert_int_equal(number(f->conn, "SELECT start_offset FROM ledger_partitions WHERE kafka_partition = 5"), 100);
    assert_audit(f);
}

/* Numbers by which a client library says "not known" are not stored, whatever comes with them. */
static void impossible_offsets_are_refused(void **state) {
    Fixture *f = *state;
    const Offsets impossible[] = {
        {.start = -1001, .next = -1001}, {.start = -1, .next = 5}, {.start = 0, .next = OFFSET_UNKNOWN}, {.start = 7, .next = 6}};
    for (size_t i = 0; i < ARRAY_LEN(impossible); i++) {
        Error err = {0};
        LedgerCounts c;
        batch_clear(f->batch);
        batch_add_position(f->batch, impossible[i]);
        assert_failed(stage_and_land(f, &c, &err), ERR_BUG, "cannot be: nothing was stored", &err);
    }
    batch_clear(f->batch);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM ledger_partitions"), 0);
    assert_audit(f);
}

/* Whatever table is in the way, nothing of the batch is stored, and it lands when the way is free. */
static void a_failed_batch_leaves_nothing(void **state) {
    Fixture *f = *state;
    static const char *const tables[] = {"bronze_raw_events", "bronze_rejects",    "bronze_duplicates",
                                         "bronze_gaps",       "ledger_partitions", "ledger_batches"};
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        CLEANUP(free_text)
        char *away = xasprintf("ALTER TABLE %s RENAME TO away", tables[i]), *back = xasprintf("ALTER TABLE away RENAME TO %s", tables[i]);
        CLEANUP(free_text) char *id = xasprintf("e%zu", i);
        LedgerCounts c = {.landed = -1};
        Error err = {0};
        int64_t first = f->next_offset[0];
        for (int copy = 0; copy < 2; copy++) add_event(f, 0, "bss", id, NULL);
        add_text(f, "");
        batch_add_gap(f->batch, (BatchGap){.partition = 0, .first = first + 3, .next = first + 4, .reason = "test"});
        f->next_offset[0]++;
        set_positions(f);
        run(f->conn, away);
        assert_int_equal(stage_and_land(f, &c, &err), -1);
        assert_non_null(strstr(err.text, TOPIC));
        assert_int_equal(c.landed, -1);
        error_clear(&err);
        run(f->conn, back);
        assert_int_equal(
            number(
                f->conn,
                "SELECT (SELECT count(*) FROM bronze_raw_events) + (SELECT count(*) FROM bronze_rejects) + (SELECT count(*) FROM "
                "bronze_duplicates) + (SELECT count(*) FROM bronze_gaps) + (SELECT coalesce(sum(next_offset), 0) FROM ledger_partitions)"),
            8 * (int64_t)i);
        must(bronze_land(f->bronze, f->slot, &c, &err), &err); /* it is still staged */
        batch_clear(f->batch);
        assert_int_equal(number(f->conn, "SELECT max(batch_id) FROM ledger_batches"), (int64_t)i + 1);
        assert_audit(f);
    }
}

/* ---- random streams ---- */

/* How a stream looks; the chances are of 100. */
typedef struct Shape {
    const char *name;
    uint64_t seed;
    int batches, rows_max;
    int64_t span_us;                 /* ordinary times are within this before now */
    int copy, old_id, late, no_time; /* a message again; an id of a small pool at another time; minutes to 90 days late; without a time */
    bool one_session;                /* long enough to remember what Bronze has; otherwise there are restarts */
} Shape;
#define BAD     3  /* without an id */
#define CHANGED 20 /* a message again, with another content */

static const Shape shapes[] = {
    {"small and dense", 1, 25, 60, HOUR_US, 20, 20, 10, 5, false},
    {"scattered over 90 days", 2, 15, 300, 90 * DAY_US, 20, 20, 0, 2, false},
    {"dense with late ones", 3, 12, 1200, 2 * HOUR_US, 10, 30, 2, 2, false},
    {"large, mostly copies", 4, 5, 5000, 6 * HOUR_US, 70, 10, 1, 1, false},
    {"nothing has a time", 5, 8, 200, HOUR_US, 10, 60, 0, 100, false},
    {"all at one time", 6, 8, 200, 1, 10, 60, 0, 0, false},
    {"late ones in one session", 7, 60, 100, HOUR_US, 30, 20, 5, 2, true},
};

typedef struct Event {
    const char *source;
    char id[24];
    char time[CLOCK_TEXT_SIZE]; /* "": none */
    int version;                /* of its content */
} Event;

typedef struct Stream {
    const Shape *shape;
    uint64_t random;
    Event *events; /* all that were sent, owned */
    size_t count;
} Stream;

static bool happens(Stream *s, int percent) {
    return next_below(&s->random, 100) < percent;
}

static Event new_event(Stream *s) {
    static const char *const sources[] = {"bss", "oss", "iot"};
    Event e = {.source = sources[next_below(&s->random, 3)]};
    int64_t minutes_late = next_below(&s->random, 2) == 0 ? 120 : 90 * 24 * 60;
    int64_t time_us = NOW_US - next_below(&s->random, s->shape->span_us);
    if (happens(s, s->shape->late)) time_us = NOW_US - (1 + next_below(&s->random, minutes_late)) * 60 * USEC_PER_SEC;
    if (happens(s, s->shape->old_id))
        snprintf(e.id, sizeof e.id, "%08x", (unsigned)next_below(&s->random, 40));
    else if (!happens(s, BAD))
        snprintf(e.id, sizeof e.id, "new-%zu", s->count);
    if (!happens(s, s->shape->no_time)) clock_format(time_us, e.time);
    return e;
}

static Event next_event(Stream *s) {
    bool again = s->count > 0 && happens(s, s->shape->copy);
    Event e = again ? s->events[next_below(&s->random, (int64_t)s->count)] : new_event(s);
    if (again && happens(s, CHANGED)) e.version = (int)next_below(&s->random, 3);
    s->events = xrealloc(s->events, s->count + 1, sizeof *s->events);
    s->events[s->count++] = e;
    return e;
}

/* What the model expects of one message. */
typedef struct Expected {
    int32_t partition;
    int64_t offset;
    int fate; /* 0 landed, 1 duplicate, 2 rejected, 3 landed as a conflict */
} Expected;

typedef struct Model {
    void *identities, *contents; /* tsearch trees of those that were seen; owned */
    Expected *rows;
    size_t count, given;
} Model;

static int compare_text(const void *a, const void *b) {
    return strcmp(a, b);
}

static void model_done(Model *m) {
    tdestroy(m->identities, free);
    tdestroy(m->contents, free);
    free(m->rows);
}

/* A message of a batch that is being made up. */
typedef struct Message {
    Expected expected;
    char *identity, *content; /* NULL: it is to be rejected */
} Message;

static Message send_next(Fixture *f, Stream *s) {
    Event e = next_event(s);
    CLEANUP(buf_done) Buf value = {0};
    int32_t partition = (int32_t)next_below(&s->random, 4);
    buf_addf(&value, "{\"id\":\"%s\",\"source\":\"%s\",\"type\":\"t\",\"payload\":", e.id, e.source);
    if (happens(s, 50))
        buf_addf(&value, "{\"n\":%d,\"m\":1}", e.version);
    else
        buf_addf(&value, "{ \"m\" : 1, \"n\" : %d }", e.version); /* the same, written otherwise */
    if (e.time[0] != '\0') buf_addf(&value, ",\"timestamp\":\"%s\"", e.time);
    buf_add_char(&value, '}');
    Message m = {.expected = {.partition = partition, .offset = add(f, partition, value.data, value.len)}};
    if (e.id[0] == '\0') return m;
    m.identity = xasprintf("%s %s %s", e.source, e.id, e.time);
    m.content = xasprintf("%s %d", m.identity, e.version);
    return m;
}

/* By arrival: within a batch by partition, then offset. */
static int by_arrival(const void *a, const void *b) {
    const Expected *x = &((const Message *)a)->expected, *y = &((const Message *)b)->expected;
    if (x->partition != y->partition) return x->partition < y->partition ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Takes over the text. */
static bool is_new(void **tree, char *text) {
    bool new = *(char **)tsearch(text, tree, compare_text) == text;
    if (!new) free(text);
    return new;
}

static void model_take(Model *m, Message *batch, size_t n) {
    qsort(batch, n, sizeof *batch, by_arrival);
    m->rows = xrealloc(m->rows, m->count + n, sizeof *m->rows);
    for (size_t i = 0; i < n; i++) {
        Expected e = batch[i].expected;
        e.fate = 2;
        if (batch[i].identity != NULL) {
            bool new_identity = is_new(&m->identities, batch[i].identity), new_content = is_new(&m->contents, batch[i].content);
            e.fate = new_identity ? 0 : new_content ? 3 : 1;
        }
        m->rows[m->count++] = e;
    }
}

static size_t fill_expected(void *state, LakeChunk *chunk, size_t capacity) {
    Model *m = state;
    size_t n = m->count - m->given < capacity ? m->count - m->given : capacity;
    for (size_t row = 0; row < n; row++, m->given++) {
        lake_put_int(chunk, 0, row, m->rows[m->given].partition);
        lake_put_int(chunk, 1, row, m->rows[m->given].offset);
        lake_put_int(chunk, 2, row, m->rows[m->given].fate);
    }
    return n;
}

static void assert_as_expected(Fixture *f, Model *m, const char *name) {
    static const LakeColumn columns[] = {{"kafka_partition", LAKE_INT}, {"kafka_offset", LAKE_INT}, {"fate", LAKE_INT}};
    static const char differences[] =
        "WITH stored AS (SELECT kafka_partition, kafka_offset, CASE WHEN conflict THEN 3 ELSE 0 END AS fate FROM bronze_raw_events UNION ALL "
        "SELECT kafka_partition, kafka_offset, 1 FROM bronze_duplicates UNION ALL SELECT kafka_partition, kafka_offset, 2 FROM "
        "bronze_rejects) "
        "SELECT count(*) FROM ((FROM stored EXCEPT ALL FROM expected) UNION ALL (FROM expected EXCEPT ALL FROM stored))";
    Error err = {0};
    m->given = 0;
    must(lake_register_source(f->conn, "expected_rows", columns, ARRAY_LEN(columns), 1, fill_expected, m, &err), &err);
    run(f->conn, "CREATE OR REPLACE TEMP TABLE expected AS FROM expected_rows()");
    int64_t different = number(f->conn, differences);
    if (different != 0) fail_msg("%s: %" PRId64 " of %zu differ from the model", name, different, m->count);
}

static void land_staged(Fixture *f, int slot) {
    LedgerCounts counts;
    Error err = {0};
    must(bronze_land(f->bronze, slot, &counts, &err), &err);
    batch_clear(f->batches[slot]);
}

static void land_last(Fixture *f) {
    if (f->is_staged) land_staged(f, f->slot);
    f->is_staged = false;
}

/* Before the last one has landed, or after: as the threads of ingest may come. */
static void stage_next_batch(Fixture *f, Stream *s, Model *m) {
    size_t n = 1 + (size_t)next_below(&s->random, s->shape->rows_max);
    Message *batch = xcalloc(n, sizeof *batch);
    int last = f->slot;
    Error err = {0};
    f->slot = (f->slot + 1) % BRONZE_STAGING_SLOTS;
    f->batch = f->batches[f->slot];
    for (size_t i = 0; i < n; i++) batch[i] = send_next(f, s);
    set_positions(f);
    bool late = f->is_staged && happens(s, 60);
    if (f->is_staged && !late) land_staged(f, last);
    must(bronze_stage(f->bronze, f->slot, &topic, f->batch, &err), &err);
    if (late) land_staged(f, last);
    f->is_staged = true;
    model_take(m, batch, n);
    free(batch);
}

/* Many of each, or the stream was not worth it. */
static void assert_worth_it(const Model *m, const char *name) {
    int64_t fates[4] = {0};
    for (size_t i = 0; i < m->count; i++) fates[m->rows[i].fate]++;
    for (int fate = 0; fate < 4; fate++)
        if (fates[fate] < 5) fail_msg("%s: only %" PRId64 " have fate %d", name, fates[fate], fate);
}

static void assert_stream(Fixture *f, const Shape *shape) {
    CLEANUP(model_done) Model model = {0};
    Stream stream = {.shape = shape, .random = shape->seed};
    for (int i = 0; i < shape->batches; i++) {
        stage_next_batch(f, &stream, &model);
        assert_audit(f);
        if (shape->one_session || next_below(&stream.random, 5) > 0) continue;
        land_last(f);
        open_bronze(f); /* as after a restart */
    }
    land_last(f);
    free(stream.events);
    assert_as_expected(f, &model, shape->name);
    assert_worth_it(&model, shape->name);
}

static void random_streams_are_as_the_model_says(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        void *fixture = NULL;
        assert_int_equal(up(&fixture), 0);
        assert_stream(fixture, &shapes[i]);
        down(&fixture);
    }
}

#define WITH_BRONZE(test) cmocka_unit_test_setup_teardown(test, up, down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_BRONZE(the_corpus_in_one_batch),
        WITH_BRONZE(the_corpus_one_by_one),
        WITH_BRONZE(rejects_keep_their_bytes),
        WITH_BRONZE(rejects_name_the_field),
        WITH_BRONZE(tombstones_are_not_empty_messages),
        WITH_BRONZE(numbers_that_are_none_do_not_stop_the_stream),
        WITH_BRONZE(deep_and_large_messages_do_not_stop_the_stream),
        WITH_BRONZE(columns_are_what_the_message_said),
        WITH_BRONZE(identity_is_source_id_and_time),
        WITH_BRONZE(the_first_of_a_batch_lands),
        WITH_BRONZE(times_of_every_age_are_found_again),
        WITH_BRONZE(times_before_1970_are_found_again),
        WITH_BRONZE(the_ends_of_time_are_found_again),
        WITH_BRONZE(a_batch_stores_gaps_positions_and_its_counts),
        WITH_BRONZE(positions_alone_are_a_batch),
        WITH_BRONZE(impossible_offsets_are_refused),
        WITH_BRONZE(a_failed_batch_leaves_nothing),
        cmocka_unit_test(random_streams_are_as_the_model_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

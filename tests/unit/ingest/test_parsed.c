/* test_parsed.c: each message of a batch is an event or a reject, once, with the bytes that came; and texts that had to be copied stay. */
#include "ingest/parsed.h"

#include "../fixture.h"
#include "base/memory.h"
#include <string.h>

typedef struct Fixture {
    LakeFixture lake;
    LakeConn *conn;
    Batch *batch;
    ParsedBatch *parsed;
} Fixture;

static int up(void **state) {
    Fixture *f = xcalloc(1, sizeof *f);
    Error err = {0};
    f->lake = open_lake(":memory:", NULL);
    f->conn = f->lake.conn;
    f->batch = batch_new(60000, 1 << 20);
    must(parsed_open(f->conn, PARSED_TEXTS_MOST, &f->parsed, &err), &err);
    *state = f;
    return 0;
}

static int down(void **state) {
    Fixture *f = *state;
    parsed_freep(&f->parsed);
    batch_freep(&f->batch);
    lake_fixture_done(&f->lake);
    free(f);
    return 0;
}

static void add(Fixture *f, const char *value) {
    batch_add(f->batch, 0, (int64_t)f->batch->count, 1000, value, strlen(value));
}

static void parse(Fixture *f) {
    parsed_begin(f->parsed, f->batch);
    run(f->conn, "CREATE OR REPLACE TABLE identities AS FROM batch_identities()");
}

enum { ROWS = 50001 };

static void add_many(Batch *b) {
    for (size_t i = 0; i < ROWS; i++) {
        char text[80];
        int n = i % 3 == 0 ? snprintf(text, sizeof text, "{\"id\":\"e%zu\",\"source\":\"s\"}", i)
                           : snprintf(text, sizeof text, "%s message number %zu", i % 7 == 0 ? "\xff" : "a", i);
        batch_add(b, (int32_t)(i % 4), (int64_t)i, i % 5 == 0 ? INT64_MIN : (int64_t)i, i % 11 == 0 ? NULL : text, (size_t)n);
    }
}

static void each_message_is_an_event_or_a_reject(void **state) {
    Fixture *f = *state;
    LakeConn *conn = f->conn;
    add_many(f->batch);
    parse(f);
    for (int round = 0; round < 2; round++) { /* again after a rewind */
        parsed_rewind(f->parsed);
        run(conn, "CREATE OR REPLACE TABLE events AS FROM batch_events(); CREATE OR REPLACE TABLE rejects AS FROM batch_rejects()");
        run(conn, "CREATE OR REPLACE VIEW places AS FROM (SELECT kafka_partition, kafka_offset, kafka_timestamp FROM events UNION ALL "
                  "SELECT kafka_partition, kafka_offset, kafka_timestamp FROM rejects)");
        assert_int_equal(number(conn, "SELECT count(*) FROM places"), ROWS);
        assert_int_equal(number(conn, "SELECT count(DISTINCT kafka_offset) FROM places"), ROWS);
        assert_int_equal(number(conn, "SELECT count(*) FROM places WHERE kafka_partition <> kafka_offset % 4 OR "
                                      "(kafka_timestamp IS NULL) <> (kafka_offset % 5 = 0) OR epoch_us(kafka_timestamp) <> kafka_offset"),
                         0);
        assert_int_equal(number(conn, "SELECT count(*) FROM events WHERE event_id <> 'e' || kafka_offset OR kafka_offset % 3 <> 0 OR "
                                      "kafka_offset % 11 = 0 OR raw_value IS NOT NULL"),
                         0);
        assert_int_equal(number(conn,
                                "SELECT count(*) FROM (SELECT kafka_offset, event_id FROM events EXCEPT SELECT kafka_offset, event_id FROM "
                                "identities WHERE place = kafka_offset)"),
                         0);
        assert_int_equal(number(conn, "SELECT count(*) FROM identities"), number(conn, "SELECT count(*) FROM events"));
        assert_int_equal(number(conn, "SELECT count(*) FROM rejects WHERE reason <> CASE WHEN kafka_offset % 11 = 0 THEN 'tombstone' "
                                      "WHEN kafka_offset % 7 = 0 THEN 'not_utf8' ELSE 'not_json' END"),
                         0);
        assert_int_equal(number(conn, "SELECT count(*) FROM rejects WHERE raw_value IS DISTINCT FROM CASE WHEN kafka_offset % 11 <> 0 THEN "
                                      "(CASE WHEN kafka_offset % 7 = 0 THEN '\\xFF'::BLOB ELSE 'a'::BLOB END) || "
                                      "encode(' message number ' || kafka_offset) END"),
                         0);
    }
}

static void what_is_too_large_is_rejected_with_its_beginning(void **state) {
    Fixture *f = *state;
    CLEANUP(free_text) char *large = xcalloc(1, BATCH_MESSAGE_MAX + 1);
    memset(large, 'x', BATCH_MESSAGE_MAX + 1);
    batch_add(f->batch, 0, 0, 0, large, BATCH_MESSAGE_MAX + 1);
    batch_add(f->batch, 0, 1, 0, large, BATCH_MESSAGE_KEPT + 1);
    assert_true(f->batch->bytes.len < BATCH_MESSAGE_MAX);
    parse(f);
    run(f->conn, "CREATE TABLE t AS SELECT kafka_offset, reason, octet_length(raw_value) AS bytes FROM batch_rejects()");
    assert_int_equal(number(f->conn, "SELECT bytes FROM t WHERE reason = 'too_large'"), (int64_t)BATCH_MESSAGE_KEPT);
    assert_int_equal(number(f->conn, "SELECT bytes FROM t WHERE kafka_offset = 1"), (int64_t)BATCH_MESSAGE_KEPT + 1);
}

/* Each of these is put together in memory that the parser uses for the next message too. */
static void texts_that_are_not_in_the_batch_stay(void **state) {
    Fixture *f = *state;
    char text[200];
    for (int i = 0; i < 3000; i++) {
        snprintf(text, sizeof text, "{\"id\":\"\\u0061%d\",\"source\":\"s\\n%d\",\"type\":\"t\",\"more\":%d,\"payload\":{\"n\":%d}}", i, i,
                 i, i);
        add(f, text);
    }
    parse(f);
    run(f->conn, "CREATE TABLE t AS FROM batch_events()");
    assert_int_equal(number(f->conn,
                            "SELECT count(*) FROM t WHERE event_id = 'a' || kafka_offset AND source_system = 's' || chr(10) || "
                            "kafka_offset AND event_type = 't' AND extra_fields::VARCHAR = '{\"more\":' || kafka_offset || '}' AND "
                            "raw_payload::VARCHAR = '{\"n\":' || kafka_offset || '}'"),
                     3000);
    assert_memory_equal(parsed_event(f->parsed, 7).id.at, "a7", 2);
    batch_clear(f->batch);
    add(f, "{\"id\":\"next\",\"source\":\"s\"}");
    parse(f);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM batch_events() WHERE event_id = 'next' AND raw_payload IS NULL"), 1);
}

static void keys_are_of_events_that_keep_them(void **state) {
    Fixture *f = *state;
    static const char event[] = "{\"id\":\"e\",\"source\":\"s\"}";
    for (int i = 0; i < 4; i++) {
        add(f, i == 3 ? "no event" : event);
        if (i > 0) batch_add_extras(f->batch, i > 1, "key", 3, i == 2 ? "[[\"a\",\"b\"]]" : NULL, 11);
    }
    parse(f);
    run(f->conn, "CREATE TABLE k AS FROM batch_keys(); CREATE TABLE r AS FROM batch_rejects()");
    assert_int_equal(number(f->conn, "SELECT count(*) FROM k"), 1);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM k WHERE kafka_offset = 2 AND kafka_key = 'key'::BLOB AND "
                                     "kafka_headers::VARCHAR = '[[\"a\",\"b\"]]'"),
                     1);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM r WHERE kafka_offset = 3 AND kafka_key = 'key'::BLOB AND kafka_headers IS NULL"),
                     1);
}

#define WITH_BATCH(test) cmocka_unit_test_setup_teardown(test, up, down)

/* It ends neither the process nor the batch, and the bytes that came are kept. What is in the batch as it is needs no room. */
static void what_has_no_room_is_rejected(void **state) {
    Fixture *f = *state;
    Error err = {0};
    parsed_freep(&f->parsed);
    must(parsed_open(f->conn, 40, &f->parsed, &err), &err);
    for (int round = 0; round < 2; round++) { /* the next batch has all of the room again */
        batch_clear(f->batch);
        add(f, "{\"id\":\"\\u0061 text of thirty bytes, copied\",\"source\":\"s\"}");
        add(f, "{\"id\":\"\\u0062nother one, for which there is none\",\"source\":\"s\"}");
        add(f, "{\"id\":\"this one is in the batch, however long it may be\",\"source\":\"s\"}");
        add(f, "{\"id\":\"\\u0063\",\"source\":\"s\"}");
        parse(f);
        parsed_rewind(f->parsed);
        run(f->conn, "CREATE OR REPLACE TABLE e AS FROM batch_events(); CREATE OR REPLACE TABLE r AS FROM batch_rejects()");
        assert_int_equal(
            number(f->conn, "SELECT count(*) FROM e WHERE kafka_offset <> 1 AND (event_id[1] <> 'a' OR length(event_id) = 30)"), 3);
        assert_int_equal(
            number(f->conn, "SELECT count(*) FROM r WHERE kafka_offset = 1 AND reason = 'too_large' AND octet_length(raw_value) > 50"), 1);
        assert_int_equal(number(f->conn, "SELECT count(*) FROM identities"), 3);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_BATCH(each_message_is_an_event_or_a_reject), WITH_BATCH(what_is_too_large_is_rejected_with_its_beginning),
        WITH_BATCH(texts_that_are_not_in_the_batch_stay), WITH_BATCH(keys_are_of_events_that_keep_them),
        WITH_BATCH(what_has_no_room_is_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

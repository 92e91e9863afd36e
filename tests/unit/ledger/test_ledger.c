/* test_ledger.c: the audit sees every kind of damage, and counts it: what is missing, what is there twice or where it should not be. */
#include "ledger/ledger.h"

#include "../fixture.h"
#include "base/memory.h"
#include "lake/schema.h"
#include <inttypes.h>
#include <string.h>

/* Topic t, partition 0: offsets 100 to 199 as 50 landed, 20 duplicates, 20 rejects, a gap of 10; partition 1 and a second topic beside it.
 */
static const char whole[] =
    "INSERT INTO ledger_partitions BY NAME SELECT 't' AS kafka_topic, 0 AS kafka_epoch, p AS kafka_partition, 100 AS start_offset, 200 AS "
    "next_offset, 'id' AS topic_id, now() AS updated_at FROM range(2) r(p);"
    "INSERT INTO ledger_partitions BY NAME SELECT 'u' AS kafka_topic, 3 AS kafka_epoch, 0 AS kafka_partition, 0 AS start_offset, 5 AS "
    "next_offset, now() AS updated_at;"
    "INSERT INTO bronze_raw_events BY NAME SELECT 'e' || o AS event_id, 's' AS source_system, now() AS ingested_at, 't' AS kafka_topic, 0 "
    "AS "
    "kafka_epoch, p AS kafka_partition, o AS kafka_offset, 1 AS batch_id FROM range(100, 150) r(o), range(2) q(p);"
    "INSERT INTO bronze_raw_events BY NAME SELECT 'f' || o AS event_id, 's' AS source_system, now() AS ingested_at, 'u' AS kafka_topic, 3 "
    "AS "
    "kafka_epoch, 0 AS kafka_partition, o AS kafka_offset, 1 AS batch_id FROM range(5) r(o);"
    "INSERT INTO bronze_duplicates BY NAME SELECT 'e' AS event_id, 's' AS source_system, 't' AS kafka_topic, 0 AS kafka_epoch, p AS "
    "kafka_partition, o AS kafka_offset, 1 AS batch_id FROM range(150, 170) r(o), range(2) q(p);"
    "INSERT INTO bronze_rejects BY NAME SELECT 'empty' AS reason, now() AS rejected_at, 't' AS kafka_topic, 0 AS kafka_epoch, p AS "
    "kafka_partition, o AS kafka_offset, 1 AS batch_id FROM range(170, 190) r(o), range(2) q(p);"
    "INSERT INTO bronze_gaps SELECT 't', 0, p, 190, 200, 'test', 1, now() FROM range(2) q(p)";

static int up(void **state) {
    if (lake_up(state) != 0) return -1;
    run(conn_of(state), whole);
    return 0;
}

static LedgerAudit audit(LakeConn *conn) {
    LedgerAudit a = {0};
    Error err = {0};
    must(ledger_audit(conn, &a, &err), &err);
    return a;
}

static void what_is_whole_is_ok(void **state) {
    CLEANUP(ledger_audit_done) LedgerAudit a = audit(conn_of(state));
    assert_true(a.ok);
    assert_int_equal(a.offsets, 205);
    assert_int_equal(a.landed, 105);
    assert_int_equal(a.duplicates, 40);
    assert_int_equal(a.rejected, 40);
    assert_int_equal(a.gaps, 20);
    assert_int_equal(a.missing + a.repeated, 0);
    assert_int_equal(json_array_size(a.partitions), 0);
}

static void an_empty_lake_is_ok(void **state) {
    LakeConn *conn = conn_of(state);
    run(conn, "DELETE FROM ledger_partitions; DELETE FROM bronze_raw_events; DELETE FROM bronze_duplicates; DELETE FROM bronze_rejects; "
              "DELETE FROM bronze_gaps");
    CLEANUP(ledger_audit_done) LedgerAudit a = audit(conn);
    assert_true(a.ok);
    assert_int_equal(a.offsets, 0);
}

#define AT(o) " WHERE kafka_topic = 't' AND kafka_partition = 0 AND kafka_offset = " #o ";"
#define AGAIN(what)                                                                                                                        \
    "INSERT INTO bronze_raw_events SELECT * REPLACE (" what                                                                                \
    ") FROM bronze_raw_events WHERE kafka_topic = 't' AND kafka_partition = 0 AND kafka_offset = 120;"
#define LEDGER_AGAIN(what, topic)                                                                                                          \
    "INSERT INTO ledger_partitions SELECT * REPLACE (" what ") FROM ledger_partitions WHERE kafka_topic = " topic                          \
    " AND kafka_partition = 0;"
#define GAP(from, to) "INSERT INTO bronze_gaps VALUES ('t', 0, 0, " #from ", " #to ", 'test', 2, now());"

static const struct {
    const char *name, *sql;
    int64_t missing, repeated;
} damages[] = {
    {"a landed row is gone", "DELETE FROM bronze_raw_events" AT(120), 1, 0},
    {"the first row is gone", "DELETE FROM bronze_raw_events" AT(100), 1, 0},
    {"a duplicate is gone", "DELETE FROM bronze_duplicates" AT(150), 1, 0},
    {"a reject is gone", "DELETE FROM bronze_rejects" AT(189), 1, 0},
    {"a gap is gone", "DELETE FROM bronze_gaps WHERE kafka_partition = 0", 10, 0},
    {"everything of a partition is gone", "DELETE FROM bronze_raw_events WHERE kafka_topic = 'u'", 5, 0},
    {"the ledger is ahead", "UPDATE ledger_partitions SET next_offset = 207 WHERE kafka_topic = 't' AND kafka_partition = 0", 7, 0},
    {"a row twice", AGAIN("120 AS kafka_offset"), 0, 1},
    {"a row four times", AGAIN("120 AS kafka_offset") AGAIN("120 AS kafka_offset"), 0, 3},
    {"a row that is a duplicate too", AGAIN("150 AS kafka_offset"), 0, 1},
    {"a row that is a reject too", AGAIN("170 AS kafka_offset"), 0, 1},
    {"a row in a gap", AGAIN("195 AS kafka_offset"), 0, 1},
    {"a row behind the end", AGAIN("200 AS kafka_offset"), 0, 1},
    {"a row before the start", AGAIN("99 AS kafka_offset"), 0, 1},
    {"a row of another partition", AGAIN("7 AS kafka_partition"), 0, 1},
    {"a row of another epoch", AGAIN("1 AS kafka_epoch"), 0, 1},
    {"a row of another topic", AGAIN("'v' AS kafka_topic"), 0, 1},
    {"a row twice behind the end", AGAIN("200 AS kafka_offset") AGAIN("200 AS kafka_offset"), 0, 2},
    {"the ledger is behind", "UPDATE ledger_partitions SET next_offset = 195 WHERE kafka_topic = 't' AND kafka_partition = 0", 0, 5},
    {"the ledger is far behind", "UPDATE ledger_partitions SET next_offset = 120 WHERE kafka_topic = 't' AND kafka_partition = 0", 0, 80},
    {"the ledger begins later", "UPDATE ledger_partitions SET start_offset = 110 WHERE kafka_topic = 't' AND kafka_partition = 0", 0, 10},
    {"the ledger has lost a partition", "DELETE FROM ledger_partitions WHERE kafka_topic = 't' AND kafka_partition = 0", 0, 100},
    {"the ledger has a partition twice", LEDGER_AGAIN("0 AS kafka_epoch", "'t'"), 0, 100},
    {"the ledger has a partition twice, with another end", LEDGER_AGAIN("150 AS next_offset", "'t'"), 0, 100},
    {"the ledger has a partition three times", LEDGER_AGAIN("3 AS kafka_epoch", "'u'") LEDGER_AGAIN("4 AS next_offset", "'u'"), 0, 15},
    {"the ledger has an empty partition twice",
     LEDGER_AGAIN("7 AS kafka_partition, 100 AS next_offset", "'t'") LEDGER_AGAIN("7 AS kafka_partition, 100 AS next_offset", "'t'"), 0, 1},
    {"a gap twice", GAP(190, 200), 0, 10},
    {"a gap inside a gap", GAP(192, 195), 0, 3},
    {"two gaps that overlap", "DELETE FROM bronze_gaps WHERE kafka_partition = 0;" GAP(190, 197) GAP(194, 200), 0, 3},
    {"gaps side by side are well", "DELETE FROM bronze_gaps WHERE kafka_partition = 0;" GAP(190, 195) GAP(195, 199) GAP(199, 200), 0, 0},
    {"a gap over landed rows", GAP(140, 150), 0, 10},
    {"a gap over everything", GAP(100, 200), 0, 100},
    {"a gap behind the end", GAP(200, 205), 0, 5},
    {"a gap across the end", GAP(198, 205), 0, 7},
    {"a gap before the start", GAP(90, 100), 0, 10},
    {"a gap of a partition that was never read", "INSERT INTO bronze_gaps VALUES ('t', 0, 9, 0, 4, 'test', 2, now())", 0, 4},
    /* one must not make up for the other */
    {"one gone, another twice", "DELETE FROM bronze_raw_events" AT(121) AGAIN("120 AS kafka_offset"), 1, 1},
    {"one gone, one outside", "DELETE FROM bronze_raw_events" AT(121) AGAIN("200 AS kafka_offset"), 1, 1},
    {"one gone, one in a gap", "DELETE FROM bronze_raw_events" AT(121) AGAIN("199 AS kafka_offset"), 1, 1},
    {"three gone, a gap inside a gap",
     "DELETE FROM bronze_raw_events WHERE kafka_topic = 't' AND kafka_partition = 0 AND kafka_offset < 103;" GAP(192, 195), 3, 3},
    {"five gone, a gap behind the end",
     "DELETE FROM bronze_raw_events WHERE kafka_topic = 't' AND kafka_partition = 0 AND kafka_offset < 105;" GAP(200, 205), 5, 5},
    {"one gone here, one twice in the next partition",
     "DELETE FROM bronze_raw_events" AT(
         121) "INSERT INTO bronze_raw_events FROM bronze_raw_events WHERE kafka_partition = 1 AND kafka_offset = 120",
     1, 1},
};

static void every_damage_is_counted(void **state) {
    LakeConn *conn = conn_of(state);
    Error err = {0};
    for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
        must(lake_begin(conn, &err), &err);
        run(conn, damages[i].sql);
        CLEANUP(ledger_audit_done) LedgerAudit a = audit(conn);
        lake_rollback(conn);
        if (a.missing != damages[i].missing || a.repeated != damages[i].repeated)
            fail_msg("%s: %" PRId64 " missing, %" PRId64 " repeated; expected %" PRId64 " and %" PRId64, damages[i].name, a.missing,
                     a.repeated, damages[i].missing, damages[i].repeated);
        assert_int_equal(a.ok, a.missing + a.repeated == 0);
    }
}

static void the_damaged_partition_is_named(void **state) {
    LakeConn *conn = conn_of(state);
    run(conn, "DELETE FROM bronze_raw_events" AT(120));
    CLEANUP(ledger_audit_done) LedgerAudit a = audit(conn);
    assert_int_equal(json_array_size(a.partitions), 1);
    json_t *named = json_array_get(a.partitions, 0);
    assert_string_equal(json_string_value(json_object_get(named, "kafka_topic")), "t");
    assert_int_equal(json_integer_value(json_object_get(named, "kafka_partition")), 0);
    assert_int_equal(json_integer_value(json_object_get(named, "missing")), 1);
}

/* Retention removed messages that nobody had read: that is no gap like the end of a transaction. */
static void what_is_lost_is_told_from_other_gaps(void **state) {
    LakeConn *conn = conn_of(state);
    CLEANUP(ledger_audit_done) LedgerAudit before = audit(conn);
    assert_int_equal(before.lost, 0);
    assert_int_equal(json_array_size(before.losses), 0);
    run(conn, "UPDATE bronze_gaps SET reason = 'compacted_or_aborted';"
              "INSERT INTO bronze_gaps SELECT 't', 0, 0, 200 + i, 201 + i, ['retention', 'unreadable', 'lost'][i % 3 + 1], 2, "
              "TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(i) FROM range(30) r(i);"
              "UPDATE ledger_partitions SET next_offset = 230 WHERE kafka_topic = 't' AND kafka_partition = 0");
    CLEANUP(ledger_audit_done) LedgerAudit a = audit(conn);
    assert_true(a.ok);
    assert_int_equal(a.gaps, 50);
    assert_int_equal(a.lost, 30);
    assert_int_equal(json_array_size(a.losses), 20);
    const json_t *newest = json_array_get(a.losses, 0);
    assert_string_equal(json_string_value(json_object_get(newest, "topic")), "t");
    assert_int_equal(json_integer_value(json_object_get(newest, "first_offset")), 229);
    assert_int_equal(json_integer_value(json_object_get(newest, "next_offset")), 230);
    assert_string_equal(json_string_value(json_object_get(newest, "reason")), "lost");
    assert_string_equal(json_string_value(json_object_get(newest, "noticed_at")), "2026-01-01T00:00:29.000000Z");
    assert_null(json_object_get(newest, "lost_in_all"));
}

/* The audit reads the lake, and readers may have a snapshot: two queries, one list. */
static void both_queries_have_the_same_reasons(void **state) {
    static const char reasons[] = "reason IN ('lost', 'retention', 'unreadable')";
    (void)state;
    assert_non_null(strstr(lake_sql("ledger/losses"), reasons));
    assert_non_null(strstr(lake_sql("serving/views"), reasons));
}

/* A producer with transactions makes a gap for each: the cost must not be gaps times rows. */
static void many_gaps_are_quick(void **state) {
    enum { GAPS = 20000 };
    LakeConn *conn = conn_of(state);
    run(conn, "DELETE FROM bronze_gaps; DELETE FROM bronze_raw_events; DELETE FROM bronze_duplicates; DELETE FROM bronze_rejects; "
              "DELETE FROM ledger_partitions;"
              "INSERT INTO ledger_partitions BY NAME SELECT 't' AS kafka_topic, 0 AS kafka_epoch, 0 AS kafka_partition, 0 AS start_offset, "
              "400000 AS "
              "next_offset, now() AS updated_at;"
              "INSERT INTO bronze_gaps SELECT 't', 0, 0, i * 20, i * 20 + 1, 'test', 1, now() FROM range(20000) r(i);"
              "INSERT INTO bronze_raw_events BY NAME SELECT 'e' AS event_id, 's' AS source_system, now() AS ingested_at, 't' AS "
              "kafka_topic, 0 AS "
              "kafka_epoch, 0 AS kafka_partition, o AS kafka_offset, 1 AS batch_id FROM range(400000) r(o) WHERE o % 20 <> 0");
    double before = cpu_seconds();
    CLEANUP(ledger_audit_done) LedgerAudit a = audit(conn);
    assert_true(a.ok);
    assert_int_equal(a.gaps, GAPS);
    assert_true(cpu_seconds() - before < 20); /* it takes 0.5 s; gaps times rows took minutes */
}

/* ---- reading ---- */

static void a_topic_that_was_never_read_is_unknown(void **state) {
    CLEANUP(topic_offsets_done) TopicOffsets l = {0};
    Error err = {0};
    must(ledger_read(conn_of(state), "never", &l, &err), &err);
    assert_int_equal(l.topic.epoch, 0);
    assert_int_equal(l.count, 0);
    assert_null(topic_offsets_find(&l, 0));
}

static void the_newest_epoch_is_read(void **state) {
    LakeConn *conn = conn_of(state);
    CLEANUP(topic_offsets_done) TopicOffsets l = {0};
    Error err = {0};
    run(conn, "INSERT INTO ledger_partitions VALUES ('t', 1, 5, 0, 33, 'new id', 'cluster', now(), 31, 7, TIMESTAMPTZ '2026-01-02 "
              "03:04:05.006Z')");
    must(ledger_read(conn, "t", &l, &err), &err);
    assert_int_equal(l.topic.epoch, 1);
    assert_string_equal(l.topic.topic_id, "new id");
    assert_string_equal(l.topic.cluster_id, "cluster");
    assert_int_equal(l.count, 1);
    assert_null(topic_offsets_find(&l, 0));
    assert_int_equal(topic_offsets_find(&l, 5)->next, 33);
    assert_int_equal(topic_offsets_find(&l, 5)->last, 31);
    assert_int_equal(topic_offsets_find(&l, 5)->leader_epoch, 7);
    assert_int_equal(topic_offsets_find(&l, 5)->last_us, 1767323045006000);
}

static void partitions_are_found_by_number(void **state) {
    CLEANUP(topic_offsets_done) TopicOffsets l = {0};
    Error err = {0};
    must(ledger_read(conn_of(state), "t", &l, &err), &err);
    assert_int_equal(l.count, 2);
    assert_null(l.topic.cluster_id);
    assert_int_equal(topic_offsets_find(&l, 1)->start, 100);
    assert_int_equal(topic_offsets_find(&l, 1)->next, 200);
    assert_null(topic_offsets_find(&l, 2));
}

#define WITH_ROWS(test) cmocka_unit_test_setup_teardown(test, up, lake_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_ROWS(what_is_whole_is_ok),
        WITH_ROWS(an_empty_lake_is_ok),
        WITH_ROWS(every_damage_is_counted),
        WITH_ROWS(the_damaged_partition_is_named),
        WITH_ROWS(many_gaps_are_quick),
        WITH_ROWS(a_topic_that_was_never_read_is_unknown),
        WITH_ROWS(what_is_lost_is_told_from_other_gaps),
        cmocka_unit_test(both_queries_have_the_same_reasons),
        WITH_ROWS(the_newest_epoch_is_read),
        WITH_ROWS(partitions_are_found_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

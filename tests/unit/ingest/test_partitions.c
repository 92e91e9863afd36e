/* test_partitions.c: what may happen to one partition while the others are well: its log is cut off, its leader is gone, a batch cannot be
 * read. A scripted feed plays it. */
#include "ingest/ingest.h"

#include "../fixture.h"
#include "base/clock.h"
#include "ledger/ledger.h"
#include "script_feed.h"
#include <inttypes.h>
#include <signal.h>
#include <string.h>

static const IngestOptions once = {.batch_rows = 1000, .batch_bytes = 1 << 20, .commit_interval_ms = 1000, .quiet = true};

/* Each offset of a partition under a leader epoch is an event of its own. */
static KafkaEvent message(int32_t partition, int64_t offset, int32_t leader_epoch) {
    static char texts[64][64];
    static size_t used;
    char *text = texts[used++ % 64];
    int len = snprintf(text, sizeof texts[0], "{\"id\":\"%d-%d-%d\",\"source\":\"bss\"}", (int)partition, (int)offset, (int)leader_epoch);
    return (KafkaEvent){.kind = KAFKA_MESSAGE,
                        .partition = partition,
                        .offset = offset,
                        .leader_epoch = leader_epoch,
                        .timestamp_us = INT64_MIN,
                        .value = text,
                        .len = (size_t)len};
}

static KafkaEvent end_of(int32_t partition, int64_t offset) {
    return (KafkaEvent){.kind = KAFKA_END, .partition = partition, .offset = offset};
}

static IngestResult ingest(LakeConn *conn, Script *s, const IngestOptions *options) {
    IngestResult result = {0};
    Error err = {0};
    must(ingest_run(conn, &(Feed *){&s->feed}, 1, options, &result, &err), &err);
    return result;
}

static void assert_audit(LakeConn *conn) {
    CLEANUP(ledger_audit_done) LedgerAudit a = {0};
    Error err = {0};
    must(ledger_audit(conn, &a, &err), &err);
    if (!a.ok) fail_msg("%" PRId64 " missing, %" PRId64 " repeated", a.missing, a.repeated);
}

/* ---- a log that was cut off ---- */

/* Partition 0: offsets 0 to 3 under leader epoch 0; partition 1: offset 0. */
static void read_before(LakeConn *conn) {
    const KafkaEvent events[] = {message(0, 0, 0), message(0, 1, 0), message(0, 2, 0), message(0, 3, 0), message(1, 0, 0)};
    Script s = script(0, 4, events, ARRAY_LEN(events));
    s.partition_count = 2;
    s.partitions[1].end = 1;
    s.partitions[0].leader_epoch = s.partitions[1].leader_epoch = 0;
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(r.counts.landed, 5);
    assert_int_equal(number(conn, "SELECT last_offset FROM ledger_partitions WHERE kafka_partition = 0"), 3);
    assert_int_equal(number(conn, "SELECT leader_epoch FROM ledger_partitions WHERE kafka_partition = 0"), 0);
}

/* ... which was cut off at offset 2, and has grown since under leader epoch 2. */
static Script cut_off(const KafkaEvent *events, size_t count, int64_t end) {
    Script s = script(0, end, events, count);
    s.partition_count = 2;
    s.partitions[1].end = 2;
    s.partitions[0].leader_epoch = 2;
    s.partitions[1].leader_epoch = 0;
    s.epoch_end = 2;
    return s;
}

/* The other partition is read. */
static void a_log_that_was_cut_off_and_grew_is_refused(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 4, 2), message(0, 5, 2), end_of(0, 6), message(1, 1, 0)};
    const int64_t ends[] = {6, 4, 3}; /* beyond what was read, at it, and below it */
    read_before(conn);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        Script s = cut_off(events, ARRAY_LEN(events), ends[i]);
        CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
        assert_int_equal(r.topics[0].problem.kind, ERR_DATA);
        assert_non_null(strstr(r.topics[0].problem.text, "truncated at offset 2: the messages that were read at offsets 2 to 3"));
        assert_int_equal(r.counts.landed, i == 0 ? 1 : 0);
        assert_int_equal(s.verified, 4);
        assert_int_equal(s.verified_epoch, 0);
    }
    assert_int_equal(number(conn, "SELECT sum(next_offset) FROM ledger_partitions"), 6);
    assert_int_equal(number(conn, "SELECT next_offset FROM ledger_partitions WHERE kafka_partition = 0"), 4);
    assert_audit(conn);
}

/* librdkafka takes damaged bytes for an offset that is out of range; what it says of a fetch from before the leader was asked ends the
 * asking. */
static void an_offset_out_of_range_does_not_end_the_asking(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 4, 2), message(0, 5, 2), end_of(0, 6), message(1, 1, 0), end_of(1, 2)};
    read_before(conn);
    Script s = cut_off(events, ARRAY_LEN(events), 6);
    s.range_first = true;
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(r.topics[0].problem.kind, ERR_DATA);
    assert_non_null(strstr(r.topics[0].problem.text, "truncated at offset 2"));
    assert_int_equal(number(conn, "SELECT next_offset FROM ledger_partitions WHERE kafka_partition = 0"), 4);
    assert_audit(conn);
}

static void a_new_epoch_reads_it_on_from_there(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0, 0), message(0, 1, 0), message(0, 2, 2), message(0, 3, 2),
                                 message(0, 4, 2), end_of(0, 5),     message(1, 1, 0), end_of(1, 2)};
    IngestOptions accept = once;
    accept.new_epoch = true;
    read_before(conn);
    Script s = cut_off(events, ARRAY_LEN(events), 5);
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &accept);
    assert_int_equal(r.counts.landed, 4);
    assert_int_equal(number(conn, "SELECT count(*) FROM bronze_raw_events WHERE kafka_epoch = 1 AND kafka_partition = 0"), 3);
    assert_int_equal(number(conn, "SELECT start_offset FROM ledger_partitions WHERE kafka_epoch = 1 AND kafka_partition = 0"), 2);
    assert_int_equal(number(conn, "SELECT start_offset FROM ledger_partitions WHERE kafka_epoch = 1 AND kafka_partition = 1"), 1);
    assert_int_equal(number(conn, "SELECT count(*) FROM bronze_gaps"), 0);
    assert_audit(conn);
    s = cut_off(events, ARRAY_LEN(events), 5); /* and from then on as always */
    CLEANUP(ingest_result_done) IngestResult again = ingest(conn, &s, &once);
    assert_int_equal(again.counts.landed + again.counts.duplicates, 0);
}

static void a_leader_that_changed_alone_is_no_cut(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 4, 2), end_of(0, 5), message(1, 1, 0), end_of(1, 2)};
    read_before(conn);
    Script s = cut_off(events, ARRAY_LEN(events), 5);
    s.epoch_end = 4;
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(s.verified, 4);
    assert_int_equal(r.counts.landed, 2);
    assert_int_equal(number(conn, "SELECT leader_epoch FROM ledger_partitions WHERE kafka_partition = 0"), 2);
}

static void the_same_leader_is_not_asked(void **state) {
    LakeConn *conn = conn_of(state);
    read_before(conn);
    Script s = cut_off(NULL, 0, 4);
    s.partitions[1].end = 1;
    s.partitions[0].leader_epoch = 0;
    s.verified = -1;
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(s.verified, -1);
}

/* Messages 0 and 1, then the marker of a transaction at 2, which a newer leader may have written. */
static void read_with_marker(LakeConn *conn) {
    const KafkaEvent events[] = {message(0, 0, 0), message(0, 1, 0), end_of(0, 3)};
    Script s = script(0, 3, events, ARRAY_LEN(events));
    s.partitions[0].leader_epoch = 0;
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(r.counts.gaps, 1);
}

static void a_marker_under_a_newer_leader_is_no_cut(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 3, 1), end_of(0, 4)};
    read_with_marker(conn);
    Script s = script(0, 4, events, ARRAY_LEN(events));
    s.partitions[0].leader_epoch = 1;
    s.epoch_end = 2;
    s.verified = -1;
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(s.verified, 2);
    assert_int_equal(r.counts.landed, 1);
    assert_audit(conn);
}

static void a_message_where_a_gap_was_is_a_cut(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 2, 1), message(0, 3, 1), end_of(0, 4)};
    IngestResult result = {0};
    Error err = {0};
    read_with_marker(conn);
    Script s = script(0, 4, events, ARRAY_LEN(events));
    s.partitions[0].leader_epoch = 1;
    s.epoch_end = 1 + 1;
    assert_failed(ingest_run(conn, &(Feed *){&s.feed}, 1, &once, &result, &err), ERR_DATA, "truncated at offset 2", &err);
}

/* A lake that knows no leader epochs, or a file. */
static void an_end_below_what_was_read_is_a_cut_of_unknown_extent(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0, -1), message(0, 1, -1), message(0, 2, -1)}, now[] = {message(0, 0, 5), message(0, 1, 5)};
    IngestOptions accept = once;
    IngestResult result = {0};
    Error err = {0};
    accept.new_epoch = true;
    Script s = script(0, 3, events, ARRAY_LEN(events));
    CLEANUP(ingest_result_done) IngestResult before = ingest(conn, &s, &once);
    s = script(0, 2, now, ARRAY_LEN(now));
    assert_failed(ingest_run(conn, &(Feed *){&s.feed}, 1, &once, &result, &err), ERR_DATA, "ends at offset 2, but 3 were read before",
                  &err);
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &accept);
    assert_int_equal(r.counts.landed, 2);
    assert_int_equal(number(conn, "SELECT start_offset FROM ledger_partitions WHERE kafka_epoch = 1"), 0);
    assert_audit(conn);
}

/* ---- a partition without a leader ---- */

static Script two_partitions(const KafkaEvent *events, size_t count, int64_t end) {
    Script s = script(0, end, events, count);
    s.partition_count = 2;
    s.partitions[1].end = end;
    return s;
}

/* Partition 1 stays without a leader: the message of the other one lands, and the problem has these words. */
static IngestResult ingest_without_leader(LakeConn *conn, const IngestOptions *options, const char *words) {
    const KafkaEvent events[] = {message(0, 0, 0), message(1, 0, 0)};
    Script s = two_partitions(events, ARRAY_LEN(events), 1);
    s.silent = 1;
    s.silent_for = 1000;
    IngestResult r = ingest(conn, &s, options);
    assert_int_equal(r.counts.landed, 1);
    assert_int_equal(r.topics[0].problem.kind, ERR_UNAVAILABLE);
    assert_non_null(strstr(r.topics[0].problem.text, words));
    return r;
}

static void a_partition_without_a_leader_holds_nobody_back(void **state) {
    LakeConn *conn = conn_of(state);
    IngestOptions impatient = once;
    impatient.timeout_ms = 700;
    CLEANUP(ingest_result_done) IngestResult r = ingest_without_leader(conn, &impatient, "1 partition of telecom.events could not be read");
    assert_int_equal(number(conn, "SELECT count(*) FROM ledger_partitions"), 1);
}

/* The time for a feed that is away is longer than that for a partition without a leader, which another run reads. */
static const IngestOptions patient = {.batch_rows = 1000,
                                      .batch_bytes = 1 << 20,
                                      .commit_interval_ms = 1000,
                                      .quiet = true,
                                      .timeout_ms = 300000,
                                      .stall_ms = 300000,
                                      .leaderless_ms = 1500};

static void it_is_not_waited_for_as_long_as_for_kafka(void **state) {
    static const char words[] = "1 partition of telecom.events could not be read, the others were: partition 1";
    CLEANUP(ingest_result_done) IngestResult r = ingest_without_leader(conn_of(state), &patient, words);
    assert_true(r.seconds < 30);
}

static void nor_is_one_that_loses_its_leader_while_it_is_read(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0, 0), message(1, 0, 0), message(1, 1, 0), message(1, 2, 0)};
    Script s = two_partitions(events, ARRAY_LEN(events), 3);
    s.silent = 0;
    s.silent_for = 1000;
    s.silent_after = 1;
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &patient);
    assert_int_equal(r.counts.landed, 4);
    assert_int_equal(r.topics[0].problem.kind, ERR_UNAVAILABLE);
    assert_non_null(strstr(r.topics[0].problem.text, "partition 0 has not moved for"));
    assert_non_null(strstr(r.topics[0].problem.text, "no leader"));
    assert_true(r.seconds < 30);
}

static void nor_is_the_only_one(void **state) {
    LakeConn *conn = conn_of(state);
    IngestResult result = {0};
    Error err = {0};
    Script s = script(0, 1, NULL, 0);
    s.silent = 0;
    s.silent_for = 1000;
    int64_t began = clock_mono_ns();
    assert_failed(ingest_run(conn, &(Feed *){&s.feed}, 1, &patient, &result, &err), ERR_UNAVAILABLE, "1 of 1 partition gave no answer",
                  &err);
    assert_true(clock_seconds_since(began) < 30);
}

static void it_is_read_once_it_has_one(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0, 0), message(1, 0, 0)};
    IngestOptions follow = once;
    Script s = two_partitions(events, ARRAY_LEN(events), 1);
    s.silent = 1;
    s.silent_for = 3;
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(r.counts.landed, 2);
    assert_int_equal(r.topics[0].problem.kind, ERR_NONE);
    follow.follow = true;
    follow.stall_ms = 100;
    follow.commit_interval_ms = 1;
    const KafkaEvent more[] = {message(0, 1, 0), message(1, 1, 0)};
    s = two_partitions(more, ARRAY_LEN(more), 2);
    s.silent = 0;
    s.silent_for = 2;
    CLEANUP(ingest_closep) Ingest *in = ingest_open(conn, &(Feed *){&s.feed}, 1, &follow);
    while (number(conn, "SELECT sum(next_offset) FROM ledger_partitions") < 4) {
        IngestState step;
        Error err = {0};
        must(ingest_step(in, &step, &err), &err);
    }
    assert_audit(conn);
}

/* A quick "no" is asked for again after growing pauses, not at each poll. */
static void a_feed_that_is_away_is_asked_now_and_then(void **state) {
    LakeConn *conn = conn_of(state);
    IngestOptions follow = once;
    follow.follow = true;
    Script s = script(0, 0, NULL, 0);
    s.checks = -1; /* none is answered */
    CLEANUP(ingest_closep) Ingest *in = ingest_open(conn, &(Feed *){&s.feed}, 1, &follow);
    for (int64_t began = clock_mono_ns(); clock_seconds_since(began) < 9;) {
        IngestState step;
        Error err = {0};
        must(ingest_step(in, &step, &err), &err);
    }
    assert_in_range(s.checked, 2, 6);
}

/* ---- a batch that cannot be read ---- */

static void what_cannot_be_read_stops_its_partition_alone(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(1, 0, 0), message(1, 1, 0), message(1, 2, 0),
                                 message(0, 0, 0), message(0, 1, 0), message(0, 2, 0)};
    IngestOptions impatient = once;
    impatient.stall_ms = 1500;
    Script s = two_partitions(events, ARRAY_LEN(events), 3);
    s.bad_from = 1;
    s.bad_to = 2;
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &impatient);
    assert_int_equal(r.counts.landed, 4);
    assert_false(r.stopped);
    assert_int_equal(r.topics[0].problem.kind, ERR_DATA);
    assert_non_null(strstr(r.topics[0].problem.text, "partition 0 has not moved for"));
    assert_non_null(strstr(r.topics[0].problem.text, "offset 1 of 3: failed CRC32C check"));
    assert_non_null(strstr(r.topics[0].problem.text, "--skip-unreadable"));
    assert_audit(conn);
}

/* The reason that is said is the one at this offset, not that of a batch before it. */
static void another_offset_has_another_reason(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {
        {.kind = KAFKA_PROBLEM, .partition = 0, .offset = 0, .reason = "failed CRC32C check", .unreadable = true},
        message(0, 0, 0),
        {.kind = KAFKA_PROBLEM, .partition = 0, .offset = 1, .reason = "Decompression failed", .unreadable = true}};
    IngestOptions impatient = once;
    impatient.stall_ms = 1500;
    Script s = script(0, 3, events, ARRAY_LEN(events));
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &impatient);
    assert_non_null(strstr(r.topics[0].problem.text, "offset 1 of 3: Decompression failed"));
}

static void a_quota_is_named(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0, 0)};
    IngestOptions impatient = once;
    impatient.stall_ms = 1500;
    Script s = script(0, 3, events, ARRAY_LEN(events));
    s.throttle = "broker 1 throttles";
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &impatient);
    assert_int_equal(r.topics[0].problem.kind, ERR_UNAVAILABLE);
    assert_non_null(strstr(r.topics[0].problem.text, "offset 1 of 3: broker 1 throttles. Next: raise the quota consumer_byte_rate"));
}

static void it_is_skipped_on_demand_and_nothing_else(void **state) {
    LakeConn *conn = conn_of(state);
    const int64_t lengths[] = {1, 2, 5, 17};
    IngestOptions skip = once;
    skip.skip_unreadable = true;
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        KafkaEvent events[30];
        CLEANUP(free_text) char *id = xasprintf("topic %zu", i), *name = xasprintf("skipped%zu", i);
        for (int n = 0; n < 30; n++) events[n] = message(0, n, (int32_t)i);
        Script s = script(0, 30, events, ARRAY_LEN(events));
        s.feed.topic = name;
        s.topic_id = id;
        s.bad_from = 3;
        s.bad_to = 3 + lengths[i];
        CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &skip);
        assert_int_equal(r.counts.gaps, lengths[i]);
        assert_int_equal(r.counts.landed, 30 - lengths[i]);
        assert_int_equal(r.topics[0].problem.kind, ERR_NONE);
    }
    assert_int_equal(number(conn, "SELECT count(*) FROM bronze_gaps WHERE reason = 'unreadable' AND first_offset = 3"), 4);
    assert_audit(conn);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_TIMED_LAKE(a_log_that_was_cut_off_and_grew_is_refused),
        WITH_TIMED_LAKE(an_offset_out_of_range_does_not_end_the_asking),
        WITH_TIMED_LAKE(a_new_epoch_reads_it_on_from_there),
        WITH_TIMED_LAKE(a_leader_that_changed_alone_is_no_cut),
        WITH_TIMED_LAKE(the_same_leader_is_not_asked),
        WITH_TIMED_LAKE(a_marker_under_a_newer_leader_is_no_cut),
        WITH_TIMED_LAKE(a_message_where_a_gap_was_is_a_cut),
        WITH_TIMED_LAKE(an_end_below_what_was_read_is_a_cut_of_unknown_extent),
        WITH_TIMED_LAKE(a_partition_without_a_leader_holds_nobody_back),
        WITH_TIMED_LAKE(it_is_not_waited_for_as_long_as_for_kafka),
        WITH_TIMED_LAKE(nor_is_one_that_loses_its_leader_while_it_is_read),
        WITH_TIMED_LAKE(nor_is_the_only_one),
        WITH_TIMED_LAKE(it_is_read_once_it_has_one),
        WITH_TIMED_LAKE(a_feed_that_is_away_is_asked_now_and_then),
        WITH_TIMED_LAKE(what_cannot_be_read_stops_its_partition_alone),
        WITH_TIMED_LAKE(another_offset_has_another_reason),
        WITH_TIMED_LAKE(a_quota_is_named),
        WITH_TIMED_LAKE(it_is_skipped_on_demand_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

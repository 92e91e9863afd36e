/* test_ingest.c: from a feed into Bronze. A scripted feed plays what Kafka may do, event by event; files are read by processes that are
 * killed at any moment. */
#include "ingest/ingest.h"

#include "../fixture.h"
#include "base/clock.h"
#include "base/files.h"
#include "lake/schema.h"
#include "ledger/ledger.h"
#include "script_feed.h"
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* ---- the audit ---- */

static void assert_audit(LakeConn *conn, int64_t offsets) {
    CLEANUP(ledger_audit_done) LedgerAudit a = {0};
    Error err = {0};
    must(ledger_audit(conn, &a, &err), &err);
    if (!a.ok) fail_msg("%" PRId64 " missing, %" PRId64 " repeated", a.missing, a.repeated);
    assert_int_equal(a.offsets, offsets);
}

/* ---- scripts ---- */

#define EVENT_TEXT "{\"id\":\"e\",\"source\":\"bss\"}"

static KafkaEvent message(int32_t partition, int64_t offset) {
    static const char text[] = EVENT_TEXT;
    return (KafkaEvent){.kind = KAFKA_MESSAGE,
                        .partition = partition,
                        .offset = offset,
                        .leader_epoch = LEADER_EPOCH_UNKNOWN,
                        .timestamp_us = INT64_MIN,
                        .value = text,
                        .len = sizeof text - 1};
}

static KafkaEvent end_of(int32_t partition, int64_t offset) {
    return (KafkaEvent){.kind = KAFKA_END, .partition = partition, .offset = offset};
}

static const IngestOptions once = {.batch_rows = 1000, .batch_bytes = 1 << 20, .commit_interval_ms = 1000, .quiet = true};

static IngestResult ingest(LakeConn *conn, Script *s, const IngestOptions *options) {
    IngestResult result = {0};
    Error err = {0};
    must(ingest_run(conn, &(Feed *){&s->feed}, 1, options, &result, &err), &err);
    if (err.kind != ERR_NONE) fail_msg("it came to its end with an error set: %s", err.text); /* the summary would tell it */
    return result;
}

/* ---- what a feed may do ---- */

static void it_reads_to_the_end_seen_at_the_start(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0), message(0, 1), message(0, 2), message(0, 3)};
    Script s = script(0, 3, events, ARRAY_LEN(events));
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(r.counts.landed, 1);
    assert_int_equal(r.counts.duplicates, 2);
    assert_int_equal(r.topics[0].partition_count, 1);
    assert_int_equal(r.topics[0].partitions[0].next, 3);
    assert_int_equal(r.topics[0].partitions[0].end, 3);
    assert_false(r.stopped);
    assert_int_equal(s.reported[0], 3);
    assert_audit(conn, 3);
}

static void what_is_redelivered_is_dropped(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0), message(0, 1), message(0, 0), message(0, 1), message(0, 1), message(0, 2), message(0, 0)};
    Script s = script(0, 3, events, ARRAY_LEN(events));
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(r.counts.landed + r.counts.duplicates, 3);
    assert_audit(conn, 3);
}

static void what_never_comes_is_a_gap(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 2), message(0, 5), end_of(0, 10)};
    Script s = script(0, 10, events, ARRAY_LEN(events));
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(r.counts.gaps, 8);
    assert_int_equal(number(conn, "SELECT count(*) FROM bronze_gaps WHERE reason = 'compacted_or_aborted'"), 3);
    assert_int_equal(number(conn, "SELECT count(*) FROM bronze_gaps WHERE (first_offset, next_offset) IN ((0, 2), (3, 5), (6, 10))"), 3);
    assert_audit(conn, 10);
}

/* A message behind the end, when what was at the end is gone. */
static void a_gap_across_the_end_is_followed_by_its_message(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0), message(0, 7), message(0, 8)};
    Script s = script(0, 5, events, ARRAY_LEN(events));
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(r.counts.landed + r.counts.duplicates, 2);
    assert_int_equal(r.counts.gaps, 6);
    assert_audit(conn, 8);
}

static void a_topic_that_lost_its_beginning_begins_later(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 70)};
    Script s = script(70, 71, events, ARRAY_LEN(events));
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(s.partitions[0].next, 70);
    assert_int_equal(r.counts.gaps, 0); /* it never had them */
    assert_audit(conn, 1);
}

static void an_empty_topic_is_known_afterwards(void **state) {
    LakeConn *conn = conn_of(state);
    Script s = script(5, 5, NULL, 0);
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(r.counts.landed, 0);
    assert_int_equal(number(conn, "SELECT next_offset FROM ledger_partitions"), 5);
    assert_audit(conn, 0);
}

static void the_second_run_goes_on_where_the_first_ended(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent first[] = {message(0, 0), message(0, 1)}, second[] = {message(0, 1), message(0, 2)};
    Script s = script(0, 2, first, ARRAY_LEN(first));
    CLEANUP(ingest_result_done) IngestResult one = ingest(conn, &s, &once);
    s = script(0, 2, NULL, 0);
    CLEANUP(ingest_result_done) IngestResult nothing = ingest(conn, &s, &once);
    assert_int_equal(nothing.counts.landed + nothing.counts.duplicates, 0);
    s = script(0, 3, second, ARRAY_LEN(second));
    s.redelivers = true;
    CLEANUP(ingest_result_done) IngestResult two = ingest(conn, &s, &once);
    assert_int_equal(s.partitions[0].next, 2);
    assert_int_equal(two.counts.landed + two.counts.duplicates, 1);
    assert_audit(conn, 3);
}

static void what_retention_took_is_a_gap(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent first[] = {message(0, 0)}, second[] = {message(0, 9)};
    Script s = script(0, 1, first, 1);
    CLEANUP(ingest_result_done) IngestResult one = ingest(conn, &s, &once);
    s = script(9, 10, second, 1);
    CLEANUP(ingest_result_done) IngestResult two = ingest(conn, &s, &once);
    assert_int_equal(s.partitions[0].next, 9);
    assert_int_equal(two.counts.gaps, 8);
    assert_int_equal(number(conn, "SELECT count(*) FROM bronze_gaps WHERE reason = 'retention' AND first_offset = 1 AND next_offset = 9"),
                     1);
    assert_audit(conn, 10);
}

static void what_retention_takes_while_reading_is_a_gap(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0), {.kind = KAFKA_OUT_OF_RANGE, .partition = 0, .offset = 1}, message(0, 6), message(0, 7)};
    Script s = script(0, 8, events, ARRAY_LEN(events));
    s.start_later = 6;
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(s.sought, 6);
    assert_int_equal(r.counts.gaps, 5);
    assert_int_equal(number(conn, "SELECT count(*) FROM bronze_gaps WHERE reason = 'retention' AND first_offset = 1 AND next_offset = 6"),
                     1);
    assert_audit(conn, 8);
}

/* The broker goes just after it said that the offset is out of range. */
static void an_offset_out_of_range_waits_for_the_broker(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0), {.kind = KAFKA_OUT_OF_RANGE, .partition = 0, .offset = 1}, message(0, 6), message(0, 7)};
    Script s = script(0, 8, events, ARRAY_LEN(events));
    s.start_later = 6;
    s.away_later = 2;
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(s.sought, 6);
    assert_int_equal(r.counts.gaps, 5);
    assert_audit(conn, 8);
}

static void a_topic_that_ends_before_us_is_refused(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent first[] = {message(0, 0), message(0, 1)};
    Script s = script(0, 2, first, ARRAY_LEN(first));
    IngestResult result = {0};
    Error err = {0};
    CLEANUP(ingest_result_done) IngestResult one = ingest(conn, &s, &once);
    s = script(0, 1, NULL, 0);
    assert_failed(ingest_run(conn, &(Feed *){&s.feed}, 1, &once, &result, &err), ERR_DATA, "truncated or replaced", &err);
    assert_null(result.topics);
    assert_audit(conn, 2);
}

static void a_recreated_topic_is_refused_until_it_is_accepted(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0), message(0, 1)};
    IngestOptions accept = once;
    accept.new_epoch = true;
    IngestResult result = {0};
    Error err = {0};
    Script s = script(0, 2, events, ARRAY_LEN(events));
    CLEANUP(ingest_result_done) IngestResult one = ingest(conn, &s, &once);
    s = script(0, 2, events, ARRAY_LEN(events));
    s.topic_id = "second";
    assert_failed(ingest_run(conn, &(Feed *){&s.feed}, 1, &once, &result, &err), ERR_DATA, "--new-epoch", &err);
    assert_int_equal(s.at, 0); /* not a single event was read */
    CLEANUP(ingest_result_done) IngestResult two = ingest(conn, &s, &accept);
    assert_int_equal(s.partitions[0].next, 0);
    assert_int_equal(number(conn, "SELECT max(kafka_epoch) FROM ledger_partitions WHERE topic_id = 'second'"), 1);
    assert_audit(conn, 4);
    s = script(0, 2, NULL, 0);
    s.topic_id = "second";
    CLEANUP(ingest_result_done) IngestResult three = ingest(conn, &s, &accept); /* again: there is nothing new to accept */
    assert_int_equal(number(conn, "SELECT max(kafka_epoch) FROM ledger_partitions"), 1);
}

static void a_feed_that_comes_back_leaves_no_error(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0)};
    Script s = script(0, 1, events, 1);
    s.away = 2;
    CLEANUP(ingest_result_done) IngestResult r = ingest(conn, &s, &once);
    assert_int_equal(r.counts.landed, 1);
}

static void a_feed_that_stays_away_is_given_up(void **state) {
    LakeConn *conn = conn_of(state);
    IngestOptions impatient = once;
    impatient.timeout_ms = 700;
    IngestResult result = {0};
    Error err = {0};
    Script s = script(0, 1, NULL, 0);
    s.away = 1000;
    assert_failed(ingest_run(conn, &(Feed *){&s.feed}, 1, &impatient, &result, &err), ERR_UNAVAILABLE, "gave up", &err);
}

static void a_feed_that_breaks_is_an_error(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0), message(0, 1)};
    IngestOptions small = once;
    small.batch_rows = 1;
    IngestResult result = {0};
    Error err = {0};
    Script s = script(0, 5, events, ARRAY_LEN(events));
    s.broken = "the disk is gone";
    assert_failed(ingest_run(conn, &(Feed *){&s.feed}, 1, &small, &result, &err), ERR_DATA, "the disk is gone", &err);
    assert_true(number(conn, "SELECT next_offset FROM ledger_partitions") >= 1); /* what was committed stays */
    assert_audit(conn, number(conn, "SELECT next_offset FROM ledger_partitions"));
}

/* The reader of a quiet topic must hear that the lander has failed, although it needs no batch from it. */
static void a_failure_to_land_ends_it_though_nothing_comes(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0)};
    IngestOptions follow = once;
    follow.follow = true;
    follow.commit_interval_ms = 1;
    IngestResult result = {0};
    Error err = {0};
    Script s = script(0, 1, events, 1);
    run(conn, "DROP TABLE bronze_raw_events");
    assert_failed(ingest_run(conn, &(Feed *){&s.feed}, 1, &follow, &result, &err), ERR_BUG, "bronze_raw_events", &err);
}

/* ... and though the feed is away, so that nobody can say whose the last messages are. */
static void a_failure_to_land_ends_it_though_the_feed_is_away(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0), message(0, 1)};
    IngestOptions follow = once;
    follow.follow = true;
    follow.batch_rows = 1;
    IngestResult result = {0};
    Error err = {0};
    Script s = script(0, 1, events, ARRAY_LEN(events));
    s.checks = 1;
    run(conn, "DROP TABLE bronze_raw_events");
    assert_failed(ingest_run(conn, &(Feed *){&s.feed}, 1, &follow, &result, &err), ERR_BUG, "bronze_raw_events", &err);
}

static IngestState step(Ingest *in) {
    IngestState state = INGEST_DONE;
    Error err = {0};
    must(ingest_step(in, &state, &err), &err);
    return state;
}

/* The machine may be busy. */
static IngestState step_until_something(Ingest *in) {
    IngestState state = INGEST_IDLE;
    while (state == INGEST_IDLE) state = step(in);
    return state;
}

static void a_batch_ends_earlier_while_somebody_waits_for_it(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0)};
    atomic_bool hurry = false;
    IngestOptions follow = once;
    follow.follow = true;
    follow.commit_interval_ms = 3600 * 1000;
    follow.hurry = &hurry;
    follow.hurried_interval_ms = 10;
    Script s = script(0, 1, events, 1);
    CLEANUP(ingest_closep) Ingest *in = ingest_open(conn, &(Feed *){&s.feed}, 1, &follow);
    for (int times = 0; times < 2; times++) assert_int_equal(step(in), INGEST_IDLE);
    atomic_store(&hurry, true);
    assert_int_equal(step_until_something(in), INGEST_COMMITTED);
    assert_audit(conn, 1);
}

/* Steps of about a second: fewer than the interval has. */
static void what_comes_after_a_pause_lands_when_it_is_over(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0), message(0, 1)};
    IngestOptions follow = once;
    follow.follow = true;
    follow.commit_interval_ms = 5000;
    Script s = script(0, 2, events, 0);
    CLEANUP(ingest_closep) Ingest *in = ingest_open(conn, &(Feed *){&s.feed}, 1, &follow);
    for (int times = 0; times < 6; times++) assert_int_equal(step(in), INGEST_IDLE);
    s.count = 1;
    assert_true(step(in) == INGEST_COMMITTED || step(in) == INGEST_COMMITTED || step(in) == INGEST_COMMITTED); /* the machine may be busy */
    s.count = 2; /* follows at once: it waits for more */
    assert_int_equal(step(in), INGEST_IDLE);
    assert_int_equal(step_until_something(in), INGEST_COMMITTED);
    assert_audit(conn, 2);
}

static void a_step_says_what_it_did(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0), message(0, 1)};
    IngestOptions small = once;
    small.batch_rows = 1;
    Script s = script(0, 2, events, ARRAY_LEN(events));
    CLEANUP(ingest_closep) Ingest *in = ingest_open(conn, &(Feed *){&s.feed}, 1, &small);
    assert_int_equal(step_until_something(in), INGEST_COMMITTED);
    assert_int_equal(number(conn, "SELECT next_offset FROM ledger_partitions"), 1); /* durable, and no transaction is open */
    run(conn, "CREATE TABLE mine AS SELECT 1");
    assert_int_equal(step_until_something(in), INGEST_COMMITTED);
    assert_int_equal(step_until_something(in), INGEST_DONE);
    assert_audit(conn, 2);
}

static void a_quiet_feed_is_idle_and_may_be_closed_at_any_time(void **state) {
    LakeConn *conn = conn_of(state);
    IngestOptions follow = once;
    follow.follow = true;
    Script s = script(0, 0, NULL, 0);
    Ingest *never = ingest_open(conn, &(Feed *){&s.feed}, 1, &follow);
    ingest_close(never);
    CLEANUP(ingest_closep) Ingest *in = ingest_open(conn, &(Feed *){&s.feed}, 1, &follow);
    assert_int_equal(step(in), INGEST_IDLE);
    assert_int_equal(step(in), INGEST_IDLE);
    assert_audit(conn, 0);
}

/* After an error the next step begins again where the ledger ends. */
static void a_step_after_an_error_reads_on(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0), message(0, 1), message(0, 2)};
    IngestOptions small = once;
    small.batch_rows = 1;
    Script s = script(0, 3, events, 2);
    IngestState ended = INGEST_IDLE;
    Error err = {0};
    s.broken = "the network is gone";
    CLEANUP(ingest_closep) Ingest *in = ingest_open(conn, &(Feed *){&s.feed}, 1, &small);
    assert_int_equal(step_until_something(in), INGEST_COMMITTED);
    assert_failed(ingest_step(in, &ended, &err), ERR_DATA, "the network is gone", &err);
    s.broken = NULL;
    s.count = 3;
    assert_int_equal(step_until_something(in), INGEST_COMMITTED);
    assert_int_equal(s.partitions[0].next, 1); /* what it was asked for */
    assert_int_equal(step_until_something(in), INGEST_COMMITTED);
    assert_int_equal(step_until_something(in), INGEST_DONE);
    assert_audit(conn, 3);
}

static void new_partitions_are_read_while_following(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0), message(0, 1), message(1, 0), message(1, 1)};
    IngestOptions follow = once;
    follow.follow = true;
    follow.commit_interval_ms = 1;
    Script s = script(0, 2, events, ARRAY_LEN(events));
    s.partitions[1].end = 2;
    s.grows_at = 1;
    CLEANUP(ingest_closep) Ingest *in = ingest_open(conn, &(Feed *){&s.feed}, 1, &follow);
    while (number(conn, "SELECT coalesce(sum(next_offset), 0) FROM ledger_partitions") < 4) step(in);
    assert_int_equal(number(conn, "SELECT count(*) FROM ledger_partitions"), 2);
    assert_audit(conn, 4);
}

static void nothing_lands_on_a_full_disk(void **state) {
    LakeConn *conn = conn_of(state);
    const KafkaEvent events[] = {message(0, 0)};
    IngestOptions full = once;
    full.disk_dir = "/";
    full.reserve = INT64_MAX;
    IngestResult result = {0};
    Error err = {0};
    Script s = script(0, 1, events, 1);
    assert_failed(ingest_run(conn, &(Feed *){&s.feed}, 1, &full, &result, &err), ERR_FULL, "the disk of / is full", &err);
    assert_audit(conn, 0);
}

/* ---- random feeds ---- */

typedef struct Tape {
    KafkaEvent *events; /* owned */
    size_t count;
} Tape;

static void record(Tape *t, KafkaEvent e) {
    t->events = xrealloc(t->events, t->count + 1, sizeof *t->events);
    t->events[t->count++] = e;
}

/* Interleaves the partitions; leaves offsets out, and goes back now and then. Returns how many messages there are. */
static int64_t make_up(Tape *t, const Script *s, uint64_t *random) {
    int64_t next[SCRIPT_PARTITIONS], messages = 0;
    for (int p = 0; p < SCRIPT_PARTITIONS; p++) next[p] = s->partitions[p].start;
    for (int open = SCRIPT_PARTITIONS; open > 0;) {
        int p = (int)next_below(random, SCRIPT_PARTITIONS);
        if (next[p] > s->partitions[p].end) continue;
        if (next[p] == s->partitions[p].end) {
            record(t, end_of(p, next[p]++));
            open--;
            continue;
        }
        if (next_below(random, 10) == 0) next[p] += 1 + next_below(random, 5); /* compacted */
        if (next[p] >= s->partitions[p].end) {
            next[p] = s->partitions[p].end;
            continue;
        }
        for (int64_t again = next_below(random, 20) == 0 ? 3 : 0; again > 0; again--)
            if (next[p] - again > s->partitions[p].start) record(t, message(p, s->partitions[p].start)); /* redelivered */
        record(t, message(p, next[p]++));
        messages++;
    }
    return messages;
}

static void assert_random_feed(uint64_t seed) {
    CLEANUP(lake_fixture_done) LakeFixture f = open_migrated_lake(":memory:", NULL);
    uint64_t random = seed;
    int64_t offsets = 0;
    Tape t = {0};
    IngestOptions options = once;
    options.batch_rows = 1 + (size_t)next_below(&random, 60);
    options.batch_bytes = 1 + (size_t)next_below(&random, 3000);
    Script s = script(0, 0, NULL, 0);
    s.partition_count = SCRIPT_PARTITIONS;
    for (int p = 0; p < SCRIPT_PARTITIONS; p++) {
        int64_t start = next_below(&random, 100), length = next_below(&random, 150);
        s.partitions[p] = offsets_unknown(p);
        s.partitions[p].start = start;
        s.partitions[p].end = start + length;
        offsets += length;
    }
    int64_t messages = make_up(&t, &s, &random);
    s.events = t.events;
    s.count = t.count;
    CLEANUP(ingest_result_done) IngestResult r = ingest(f.conn, &s, &options);
    assert_int_equal(r.counts.landed + r.counts.duplicates, messages);
    assert_int_equal(r.counts.landed, messages > 0);
    assert_int_equal(r.counts.gaps, offsets - messages);
    for (int p = 0; p < SCRIPT_PARTITIONS; p++) assert_int_equal(r.topics[0].partitions[p].next, s.partitions[p].end);
    assert_audit(f.conn, offsets);
    free(t.events);
}

static void every_offset_of_a_random_feed_is_somewhere(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) assert_random_feed(seed);
}

/* ---- files ---- */

static void append_text(const char *path, const char *text) {
    FILE *file = fopen(path, "ae");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int ingest_file(LakeConn *conn, const char *path, const IngestOptions *options, IngestResult *ret, Error *err) {
    CLEANUP(feed_freep) Feed *feed = NULL;
    if (feed_open_file(path, options->follow, &feed, err) != 0) return -1;
    return ingest_run(conn, &feed, 1, options, ret, err);
}

static LedgerCounts read_file(LakeConn *conn, const char *path) {
    CLEANUP(ingest_result_done) IngestResult r = {0};
    Error err = {0};
    must(ingest_file(conn, path, &once, &r, &err), &err);
    return r.counts;
}

#define LINE(id) "{\"id\":\"" id "\",\"source\":\"bss\"}"

static int up_in_scratch(void **state) {
    void *dir = NULL, *fixture = NULL;
    if (scratch_up(&dir) != 0 || timed_lake_up(&fixture) != 0) return -1;
    free(dir); /* it is the working directory, which down_in_scratch asks for */
    *state = fixture;
    return 0;
}

static int down_in_scratch(void **state) {
    void *dir = getcwd(NULL, 0);
    return timed_lake_down(state) == 0 ? scratch_down(&dir) : -1;
}

static void each_line_is_a_message(void **state) {
    LakeConn *conn = conn_of(state);
    write_text("in.jsonl", LINE("a") "\n" LINE("b") "\r\n\nnot json\n" LINE("a") "\n" LINE("c"));
    LedgerCounts c = read_file(conn, "in.jsonl");
    assert_int_equal(c.landed, 3);
    assert_int_equal(c.duplicates, 1);
    assert_int_equal(c.rejected, 2);
    assert_int_equal(number(conn, "SELECT kafka_offset FROM bronze_raw_events WHERE event_id = 'c'"), 5);
    assert_int_equal(number(conn, "SELECT count(*) FROM bronze_rejects WHERE (kafka_offset, reason) IN ((2, 'empty'), (3, 'not_json'))"),
                     2);
    assert_int_equal(number(conn, "SELECT count(*) FROM ledger_partitions WHERE kafka_topic LIKE 'file:/%/in.jsonl'"), 1);
    assert_audit(conn, 6);
}

static void a_file_read_again_brings_what_was_appended(void **state) {
    LakeConn *conn = conn_of(state);
    write_text("in.jsonl", LINE("a") "\n" LINE("b") "\n");
    assert_int_equal(read_file(conn, "in.jsonl").landed, 2);
    assert_int_equal(read_file(conn, "./in.jsonl").landed, 0); /* the same file by another name */
    append_text("in.jsonl", LINE("c") "\n");
    assert_int_equal(read_file(conn, "in.jsonl").landed, 1);
    assert_audit(conn, 3);
}

static void an_empty_file_may_be_filled_later(void **state) {
    LakeConn *conn = conn_of(state);
    write_text("in.jsonl", "");
    assert_int_equal(read_file(conn, "in.jsonl").landed, 0);
    append_text("in.jsonl", LINE("a") "\n");
    assert_int_equal(read_file(conn, "in.jsonl").landed, 1);
    assert_audit(conn, 1);
}

static void another_or_a_shorter_file_is_refused(void **state) {
    LakeConn *conn = conn_of(state);
    IngestResult r = {0};
    Error err = {0};
    write_text("in.jsonl", LINE("a") "\n" LINE("b") "\n" LINE("c") "\n");
    read_file(conn, "in.jsonl");
    write_text("in.jsonl", LINE("a") "\n" LINE("b") "\n");
    assert_failed(ingest_file(conn, "in.jsonl", &once, &r, &err), ERR_DATA, "truncated or replaced", &err);
    write_text("in.jsonl", LINE("x") "\n" LINE("y") "\n" LINE("z") "\n" LINE("w") "\n");
    assert_failed(ingest_file(conn, "in.jsonl", &once, &r, &err), ERR_DATA, "--new-epoch", &err);
    assert_failed(ingest_file(conn, "missing.jsonl", &once, &r, &err), ERR_DATA, "missing.jsonl", &err);
    assert_audit(conn, 3);
}

/* Lines with NUL bytes, bytes that are no UTF-8, and one longer than any buffer. */
static void any_bytes_are_a_line(void **state) {
    LakeConn *conn = conn_of(state);
    CLEANUP(buf_done) Buf text = {0};
    Error err = {0};
    buf_add(&text, "a\0b\n\xff\xfe\n", 7);
    buf_add_str(&text, "{\"id\":\"long\",\"source\":\"bss\",\"payload\":\"");
    memset(buf_reserve(&text, 5 << 20), 'x', 5 << 20);
    text.len += 5 << 20;
    buf_add_str(&text, "\"}\n");
    must(file_write_atomic("in.jsonl", text.data, text.len, &err), &err);
    LedgerCounts c = read_file(conn, "in.jsonl");
    assert_int_equal(c.landed, 1);
    assert_int_equal(c.rejected, 2);
    assert_int_equal(number(conn, "SELECT octet_length(raw_value) FROM bronze_rejects WHERE kafka_offset = 0"), 3);
    assert_audit(conn, 3);
}

/* A line without its newline is not read, however long it is there; with it, it is. */
static void a_followed_file_is_read_by_whole_lines(void **state) {
    LakeConn *conn = conn_of(state);
    CLEANUP(feed_freep) Feed *feed = NULL;
    IngestOptions follow = once;
    follow.follow = true;
    follow.commit_interval_ms = 10;
    Error err = {0};
    write_text("in.jsonl", LINE("a") "\n{\"id\":\"b\"");
    must(feed_open_file("in.jsonl", true, &feed, &err), &err);
    CLEANUP(ingest_closep) Ingest *in = ingest_open(conn, &feed, 1, &follow);
    assert_int_equal(step_until_something(in), INGEST_COMMITTED);
    assert_int_equal(step(in), INGEST_IDLE);
    assert_int_equal(number(conn, "SELECT count(*) FROM bronze_raw_events"), 1);
    append_text("in.jsonl", ",\"source\":\"bss\"}\n");
    assert_int_equal(step_until_something(in), INGEST_COMMITTED);
    assert_int_equal(number(conn, "SELECT count(*) FROM bronze_raw_events"), 2);
    assert_audit(conn, 2);
}

/* ---- killed ---- */

#define LINES 8000

/* Events, each tenth a copy of an older one, each hundredth no event. */
static void write_stream(const char *path) {
    CLEANUP(buf_done) Buf text = {0};
    Error err = {0};
    uint64_t random = 42;
    for (int64_t i = 0; i < LINES; i++) {
        int64_t id = next_below(&random, 10) == 0 ? next_below(&random, i + 1) : i;
        char time[CLOCK_TEXT_SIZE];
        clock_format(INT64_C(1700000000) * USEC_PER_SEC + id * 60 * USEC_PER_SEC, time);
        if (i % 100 == 99)
            buf_add_str(&text, "{\"id\":\n");
        else
            buf_addf(&text, "{\"id\":\"e%" PRId64 "\",\"source\":\"bss\",\"timestamp\":\"%s\",\"payload\":{\"n\":%" PRId64 "}}\n", id, time,
                     i);
    }
    must(file_write_atomic(path, text.data, text.len, &err), &err);
}

/* Exit code 0: it came to the end. */
_Noreturn static void ingest_in_child(const char *lake, size_t batch_rows) {
    LakeFixture f = open_migrated_lake(lake, NULL);
    IngestOptions options = once;
    IngestResult r = {0};
    Error err = {0};
    options.batch_rows = batch_rows;
    if (ingest_file(f.conn, "in.jsonl", &options, &r, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        _exit(1);
    }
    ingest_result_done(&r);
    lake_fixture_done(&f);
    _exit(0);
}

/* Kills it after a while, until it comes to its end. Returns how often it was killed. */
static int ingest_killed_often(const char *lake, uint64_t *random) {
    for (int kills = 0;; kills++) {
        pid_t child = fork();
        if (child == 0) {
            size_t batch_rows = 1 + (size_t)next_below(random, 700);
            die_after_cpu_us(next_below(random, 60000 + kills * 60000)); /* later and later, so that it ends */
            ingest_in_child(lake, batch_rows);
        }
        if (!was_killed(child)) return kills;
        (void)next_random(random);
    }
}

#define FATES(db)                                                                                                                          \
    "(SELECT kafka_offset, 'landed ' || event_id AS fate FROM " db "bronze_raw_events UNION ALL SELECT kafka_offset, 'duplicate ' || "     \
    "event_id FROM " db "bronze_duplicates UNION ALL SELECT kafka_offset, 'rejected ' || reason FROM " db "bronze_rejects)"

static void killed_at_any_moment_it_is_exact_in_the_end(void **state) {
    (void)state;
    uint64_t random = 7;
    int status;
    alarm(5 * HANG_SECONDS); /* it starts dozens of processes */
    write_stream("in.jsonl");
    int kills = ingest_killed_often("killed.duckdb", &random);
    assert_true(kills >= 1);
    pid_t child = fork();
    if (child == 0) ingest_in_child("straight.duckdb", 122880);
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    CLEANUP(lake_fixture_done) LakeFixture f = open_migrated_lake("killed.duckdb", NULL);
    assert_audit(f.conn, LINES);
    run(f.conn, "ATTACH 'straight.duckdb' AS straight (READ_ONLY)");
    assert_int_equal(number(f.conn, "SELECT count(*) FROM (FROM " FATES("") " EXCEPT ALL FROM " FATES("straight.") ")"), 0);
    assert_int_equal(number(f.conn, "SELECT count(*) FROM " FATES("") " a JOIN " FATES("straight.") " b USING (kafka_offset, fate)"),
                     LINES);
    alarm(0);
}

#define IN_TIME_IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, up_in_scratch, down_in_scratch)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_TIMED_LAKE(it_reads_to_the_end_seen_at_the_start),
        WITH_TIMED_LAKE(what_is_redelivered_is_dropped),
        WITH_TIMED_LAKE(what_never_comes_is_a_gap),
        WITH_TIMED_LAKE(a_gap_across_the_end_is_followed_by_its_message),
        WITH_TIMED_LAKE(a_topic_that_lost_its_beginning_begins_later),
        WITH_TIMED_LAKE(an_empty_topic_is_known_afterwards),
        WITH_TIMED_LAKE(the_second_run_goes_on_where_the_first_ended),
        WITH_TIMED_LAKE(what_retention_took_is_a_gap),
        WITH_TIMED_LAKE(what_retention_takes_while_reading_is_a_gap),
        WITH_TIMED_LAKE(an_offset_out_of_range_waits_for_the_broker),
        WITH_TIMED_LAKE(a_topic_that_ends_before_us_is_refused),
        WITH_TIMED_LAKE(a_recreated_topic_is_refused_until_it_is_accepted),
        WITH_TIMED_LAKE(a_feed_that_comes_back_leaves_no_error),
        WITH_TIMED_LAKE(a_feed_that_stays_away_is_given_up),
        WITH_TIMED_LAKE(a_feed_that_breaks_is_an_error),
        WITH_TIMED_LAKE(a_failure_to_land_ends_it_though_nothing_comes),
        WITH_TIMED_LAKE(a_failure_to_land_ends_it_though_the_feed_is_away),
        WITH_TIMED_LAKE(a_batch_ends_earlier_while_somebody_waits_for_it),
        WITH_TIMED_LAKE(what_comes_after_a_pause_lands_when_it_is_over),
        WITH_TIMED_LAKE(a_step_says_what_it_did),
        WITH_TIMED_LAKE(a_quiet_feed_is_idle_and_may_be_closed_at_any_time),
        WITH_TIMED_LAKE(a_step_after_an_error_reads_on),
        WITH_TIMED_LAKE(new_partitions_are_read_while_following),
        WITH_TIMED_LAKE(nothing_lands_on_a_full_disk),
        cmocka_unit_test(every_offset_of_a_random_feed_is_somewhere),
        IN_TIME_IN_SCRATCH(each_line_is_a_message),
        IN_TIME_IN_SCRATCH(a_file_read_again_brings_what_was_appended),
        IN_TIME_IN_SCRATCH(an_empty_file_may_be_filled_later),
        IN_TIME_IN_SCRATCH(another_or_a_shorter_file_is_refused),
        IN_TIME_IN_SCRATCH(any_bytes_are_a_line),
        IN_TIME_IN_SCRATCH(a_followed_file_is_read_by_whole_lines),
        IN_SCRATCH(killed_at_any_moment_it_is_exact_in_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

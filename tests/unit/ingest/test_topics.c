/* test_topics.c: several topics in one ingest: one that cannot be read holds no other back. Scripted feeds play them. */
#include "ingest/ingest.h"

#include "../fixture.h"
#include "base/document.h"
#include "ledger/ledger.h"
#include "script_feed.h"
#include <inttypes.h>
#include <string.h>

#define TOPICS 3

static const IngestOptions once = {.batch_rows = 1000, .batch_bytes = 1 << 20, .commit_interval_ms = 10, .quiet = true};
static char names[TOPICS][8] = {"one", "two", "three"};

static KafkaEvent message(int64_t offset) {
    static const char text[] = "{\"id\":\"e\",\"source\":\"bss\"}";
    return (KafkaEvent){.kind = KAFKA_MESSAGE,
                        .offset = offset,
                        .leader_epoch = LEADER_EPOCH_UNKNOWN,
                        .timestamp_us = INT64_MIN,
                        .value = text,
                        .len = sizeof text - 1};
}

/* Topic i has i + 1 messages. */
typedef struct Topics {
    Script scripts[TOPICS];
    Feed *feeds[TOPICS];
    KafkaEvent events[TOPICS];
} Topics;

static void init(Topics *t) {
    *t = (Topics){0};
    for (int i = 0; i < TOPICS; i++) t->events[i] = message(i);
    for (int i = 0; i < TOPICS; i++) {
        t->scripts[i] = script(0, i + 1, t->events, (size_t)i + 1);
        t->scripts[i].feed.topic = names[i];
        t->feeds[i] = &t->scripts[i].feed;
    }
}

static int64_t read_of(LakeConn *conn, const char *topic) {
    CLEANUP(free_text) char *sql = xasprintf("SELECT coalesce(sum(next_offset), 0) FROM ledger_partitions WHERE kafka_topic = '%s'", topic);
    return number(conn, sql);
}

static void assert_audit(LakeConn *conn, int64_t offsets) {
    CLEANUP(ledger_audit_done) LedgerAudit a = {0};
    Error err = {0};
    must(ledger_audit(conn, &a, &err), &err);
    if (!a.ok) fail_msg("%" PRId64 " missing, %" PRId64 " repeated", a.missing, a.repeated);
    assert_int_equal(a.offsets, offsets);
}

/* ---- to the end ---- */

static void each_has_its_own_ledger(void **state) {
    LakeConn *conn = conn_of(state);
    CLEANUP(ingest_result_done) IngestResult r = {0};
    Error err = {0};
    Topics t;
    init(&t);
    must(ingest_run(conn, t.feeds, TOPICS, &once, &r, &err), &err);
    must(ingest_result_check(&r, &err), &err);
    for (int i = 0; i < TOPICS; i++) {
        assert_int_equal(read_of(conn, names[i]), i + 1);
        assert_int_equal(t.scripts[i].reported[0], i + 1);
        assert_int_equal(r.topics[i].counts.landed + r.topics[i].counts.duplicates, i + 1);
        assert_string_equal(r.topics[i].name, names[i]);
    }
    CLEANUP(json_freep) json_t *summary = ingest_result_json(&r);
    assert_int_equal(json_integer_value(json_object_get(summary, "landed")), 1); /* the same event six times */
    assert_int_equal(json_integer_value(json_object_get(summary, "duplicates")), 5);
    assert_int_equal(json_array_size(json_object_get(summary, "topics")), TOPICS);
    assert_int_equal(json_array_size(json_object_get(summary, "partitions")), TOPICS);
    assert_audit(conn, 6);
}

static void one_that_is_missing_is_the_problem_of_the_result(void **state) {
    LakeConn *conn = conn_of(state);
    CLEANUP(ingest_result_done) IngestResult r = {0};
    Error err = {0};
    Topics t;
    init(&t);
    t.scripts[1].topic_id = NULL;
    must(ingest_run(conn, t.feeds, TOPICS, &once, &r, &err), &err);
    assert_false(r.stopped);
    CLEANUP(json_freep) json_t *summary = ingest_result_json(&r);
    assert_non_null(strstr(json_string_value(json_object_get(summary, "problem")), "the topic two does not exist"));
    assert_failed(ingest_result_check(&r, &err), ERR_UNAVAILABLE, "the topic two does not exist", &err);
    assert_audit(conn, 4);
}

/* What waiting does not mend is the kind of the whole. */
static void the_worst_problem_is_the_exit_code(void **state) {
    LakeConn *conn = conn_of(state);
    CLEANUP(ingest_result_done) IngestResult r = {0};
    Error err = {0};
    Topics t;
    init(&t);
    t.scripts[0].topic_id = NULL;
    t.scripts[2].broken = "the network is gone";
    t.scripts[2].partitions[0].end = 10;
    must(ingest_run(conn, t.feeds, TOPICS, &once, &r, &err), &err);
    assert_int_equal(read_of(conn, "two"), 2);
    assert_int_equal(ingest_result_check(&r, &err), -1);
    assert_non_null(strstr(err.text, "the topic one does not exist"));
    assert_failed(-1, ERR_DATA, "three: the network is gone", &err);
}

static void when_none_can_be_read_it_fails(void **state) {
    LakeConn *conn = conn_of(state);
    IngestResult r = {0};
    Error err = {0};
    Topics t;
    init(&t);
    for (int i = 0; i < TOPICS; i++) t.scripts[i].topic_id = NULL;
    assert_failed(ingest_run(conn, t.feeds, TOPICS, &once, &r, &err), ERR_UNAVAILABLE, "the topic three does not exist", &err);
    assert_null(r.topics);
}

/* ---- following ---- */

static void step_until(LakeConn *conn, Ingest *in, const char *topic, int64_t offset) {
    while (read_of(conn, topic) < offset) {
        IngestState step;
        Error err = {0};
        must(ingest_step(in, &step, &err), &err);
    }
}

/* ... after a pause, while the others go on. */
static void one_that_failed_is_tried_again(void **state) {
    LakeConn *conn = conn_of(state);
    IngestOptions follow = once;
    follow.follow = true;
    Topics t;
    init(&t);
    t.scripts[0].broken = "the network is gone";
    t.scripts[0].heals_after = 1;
    CLEANUP(ingest_closep) Ingest *in = ingest_open(conn, t.feeds, TOPICS, &follow);
    step_until(conn, in, "two", 2);
    step_until(conn, in, "three", 3);
    step_until(conn, in, "one", 1);
    assert_int_equal(t.scripts[0].broke, 1);
    assert_audit(conn, 6);
}

static void when_none_can_be_followed_it_fails(void **state) {
    LakeConn *conn = conn_of(state);
    IngestOptions follow = once;
    follow.follow = true;
    IngestState step = INGEST_IDLE;
    Error err = {0};
    Topics t;
    init(&t);
    for (int i = 0; i < TOPICS; i++) t.scripts[i].broken = "the network is gone";
    CLEANUP(ingest_closep) Ingest *in = ingest_open(conn, t.feeds, TOPICS, &follow);
    while (ingest_step(in, &step, &err) == 0) assert_int_not_equal(step, INGEST_DONE);
    assert_non_null(strstr(err.text, "none of the topics can be read: "));
    assert_true(strstr(err.text, "one: the network") != NULL || strstr(err.text, "two: the network") != NULL ||
                strstr(err.text, "three: the network") != NULL);
    assert_failed(-1, ERR_DATA, "is gone", &err);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_TIMED_LAKE(each_has_its_own_ledger),
                                       WITH_TIMED_LAKE(one_that_is_missing_is_the_problem_of_the_result),
                                       WITH_TIMED_LAKE(the_worst_problem_is_the_exit_code),
                                       WITH_TIMED_LAKE(when_none_can_be_read_it_fails),
                                       WITH_TIMED_LAKE(one_that_failed_is_tried_again),
                                       WITH_TIMED_LAKE(when_none_can_be_followed_it_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_health.c: What each part's facts mean. The state page of a system lies when it guesses: so every way of not knowing is tested too.
 */
#include "health/internal.h"

#include "../fixture.h"
#include "base/memory.h"
#include "commands/settings_table.h"
#include <string.h>

static Settings *settings;
static Offsets partitions[2] = {{.partition = 0, .start = 0, .end = 100}, {.partition = 1, .start = 50, .end = 80}};

#define NOW   INT64_C(1700000000000000)
#define HOURS (INT64_C(3600) * USEC_PER_SEC)

static int setup(void **state) {
    (void)state;
    static const char *const sets[] = {"kafka.topic=t", "status.fresh_within=30m"};
    Error err = {0};
    must(settings_load(&settings_table, NULL, sets, 2, &settings, &err), &err);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    settings_free(settings);
    return 0;
}

static void put_time(json_t *row, const char *column, int64_t hours_ago) {
    char text[CLOCK_TEXT_SIZE];
    json_object_set_new(row, column, json_string(clock_format(NOW - hours_ago * HOURS, text)));
}

static LakeCheck checked;
static TopicFacts topic; /* the only one */

/* Everything works: Bronze has all of partition 0 and of 1, two hours ago; nothing waits. */
static Facts healthy(void) {
    Facts f = {.now_us = NOW,
               .settings = settings,
               .lake_bytes = 1000,
               .lake_changed_us = NOW - 3 * HOURS,
               .generation = 4,
               .disk_free = 500000000000,
               .disk_size = 1000000000000};
    checked = (LakeCheck){.checked_us = NOW - HOURS, .all_read = true};
    f.lake = &checked;
    f.snapshot_read_us = NOW - HOURS;
    f.kafka = (KafkaPing){.brokers = 1, .latency_ms = 2};
    topic = (TopicFacts){.name = "t", .kafka = {.exists = true, .partition_count = 2, .partitions = partitions}};
    f.topics = &topic;
    f.topic_count = 1;
    f.row = json_pack("{s:i, s:i, s:i, s:i, s:i, s:s, s:s, s:i, s:s, s:s, s:s, s:[{s:s, s:i, s:i}, {s:s, s:i, s:i}]}", "landed", 130,
                      "silver", 128, "quarantined", 2, "pending_events", 0, "entities", 10, "entity_title", "subscriber", "entity_titles",
                      "subscribers", "scores", 10, "model_id", "m", "run_id", "r", "run_state", "done", "partitions", "topic", "t",
                      "partition", 0, "next_offset", 100, "topic", "t", "partition", 1, "next_offset", 80);
    put_time(f.row, "as_of", 2);
    put_time(f.row, "ingested_at", 2);
    put_time(f.row, "newest_event_at", 2);
    put_time(f.row, "refined_at", 2);
    put_time(f.row, "scored_at", 2);
    put_time(f.row, "trained_at", 5);
    put_time(f.row, "run_started_at", 2);
    return f;
}

static void done(Facts *f) {
    json_decref(f->row);
}

static void expect(const Facts *f, const char *part, const char *state, const char *words) {
    for (const Component *c = health_components; c->name != NULL; c++) {
        if (strcmp(c->name, part) != 0) continue;
        Finding finding = {.more = json_object()};
        assert_true(c->judge(f, &finding));
        if (strcmp(state_name(finding.state), state) != 0 || strstr(finding.detail.data, words) == NULL)
            fail_msg("%s is %s, not %s with '%s': %s", part, state_name(finding.state), state, words, finding.detail.data);
        buf_done(&finding.detail);
        json_decref(finding.more);
        return;
    }
    fail_msg("no part %s", part);
}

/* A quiet night is no fault: nothing came for two hours, and nothing waits. */
static void test_quiet_is_ok(void **state) {
    (void)state;
    Facts f = healthy();
    expect(&f, "kafka", "ok", "1 broker answered a metadata request");
    expect(&f, "lake", "ok", "no process is writing to it");
    expect(&f, "bronze", "ok", "nothing waits in Kafka");
    expect(&f, "silver", "ok", "128 clean events, 2 in quarantine (1.5%)");
    expect(&f, "gold", "ok", "10 subscribers. Refined 2 hours ago; nothing waits.");
    expect(&f, "model", "ok", "trained 5 hours ago. 10 subscribers scored 2 hours ago.");
    expect(&f, "runs", "ok", "ended as done");
    expect(&f, "snapshot", "ok", "Generation 4, published 2 hours ago.");
    expect(&f, "disk", "ok", "50%");
    done(&f);
}

static void test_events_that_wait_too_long(void **state) {
    (void)state;
    Facts f = healthy();
    partitions[1].end = 1580;
    expect(&f, "bronze", "degraded", "1,500 events wait in Kafka, longer than");
    put_time(f.row, "ingested_at", 0);
    expect(&f, "bronze", "ok", "1,500 events wait in Kafka.");
    partitions[1].end = 80;
    json_object_set_new(f.row, "pending_events", json_integer(7));
    put_time(f.row, "pending_since", 1);
    expect(&f, "silver", "degraded", "7 events wait, longer than");
    expect(&f, "gold", "degraded", "7 events wait, longer than");
    put_time(f.row, "pending_since", 0);
    expect(&f, "silver", "ok", "7 events wait.");
    done(&f);
}

/* What waits in a partition without a leader nobody knows. */
static void nothing_waits_only_where_all_partitions_answer(void **state) {
    (void)state;
    Facts f = healthy();
    Offsets whole = partitions[1];
    partitions[1] = offsets_unknown(1);
    topic.kafka.unanswered = 1;
    expect(&f, "kafka", "degraded", "1 of them gives no answer");
    expect(&f, "bronze", "degraded", "nothing waits in the partitions of Kafka that answer, longer than");
    put_time(f.row, "ingested_at", 0);
    expect(&f, "bronze", "ok", "nothing waits in the partitions of Kafka that answer");
    partitions[1] = whole;
    done(&f);
}

static void a_topic_that_was_deleted_is_not_one_to_come(void **state) {
    (void)state;
    Facts f = healthy();
    topic.kafka.exists = false;
    expect(&f, "kafka", "degraded", "The topic t does not exist any more; the lake keeps what was read of it.");
    json_object_del(f.row, "partitions");
    expect(&f, "kafka", "degraded", "The topic t does not exist yet; `smelt produce` makes it.");
    done(&f);
}

static void put_losses(Facts *f, int64_t hours_ago, int count, const char *reason) {
    char text[CLOCK_TEXT_SIZE];
    json_t *losses = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(losses, json_pack("{ss si si si ss ss}", "topic", "t", "partition", i, "first_offset", 100, "next_offset",
                                                190, "reason", reason, "noticed_at", clock_format(NOW - hours_ago * HOURS, text)));
    json_object_set_new(f->row, "losses", losses);
    json_object_set_new(f->row, "lost", json_integer(90 * count));
}

/* What retention removed before it was read is said for a day, with what to do. */
static void a_loss_degrades_bronze_for_a_day(void **state) {
    (void)state;
    Facts f = healthy();
    put_losses(&f, 3, 1, "retention");
    expect(
        &f, "bronze", "degraded",
        "90 offsets were lost for good: t partition 0, offsets 100 to 189, noticed 3 hours ago (Kafka removed them before they were read). "
        "Raise the retention of the topic, or read it more often; docs/runbook.md#smeltmessageslost says more.");
    put_losses(&f, 3, 5, "unreadable");
    expect(&f, "bronze", "degraded", "450 offsets were lost for good: t partition 0");
    expect(&f, "bronze", "degraded", "and 2 more ranges. Find out what damaged them");
    put_losses(&f, 3, 1, "of a later version");
    expect(&f, "bronze", "degraded", "3 hours ago (of a later version). `smelt audit` lists them");
    put_losses(&f, 24, 1, "retention");
    expect(&f, "bronze", "ok", "130 events. The newest event");
    done(&f);
}

/* Beside a writer the newest snapshot is old news: the mark knows better. */
static void test_the_mark_is_newer_than_the_snapshot(void **state) {
    (void)state;
    Facts f = healthy();
    f.mark_state = MARK_GOOD;
    f.mark = (CommitMark){.landed = 130, .commit = 2, .written_us = NOW - 1};
    expect(&f, "bronze", "ok", "130 events. ");
    expect(&f, "silver", "ok", "Refined 2 hours ago; nothing waits.");
    f.mark.landed = 456;
    expect(&f, "bronze", "ok", "456 events, 326 of them in no snapshot yet.");
    expect(&f, "bronze", "ok", "Last ingest 0 seconds ago");
    expect(&f, "silver", "ok", "Refined 2 hours ago; 326 events landed since.");
    json_object_set_new(f.row, "landed", json_integer(0));
    json_object_del(f.row, "ingested_at");
    expect(&f, "bronze", "ok", "456 events, 456 of them in no snapshot yet.");
    f.mark = (CommitMark){0};
    expect(&f, "bronze", "degraded", "Nothing was ingested yet");
    done(&f);
}

/* What nobody has looked at is never called ok; a writer has looked when it opened the lake. */
static void a_lake_is_ok_only_when_it_was_looked_at(void **state) {
    (void)state;
    Facts f = healthy();
    char problem[] = "Corrupt database file. Next: `smelt recover` shows what it would do", why[] = "x cannot be read by this user";
    char writer[] = "pid 12: smelt up", behind[] = "the lake is behind its commit mark";
    expect(&f, "lake", "ok", "Opened, compared with its mark and read to its end 1 hour ago.");
    checked.all_read = false;
    expect(&f, "lake", "ok", "Compared with its mark 1 hour ago. Not all rows were read then; `smelt audit` reads them.");
    checked.unknown = why;
    expect(&f, "lake", "unknown", "It could not be verified now: x cannot be read by this user. Compared with its mark 1 hour ago.");
    f.writer = writer;
    expect(&f, "lake", "degraded", "It could not be verified now: x cannot be read by this user. Compared with its mark 1 hour ago.");
    checked.unknown = NULL;
    expect(&f, "lake", "ok", "pid 12: smelt up is writing to it. Compared with its mark 1 hour ago.");
    f.lake = NULL;
    expect(&f, "lake", "ok", "pid 12: smelt up is writing to it. It compared the lake with its mark when it opened it.");
    f.writer = NULL;
    expect(&f, "lake", "unknown", "Not verified yet.");
    f.lake = &checked;
    checked.problem = problem;
    expect(&f, "lake", "down", "Corrupt database file");
    f.refused = behind;
    expect(&f, "lake", "down", "the lake is behind its commit mark.");
    f.refused = NULL;
    f.lake = NULL;
    f.lake_bytes = -1;
    expect(&f, "lake", "down", "There is no lake");
    f.mark.commit = 3;
    expect(&f, "lake", "down", "is gone; `smelt recover`");
    f.no_data_dir = true;
    expect(&f, "lake", "down", "nor the folder: is its volume mounted?");
    done(&f);
}

/* What the snapshot says about the layers of a lake that cannot be used is old news. */
static void the_layers_of_a_lake_that_cannot_be_used_are_not_known(void **state) {
    (void)state;
    static const char *const parts[] = {"bronze", "silver", "gold"};
    Facts f = healthy();
    char problem[] = "Corrupt database file";
    checked.problem = problem;
    json_object_set_new(f.row, "quarantined", json_integer(99));
    partitions[1].end = 1580;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        expect(&f, parts[i], "unknown", "The lake cannot be used: this is what the snapshot has.");
    partitions[1].end = 80;
    f.live = f.snapshot_touched = true;
    expect(&f, "snapshot", "degraded", "changed after it was published");
    done(&f);
}

static void an_earlier_snapshot_is_named(void **state) {
    (void)state;
    Facts f = healthy();
    char problem[] = "snapshot generation 5 cannot be used: damaged";
    f.snapshot_problem = problem;
    expect(&f, "snapshot", "degraded", "generation 5 cannot be used: damaged. Served instead: generation 4, published 2 hours ago.");
    done(&f);
}

/* What retention has removed is no work that waits. */
static void test_offsets_below_the_low_mark_do_not_wait(void **state) {
    (void)state;
    Facts f = healthy();
    json_object_set_new(f.row, "partitions", json_array());
    partitions[0].start = partitions[0].end;
    expect(&f, "bronze", "degraded", "30 events wait in Kafka");
    partitions[0].start = 0;
    done(&f);
}

static void test_kafka_away(void **state) {
    (void)state;
    static char why[] = "Kafka at x:1: Connection refused", forbidden[] = "Kafka at x:1: topic t: Topic authorization failed";
    Facts f = healthy();
    f.kafka_error = forbidden; /* of every topic; the brokers did answer */
    expect(&f, "kafka", "down", "The brokers answer, but no topic can be described: Kafka at x:1: topic t: Topic authorization failed.");
    f.kafka = (KafkaPing){0};
    f.kafka_error = why;
    expect(&f, "kafka", "down", "Connection refused.");
    expect(&f, "bronze", "degraded", "how many events wait in Kafka is not known. The last ingest is longer ago than status.fresh_within");
    put_time(f.row, "ingested_at", 0);
    expect(&f, "bronze", "ok", "how many events wait in Kafka is not known.");
    f.kafka_error = NULL;
    f.kafka.brokers = 1;
    topic.kafka.exists = false;
    expect(&f, "kafka", "degraded", "does not exist any more");
    done(&f);
}

/* One that is not read is said with its reason; what waits is the sum. */
static void test_several_topics(void **state) {
    (void)state;
    static char refused[] = "Kafka at x:1: topic v: no right DESCRIBE";
    Offsets other[] = {{.partition = 0, .start = 0, .end = 7}};
    TopicFacts topics[] = {{.name = "t", .kafka = {.exists = true, .partition_count = 2, .partitions = partitions}},
                           {.name = "u", .kafka = {.exists = true, .partition_count = 1, .partitions = other}},
                           {.name = "v"}};
    Facts f = healthy();
    f.topics = topics;
    f.topic_count = 2;
    f.mark_state = MARK_GOOD;
    expect(&f, "kafka", "ok", "The topic t has 2 partitions. The topic u has 1 partition.");
    expect(&f, "bronze", "degraded", "7 events wait in Kafka, longer than");
    f.topic_count = 3;
    expect(&f, "kafka", "degraded", "The topic u has 1 partition. The topic v does not exist yet");
    expect(&f, "bronze", "degraded", "7 events wait in Kafka");
    topics[2].problem = refused;
    expect(&f, "kafka", "degraded", "The topic v cannot be described: Kafka at x:1: topic v: no right DESCRIBE.");
    f.topic_count = 2;
    f.mark.away = json_pack("[{s:s, s:s}]", "topic", "u", "reason", "u was deleted and recreated");
    expect(&f, "kafka", "degraded", "The topic u has 1 partition. It is not read: u was deleted and recreated.");
    topics[1].kafka.exists = false; /* it was there once */
    expect(&f, "kafka", "degraded", "The topic u does not exist. It is not read: u was deleted and recreated.");
    json_decref(f.mark.away);
    done(&f);
}

/* Without a row nothing about the layers is known, and unknown is never ok. */
static void test_nothing_published(void **state) {
    (void)state;
    static const char *const parts[] = {"bronze", "silver", "gold", "model"};
    static char why[] = "nothing was published yet";
    Facts f = healthy();
    json_decref(f.row);
    f.row = NULL;
    f.row_error = why;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) expect(&f, parts[i], "unknown", "Cannot be judged: nothing was published yet");
    expect(&f, "snapshot", "down", "nothing was published yet");
    f.lake_bytes = -1;
    expect(&f, "lake", "down", "There is no lake");
}

static void test_model_and_snapshot_that_lag(void **state) {
    (void)state;
    Facts f = healthy();
    put_time(f.row, "scored_at", 4);
    expect(&f, "model", "degraded", "Gold is newer");
    json_object_set_new(f.row, "label_source", json_string("rule"));
    expect(&f, "model", "degraded", "can only repeat that rule");
    json_object_set_new(f.row, "model_id", json_null());
    expect(&f, "model", "degraded", "No model yet");
    json_object_set_new(f.row, "has_label", json_false());
    expect(&f, "model", "ok", "Gold has no label");
    f.lake_changed_us = NOW - HOURS;
    expect(&f, "snapshot", "degraded", "the lake has changed since");
    f.live = true;
    expect(&f, "snapshot", "ok", "Serving live");
    json_object_set_new(f.row, "run_error", json_string("refine: disk full"));
    json_object_set_new(f.row, "run_state", json_string("failed"));
    expect(&f, "runs", "degraded", "ended as failed, started 2 hours ago: refine: disk full.");
    done(&f);
}

/* The record knows runs that no snapshot has, so it is believed rather than the history of the snapshot. */
static void test_runs_that_published_nothing(void **state) {
    (void)state;
    Facts f = healthy();
    f.runs = json_pack("{s{si} s{s:s s:s} s{s:s s:s s:s s:s}}", "counts", "failed", 1, "running", "run_id", "c", "started_at",
                       "2023-11-14T21:13:20Z", "last", "run_id", "b", "state", "failed", "started_at", "2023-11-14T20:13:20Z", "error",
                       "ingest: Kafka is away");
    expect(&f, "runs", "degraded", "The last run (b) ended as failed, started 2 hours ago: ingest: Kafka is away.");
    f.run_lost = true;
    expect(&f, "runs", "degraded", "The last run (c) ended as lost, started 1 hour ago: its process ended without recording a result.");
    json_decref(f.runs);
    done(&f);
}

/* The mark is written with each commit, a snapshot now and then; and it knows that the topic was made anew. */
static void test_lag_is_counted_from_the_newest_commit(void **state) {
    (void)state;
    Offsets before = {.partition = 1, .next = 500}, now = {.partition = 1, .next = 150}, elsewhere = {.partition = 1, .next = 1};
    TopicOffsets topics[] = {{.topic = {.name = "t", .epoch = 1}, .partitions = &before, .count = 1},
                             {.topic = {.name = "t", .epoch = 2}, .partitions = &now, .count = 1},
                             {.topic = {.name = "u", .epoch = 3}, .partitions = &elsewhere, .count = 1}};
    Facts f = healthy();
    partitions[1].end = 180;
    assert_int_equal(facts_lag(&f, &topic, &partitions[1]), 100);
    f.mark = (CommitMark){.topics = topics, .count = ARRAY_LEN(topics)};
    assert_int_equal(facts_lag(&f, &topic, &partitions[1]), 30);
    assert_int_equal(facts_lag(&f, &topic, &partitions[0]), 0); /* as the snapshot says: the mark does not know it */
    partitions[1].end = 80;
    done(&f);
}

static double sample(const json_t *samples, const char *metric, const char *label, const char *value) {
    size_t i;
    json_t *s;
    json_array_foreach((json_t *)(uintptr_t)samples, i, s) {
        const char *has = json_string_value(json_object_get(json_array_get(s, 2), label));
        if (strcmp(json_string_value(json_array_get(s, 0)), metric) == 0 && (*label == '\0' || (has != NULL && strcmp(has, value) == 0)))
            return json_number_value(json_array_get(s, 1));
    }
    return -1;
}

static void test_numbers(void **state) {
    (void)state;
    static char why[] = "away";
    Facts f = healthy();
    json_t *parts = json_pack("[{s:s s:s} {s:s s:s}]", "name", "kafka", "state", "ok", "name", "lake", "state", "down");
    json_t *samples = samples_of(&f, parts);
    assert_true(sample(samples, "smelt_part_state", "part", "kafka") == 0);
    assert_true(sample(samples, "smelt_part_state", "part", "lake") == 2);
    assert_true(sample(samples, "smelt_partition_end_offset", "partition", "1") == 80);
    assert_true(sample(samples, "smelt_partition_lag_events", "partition", "1") == 0);
    assert_true(sample(samples, "smelt_runs_total", "state", "failed") == 0);
    assert_true(sample(samples, "smelt_last_run_state", "state", "done") == 0);
    assert_true(sample(samples, "smelt_run_ended_timestamp_seconds", "", "") == -1);
    assert_true(sample(samples, "smelt_disk_free_bytes", "", "") == 500000000000);
    json_decref(samples);

    f.kafka_error = why;
    f.disk_size = 0;
    f.lake_bytes = -1;
    f.runs = json_pack("{s{si si} s{sI} s{si} sn s{ss sf s[{ss sf}]}}", "counts", "done", 5, "failed", 2, "ended_us", "failed",
                       (json_int_t)1700000000000000, "failures", "refine", 2, "running", "last", "state", "failed", "seconds", 1.5, "steps",
                       "name", "ingest", "seconds", 0.5);
    samples = samples_of(&f, parts);
    assert_true(sample(samples, "smelt_kafka_up", "", "") == 0);
    assert_true(sample(samples, "smelt_partition_lag_events", "", "") == -1); /* not known is not zero */
    assert_true(sample(samples, "smelt_disk_free_bytes", "", "") == -1);
    assert_true(sample(samples, "smelt_lake_bytes", "", "") == -1);
    assert_true(sample(samples, "smelt_runs_total", "state", "failed") == 2);
    assert_true(sample(samples, "smelt_run_failures_total", "step", "refine") == 2);
    assert_true(sample(samples, "smelt_run_ended_timestamp_seconds", "state", "failed") == 1700000000);
    assert_true(sample(samples, "smelt_last_run_state", "state", "failed") == 1);
    assert_true(sample(samples, "smelt_last_run_step_duration_seconds", "step", "ingest") == 0.5);
    assert_true(sample(samples, "smelt_run_running", "", "") == 0);
    json_decref(samples);
    json_decref(f.runs);
    json_decref(parts);
    done(&f);
}

static void test_limits(void **state) {
    (void)state;
    Facts f = healthy();
    json_object_set_new(f.row, "quarantined", json_integer(33));
    expect(&f, "silver", "degraded", "unusually much");
    f.disk_free = 40000000000;
    expect(&f, "disk", "degraded", "Free some space");
    f.disk_free = 1000;
    expect(&f, "disk", "down", "continues by itself");
    f.disk_size = 2000; /* disk.reserve is more */
    expect(&f, "disk", "down", "Set disk.reserve lower");
    f.disk_size = 0;
    expect(&f, "disk", "unknown", "not known");
    f.ask_api = true;
    static char refused[] = "nothing answers at http://127.0.0.1:8080";
    f.api_error = refused;
    expect(&f, "api", "down", "Not running: nothing answers");
    f.api_error = NULL;
    static char url[] = "http://127.0.0.1:8080";
    f.api_url = url;
    expect(&f, "api", "ok", "Alive at");
    done(&f);
}

static void a_report_that_is_too_old_says_so(void **state) {
    (void)state;
    json_t *report = json_pack("{s:s, s:s, s:[{s:s, s:s}]}", "state", "ok", "summary", "Every part works and is up to date.", "components",
                               "name", "lake", "state", "ok");
    report_call_unknown(report, 300 * USEC_PER_SEC);
    char *text = json_dumps(report, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, "{\"components\":[{\"name\":\"lake\",\"state\":\"unknown\"}],\"state\":\"unknown\","
                              "\"summary\":\"The parts were last checked 5 minutes ago: the check hangs.\"}");
    free(text);
    json_decref(report);
}

static void test_words(void **state) {
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } ages[] = {{-5, "0 seconds"},    {1, "1 second"},  {59, "59 seconds"},  {60, "1 minute"},
                {3599, "59 minutes"}, {3600, "1 hour"}, {86400, "24 hours"}, {172800, "2 days"}};
    Buf out = {0};
    for (size_t i = 0; i < ARRAY_LEN(ages); i++) {
        buf_clear(&out);
        format_age(&out, ages[i].seconds * USEC_PER_SEC);
        assert_string_equal(out.data, ages[i].text);
    }
    buf_clear(&out);
    format_count(&out, 1234567, "event", "events");
    buf_add_char(&out, ' ');
    format_count(&out, 1, "event", "events");
    buf_add_char(&out, ' ');
    format_bytes(&out, 1234567890);
    buf_add_char(&out, ' ');
    format_bytes(&out, 999);
    assert_string_equal(out.data, "1,234,567 events 1 event 1.2 GB 999 bytes");
    buf_done(&out);
}

static void the_mark_is_told_and_a_lake_that_is_gone_is_missed(void **state) {
    (void)state;
    char id[] = "a-lake";
    Facts f = healthy();
    expect(&f, "mark", "ok", "None yet");
    f.mark_state = MARK_DAMAGED;
    expect(&f, "mark", "degraded", "not used");
    f.mark_state = MARK_GOOD;
    f.mark = (CommitMark){.lake_id = id, .commit = 12, .landed = 1300, .written_us = NOW - 2 * HOURS};
    expect(&f, "mark", "ok", "Commit 12 with 1,300 events is kept outside the lake, written 2 hours ago.");
    f.lake_bytes = -1;
    expect(&f, "mark", "down", "`smelt recover`");
    char why[] = "permission denied";
    f.mark_error = why;
    expect(&f, "mark", "unknown", "permission denied");
    done(&f);
}

static void a_backup_that_is_late_or_no_use_is_said(void **state) {
    (void)state;
    static const char *const sets[] = {"kafka.topic=t", "status.fresh_within=30m", "backup.dir=/b", "backup.interval=1h"};
    Settings *own = NULL;
    Error err = {0};
    must(settings_load(&settings_table, NULL, sets, 4, &own, &err), &err);
    Facts f = healthy();
    Finding finding = {.more = json_object()};
    for (const Component *c = health_components; c->name != NULL; c++)
        if (strcmp(c->name, "backup") == 0) assert_false(c->judge(&f, &finding)); /* nobody asked for one */
    json_decref(finding.more);
    f.settings = own;
    expect(&f, "backup", "degraded", "there is none yet");
    f.backup_state = BACKUP_DAMAGED;
    expect(&f, "backup", "degraded", "damaged");
    f.backup_state = BACKUP_GOOD;
    f.backup.mark = (CommitMark){.commit = 12, .landed = 1300, .written_us = NOW - 5 * HOURS};
    f.mark.commit = 12;
    expect(&f, "backup", "ok", "1,300 events, made 5 hours ago.");
    f.mark.commit = 13;
    expect(&f, "backup", "degraded", "newer events are not in it");
    f.backup.mark.written_us = NOW - HOURS;
    expect(&f, "backup", "ok", "made 1 hour ago");
    done(&f);
    settings_free(own);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backup_that_is_late_or_no_use_is_said),
        cmocka_unit_test(the_mark_is_told_and_a_lake_that_is_gone_is_missed),
        cmocka_unit_test(a_report_that_is_too_old_says_so),
        cmocka_unit_test(a_lake_is_ok_only_when_it_was_looked_at),
        cmocka_unit_test(the_layers_of_a_lake_that_cannot_be_used_are_not_known),
        cmocka_unit_test(an_earlier_snapshot_is_named),
        cmocka_unit_test(test_quiet_is_ok),
        cmocka_unit_test(test_events_that_wait_too_long),
        cmocka_unit_test(nothing_waits_only_where_all_partitions_answer),
        cmocka_unit_test(a_topic_that_was_deleted_is_not_one_to_come),
        cmocka_unit_test(a_loss_degrades_bronze_for_a_day),
        cmocka_unit_test(test_the_mark_is_newer_than_the_snapshot),
        cmocka_unit_test(test_offsets_below_the_low_mark_do_not_wait),
        cmocka_unit_test(test_kafka_away),
        cmocka_unit_test(test_several_topics),
        cmocka_unit_test(test_nothing_published),
        cmocka_unit_test(test_model_and_snapshot_that_lag),
        cmocka_unit_test(test_runs_that_published_nothing),
        cmocka_unit_test(test_lag_is_counted_from_the_newest_commit),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

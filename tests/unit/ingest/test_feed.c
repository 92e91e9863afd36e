/* test_feed.c: what every kind of feed promises (ingest/feed.h), one list of cases for all of them: the scripted feed of the unit tests, a
 * file, a topic of librdkafka's broker in this process, and a topic of a real broker, when SMELT_TEST_BOOTSTRAP has its address: then only
 * that (tests/integration/test_feed.py). */
#include "ingest/feed.h"

#include "../fixture.h"
#include "base/clock.h"
#include "base/files.h"
#include "commands/settings_table.h"
#include "kafka/client_internal.h"
#include "script_feed.h"
#include <librdkafka/rdkafka_mock.h>
#include <unistd.h>

#define ANSWER_MS 10000
#define WAIT_MS   20000
#define POLL_MS   100

/* What a feed reads: the script, the file or the topic. */
typedef struct Source Source;

/* NULL: this kind of source cannot do that. Each fails the test when it does not succeed. */
typedef struct Kind {
    const char *name;
    Source *(*make)(void); /* with one partition, empty */
    void (*free)(Source *s);
    Feed *(*open)(Source *s);
    void (*append)(Source *s, int32_t partition, int from, int to); /* the messages "m<from>" to "m<to - 1>" */
    void (*retain)(Source *s, int64_t start);                       /* removes what partition 0 has before that offset */
    void (*recreate)(Source *s);                                    /* under the same name, with the message "other" */
    void (*remove)(Source *s);
    void (*grow)(Source *s); /* by one partition */
} Kind;

/* ---- a script ---- */

#define TAPE_EVENTS 64

struct Source {
    Script script;
    KafkaEvent tape[TAPE_EVENTS];
    char texts[TAPE_EVENTS][16];
    /* of a topic */
    char *name;
    Settings *settings;
    rd_kafka_t *host; /* produces and administrates */
};

static Source *script_make(void) {
    Source *s = xcalloc(1, sizeof *s);
    s->script = script(0, 0, s->tape, 0);
    return s;
}

static void plain_free(Source *s) {
    free(s);
}

static Feed *script_open(Source *s) {
    return &s->script.feed;
}

static KafkaEvent *add_event(Source *s) {
    assert_true(s->script.count < TAPE_EVENTS);
    return &s->tape[s->script.count++];
}

/* The end comes after the last message: an older one that was not played is replaced. */
static void script_append(Source *s, int32_t partition, int from, int to) {
    Script *script = &s->script;
    Offsets *p = &script->partitions[partition];
    if (script->count > script->at && s->tape[script->count - 1].kind == KAFKA_END && s->tape[script->count - 1].partition == partition)
        script->count--;
    for (int i = from; i < to; i++) {
        char *text = s->texts[script->count];
        snprintf(text, sizeof *s->texts, "m%d", i);
        *add_event(s) = (KafkaEvent){.kind = KAFKA_MESSAGE,
                                     .partition = partition,
                                     .offset = p->end++,
                                     .timestamp_us = INT64_MIN,
                                     .value = text,
                                     .len = strlen(text)};
    }
    *add_event(s) = (KafkaEvent){.kind = KAFKA_END, .partition = partition, .offset = p->end};
}

static void script_retain(Source *s, int64_t start) {
    s->script.partitions[0].start = start;
}

static void script_recreate(Source *s) {
    s->script.topic_id = "second";
}

static void script_remove(Source *s) {
    s->script.topic_id = NULL;
}

static void script_grow(Source *s) {
    s->script.partition_count++;
    script_append(s, 1, 0, 0);
}

/* ---- a file ---- */

#define PATH "feed.jsonl"

static Source *file_make(void) {
    Error err = {0};
    must(file_write_atomic(PATH, "", 0, &err), &err);
    return xcalloc(1, sizeof(Source));
}

static Feed *file_open(Source *s) {
    (void)s;
    Feed *feed = NULL;
    Error err = {0};
    must(feed_open_file(PATH, true, &feed, &err), &err);
    return feed;
}

static void file_append(Source *s, int32_t partition, int from, int to) {
    (void)s;
    assert_int_equal(partition, 0);
    FILE *file = fopen(PATH, "ae");
    assert_non_null(file);
    for (int i = from; i < to; i++) fprintf(file, "m%d\n", i);
    assert_int_equal(fclose(file), 0);
}

static void file_recreate(Source *s) {
    (void)s;
    Error err = {0};
    must(file_write_atomic(PATH, "other\n", 6, &err), &err);
}

static void file_remove(Source *s) {
    (void)s;
    assert_int_equal(unlink(PATH), 0);
}

/* ---- a topic ---- */

static Settings *settings_for(const char *bootstrap, const char *topic) {
    CLEANUP(free_text) char *address = xasprintf("kafka.bootstrap=%s", bootstrap);
    CLEANUP(free_text) char *name = xasprintf("kafka.topic=%s", topic);
    const char *sets[] = {address, name};
    Settings *settings = NULL;
    Error err = {0};
    must(settings_load(&settings_table, NULL, sets, ARRAY_LEN(sets), &settings, &err), &err);
    return settings;
}

static rd_kafka_t *new_handle(const char *bootstrap) {
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "3", reason, sizeof reason); /* one of a mock cluster would miss bootstrap.servers */
    rd_kafka_conf_set(conf, "allow.auto.create.topics", "false", reason, sizeof reason);
    if (bootstrap != NULL) rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, reason, sizeof reason);
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (handle == NULL) fail_msg("%s", reason);
    return handle;
}

/* Each topic has a name that no test had before. */
static Source *topic_make(const char *bootstrap) {
    static int number;
    Source *s = xcalloc(1, sizeof *s);
    s->name = xasprintf("feed-%d-%d", (int)getpid(), number++);
    s->settings = settings_for(bootstrap, s->name);
    s->host = new_handle(bootstrap);
    return s;
}

static void create(const Source *s) {
    CLEANUP(kafka_client_freep) KafkaClient *client = NULL;
    Error err = {0};
    must(kafka_connect(s->settings, &client, &err), &err);
    must(kafka_topic_ensure(client, s->name, 1, false, ANSWER_MS, NULL, NULL, &err), &err);
}

static void topic_free(Source *s) {
    rd_kafka_destroy(s->host);
    settings_free(s->settings);
    free(s->name);
    free(s);
}

static Feed *topic_open(Source *s) {
    Feed *feed = NULL;
    Error err = {0};
    must(feed_open_topic(s->settings, NULL, settings_text(s->settings, "kafka.topic"), 1, &feed, &err), &err);
    return feed;
}

static void produce(const Source *s, int32_t partition, const char *text) {
    rd_kafka_resp_err_t code = rd_kafka_producev(s->host, RD_KAFKA_V_TOPIC(s->name), RD_KAFKA_V_PARTITION(partition),
                                                 RD_KAFKA_V_VALUE((void *)(uintptr_t)text, strlen(text)),
                                                 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) fail_msg("%s", rd_kafka_err2str(code));
}

static void topic_append(Source *s, int32_t partition, int from, int to) {
    for (int i = from; i < to; i++) {
        char text[16];
        snprintf(text, sizeof text, "m%d", i);
        produce(s, partition, text);
    }
    assert_int_equal(rd_kafka_flush(s->host, WAIT_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void produce_other(const Source *s) {
    produce(s, 0, "other");
    assert_int_equal(rd_kafka_flush(s->host, WAIT_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* ---- ... of librdkafka's own broker ---- */

static rd_kafka_t *mock_host;
static rd_kafka_mock_cluster_t *mock_cluster;

static int mock_up(void **state) {
    (void)state;
    mock_host = new_handle(NULL);
    mock_cluster = rd_kafka_mock_cluster_new(mock_host, 1);
    return mock_cluster != NULL ? 0 : -1;
}

static int mock_down(void **state) {
    (void)state;
    rd_kafka_mock_cluster_destroy(mock_cluster);
    rd_kafka_destroy(mock_host);
    return 0;
}

static Source *mock_make(void) {
    Source *s = topic_make(rd_kafka_mock_cluster_bootstraps(mock_cluster));
    assert_int_equal(rd_kafka_mock_topic_create(mock_cluster, s->name, 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    return s;
}

static void mock_retain(Source *s, int64_t start) {
    assert_int_equal(rd_kafka_mock_partition_delete_records(mock_cluster, s->name, 0, start), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void mock_remove(Source *s) {
    assert_int_equal(rd_kafka_mock_topic_delete(mock_cluster, s->name), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void mock_recreate(Source *s) {
    mock_remove(s);
    assert_int_equal(rd_kafka_mock_topic_create(mock_cluster, s->name, 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    produce_other(s);
}

/* ---- ... of a real broker ---- */

static Source *broker_make(void) {
    Source *s = topic_make(getenv("SMELT_TEST_BOOTSTRAP"));
    create(s);
    return s;
}

/* Waits for the answer to an administration request. */
static void await(rd_kafka_queue_t *queue) {
    rd_kafka_event_t *answer = rd_kafka_queue_poll(queue, WAIT_MS);
    if (answer == NULL) fail_msg("no answer to an administration request");
    if (rd_kafka_event_error(answer) != RD_KAFKA_RESP_ERR_NO_ERROR) fail_msg("%s", rd_kafka_event_error_string(answer));
    rd_kafka_event_destroy(answer);
    rd_kafka_queue_destroy(queue);
}

static void broker_retain(Source *s, int64_t start) {
    rd_kafka_queue_t *queue = rd_kafka_queue_new(s->host);
    rd_kafka_topic_partition_list_t *before = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(before, s->name, 0)->offset = start;
    rd_kafka_DeleteRecords_t *request = rd_kafka_DeleteRecords_new(before);
    rd_kafka_DeleteRecords(s->host, &request, 1, NULL, queue);
    rd_kafka_DeleteRecords_destroy(request);
    rd_kafka_topic_partition_list_destroy(before);
    await(queue);
}

static void wait_until_gone(const Source *s) {
    CLEANUP(kafka_client_freep) KafkaClient *client = NULL;
    Error err = {0};
    must(kafka_connect(s->settings, &client, &err), &err);
    for (bool gone = false; !gone;) {
        CLEANUP(kafka_topic_done) KafkaTopic now = {0};
        must(kafka_topic_describe(client, s->name, ANSWER_MS, &now, &err), &err);
        gone = !now.exists;
    }
}

static void broker_remove(Source *s) {
    rd_kafka_queue_t *queue = rd_kafka_queue_new(s->host);
    rd_kafka_DeleteTopic_t *request = rd_kafka_DeleteTopic_new(s->name);
    rd_kafka_DeleteTopics(s->host, &request, 1, NULL, queue);
    rd_kafka_DeleteTopic_destroy(request);
    await(queue);
    wait_until_gone(s);
}

static void broker_recreate(Source *s) {
    broker_remove(s);
    create(s);
    produce_other(s);
}

static void broker_grow(Source *s) {
    char reason[256];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(s->host);
    rd_kafka_NewPartitions_t *request = rd_kafka_NewPartitions_new(s->name, 2, reason, sizeof reason);
    rd_kafka_CreatePartitions(s->host, &request, 1, NULL, queue);
    rd_kafka_NewPartitions_destroy(request);
    await(queue);
    rd_kafka_destroy(s->host); /* it knows one partition */
    s->host = new_handle(getenv("SMELT_TEST_BOOTSTRAP"));
}

static void broker_free(Source *s) {
    broker_remove(s);
    topic_free(s);
}

static const Kind script_kind = {.name = "script",
                                 .make = script_make,
                                 .free = plain_free,
                                 .open = script_open,
                                 .append = script_append,
                                 .retain = script_retain,
                                 .recreate = script_recreate,
                                 .remove = script_remove,
                                 .grow = script_grow};
static const Kind file_kind = {.name = "file",
                               .make = file_make,
                               .free = plain_free,
                               .open = file_open,
                               .append = file_append,
                               .recreate = file_recreate,
                               .remove = file_remove};
static const Kind mock_kind = {.name = "mock broker",
                               .make = mock_make,
                               .free = topic_free,
                               .open = topic_open,
                               .append = topic_append,
                               .retain = mock_retain,
                               .recreate = mock_recreate,
                               .remove = mock_remove};
static const Kind broker_kind = {.name = "broker",
                                 .make = broker_make,
                                 .free = broker_free,
                                 .open = topic_open,
                                 .append = topic_append,
                                 .retain = broker_retain,
                                 .recreate = broker_recreate,
                                 .remove = broker_remove,
                                 .grow = broker_grow};

/* ---- what the cases do ---- */

typedef struct Context {
    const Kind *kind;
    Source *source;
    Feed *feed; /* NULL: not opened yet */
    void *folder;
} Context;

static int context_up(void **state) {
    Context *c = xcalloc(1, sizeof *c);
    c->kind = *state;
    if (scratch_up(&c->folder) != 0) return -1;
    c->source = c->kind->make();
    *state = c;
    return 0;
}

static int context_down(void **state) {
    Context *c = *state;
    feed_freep(&c->feed);
    c->kind->free(c->source);
    int rc = scratch_down(&c->folder);
    free(c);
    return rc;
}

static KafkaTopic describe(Context *c) {
    KafkaTopic topic = {0};
    Error err = {0};
    must(feed_describe(c->feed, ANSWER_MS, &topic, &err), &err);
    return topic;
}

/* Starts to read partition 0, on a feed that is opened when it was not yet. */
static void start_at(Context *c, int64_t next) {
    Error err = {0};
    if (c->feed == NULL) c->feed = c->kind->open(c->source);
    must(feed_start(c->feed, &(Offsets){.next = next}, 1, &err), &err);
}

/* The next that is not KAFKA_NOTHING. */
static KafkaEvent next_event(Feed *feed) {
    KafkaEvent e = {0};
    Error err = {0};
    for (int64_t began = clock_mono_ns(); e.kind == KAFKA_NOTHING;) {
        if (clock_mono_ns() - began > WAIT_MS * INT64_C(1000000)) fail_msg("nothing came");
        must(feed_poll(feed, POLL_MS, &e, &err), &err);
    }
    return e;
}

static void assert_message(KafkaEvent e, int32_t partition, int number, int64_t offset) {
    char text[16];
    int len = snprintf(text, sizeof text, "m%d", number);
    assert_int_equal(e.kind, KAFKA_MESSAGE);
    assert_int_equal(e.partition, partition);
    assert_int_equal(e.offset, offset);
    assert_int_equal(e.len, len);
    assert_memory_equal(e.value, text, e.len);
}

static void expect_message(const Context *c, int32_t partition, int number, int64_t offset) {
    assert_message(next_event(c->feed), partition, number, offset);
}

static void expect_end(const Context *c, int64_t offset) {
    KafkaEvent e = next_event(c->feed);
    assert_int_equal(e.kind, KAFKA_END);
    assert_int_equal(e.partition, 0);
    assert_int_equal(e.offset, offset);
}

static bool check(const Context *c, const KafkaTopic *was) {
    bool grown = true;
    Error err = {0};
    must(feed_check(c->feed, was, ANSWER_MS, &grown, &err), &err);
    return grown;
}

static void assert_check_fails(const Context *c, const KafkaTopic *was) {
    bool grown;
    Error err = {0};
    assert_int_equal(feed_check(c->feed, was, ANSWER_MS, &grown, &err), -1);
    assert_string_equal(error_kind_name(err.kind), error_kind_name(ERR_DATA));
    error_clear(&err);
}

/* ---- the cases ---- */

static void it_describes_what_is_there(void **state) {
    Context *c = *state;
    c->kind->append(c->source, 0, 0, 3);
    c->feed = c->kind->open(c->source);
    CLEANUP(kafka_topic_done) KafkaTopic topic = describe(c);
    assert_true(topic.exists);
    assert_true(strlen(topic.topic_id) > 0);
    assert_non_null(topic.cluster_id);
    assert_int_equal(topic.partition_count, 1);
    assert_int_equal(topic.partitions[0].partition, 0);
    assert_int_equal(topic.partitions[0].start, 0);
    assert_int_equal(topic.partitions[0].next, OFFSET_UNKNOWN);
    assert_int_equal(topic.partitions[0].end, 3);
    assert_true(strlen(feed_topic(c->feed)) > 0);
}

static void it_delivers_in_order_up_to_the_end(void **state) {
    Context *c = *state;
    c->kind->append(c->source, 0, 0, 5);
    start_at(c, 0);
    for (int i = 0; i < 5; i++) expect_message(c, 0, i, i);
    expect_end(c, 5);
    feed_report(c->feed, &(Offsets){.next = 5}, 1);
}

static void it_starts_at_the_offset_it_was_given(void **state) {
    Context *c = *state;
    c->kind->append(c->source, 0, 0, 5);
    start_at(c, 3);
    expect_message(c, 0, 3, 3);
    expect_message(c, 0, 4, 4);
    expect_end(c, 5);
}

static void what_comes_after_the_end_is_delivered_and_ends_again(void **state) {
    Context *c = *state;
    c->kind->append(c->source, 0, 0, 5);
    start_at(c, 5);
    expect_end(c, 5);
    c->kind->append(c->source, 0, 5, 7);
    expect_message(c, 0, 5, 5);
    expect_message(c, 0, 6, 6);
    expect_end(c, 7);
}

static void it_reads_on_from_where_it_is_sent(void **state) {
    Context *c = *state;
    Error err = {0};
    c->kind->append(c->source, 0, 0, 5);
    start_at(c, 0);
    expect_message(c, 0, 0, 0);
    must(feed_seek(c->feed, 0, 3, &err), &err);
    expect_message(c, 0, 3, 3);
    must(feed_seek(c->feed, 0, 1, &err), &err);
    expect_message(c, 0, 1, 1);
}

/* `up` and --follow ask every half minute, and so does whoever had to wait for a slow disk. */
static void to_describe_it_does_not_move_what_is_read(void **state) {
    Context *c = *state;
    c->kind->append(c->source, 0, 0, 5);
    start_at(c, 0);
    for (int i = 0; i < 9; i++) {
        CLEANUP(kafka_topic_done) KafkaTopic topic = describe(c);
        assert_int_equal(topic.partitions[0].end, i < 4 ? i + 5 : 9);
        KafkaEvent e = next_event(c->feed);
        while (e.kind == KAFKA_END) e = next_event(c->feed); /* what had come by then */
        assert_message(e, 0, i, i);
        if (i < 4) c->kind->append(c->source, 0, i + 5, i + 6);
    }
    expect_end(c, 9);
}

/* An error or an event, but never another message. */
static void an_offset_behind_the_end_is_not_there(void **state) {
    Context *c = *state;
    Error err = {0};
    c->kind->append(c->source, 0, 0, 5);
    c->feed = c->kind->open(c->source);
    if (feed_start(c->feed, &(Offsets){.next = 9}, 1, &err) == 0) {
        assert_int_equal(next_event(c->feed).kind, KAFKA_OUT_OF_RANGE);
    } else {
        assert_string_equal(error_kind_name(err.kind), error_kind_name(ERR_DATA));
        error_clear(&err);
    }
}

static void what_retention_took_is_out_of_range(void **state) {
    Context *c = *state;
    Error err = {0};
    c->kind->append(c->source, 0, 0, 6);
    c->kind->retain(c->source, 4);
    start_at(c, 1);
    KafkaEvent e = next_event(c->feed);
    assert_int_equal(e.kind, KAFKA_OUT_OF_RANGE);
    assert_int_equal(e.partition, 0);
    CLEANUP(kafka_topic_done) KafkaTopic now = describe(c);
    assert_int_equal(now.partitions[0].start, 4);
    assert_int_equal(now.partitions[0].end, 6);
    must(feed_seek(c->feed, 0, now.partitions[0].start, &err), &err);
    expect_message(c, 0, 4, 4);
}

static void more_messages_are_the_same_topic(void **state) {
    Context *c = *state;
    c->kind->append(c->source, 0, 0, 3);
    c->feed = c->kind->open(c->source);
    CLEANUP(kafka_topic_done) KafkaTopic was = describe(c);
    start_at(c, 0);
    assert_false(check(c, &was));
    expect_message(c, 0, 0, 0);
    c->kind->append(c->source, 0, 3, 5);
    assert_false(check(c, &was));
}

static void a_recreated_topic_is_noticed(void **state) {
    Context *c = *state;
    c->kind->append(c->source, 0, 0, 3);
    c->feed = c->kind->open(c->source);
    CLEANUP(kafka_topic_done) KafkaTopic was = describe(c);
    c->kind->recreate(c->source);
    assert_check_fails(c, &was);
    feed_freep(&c->feed);
    c->feed = c->kind->open(c->source);
    CLEANUP(kafka_topic_done) KafkaTopic now = describe(c);
    assert_string_not_equal(was.topic_id, now.topic_id);
}

static void a_deleted_topic_is_noticed(void **state) {
    Context *c = *state;
    c->kind->append(c->source, 0, 0, 3);
    c->feed = c->kind->open(c->source);
    CLEANUP(kafka_topic_done) KafkaTopic was = describe(c);
    c->kind->remove(c->source);
    assert_check_fails(c, &was);
}

static void new_partitions_are_noticed_and_read(void **state) {
    Context *c = *state;
    Error err = {0};
    c->kind->append(c->source, 0, 0, 2);
    c->feed = c->kind->open(c->source);
    CLEANUP(kafka_topic_done) KafkaTopic was = describe(c);
    start_at(c, 0);
    expect_message(c, 0, 0, 0);
    c->kind->grow(c->source);
    for (int64_t began = clock_mono_ns(); !check(c, &was);)
        if (clock_mono_ns() - began > WAIT_MS * INT64_C(1000000)) fail_msg("it was not noticed");
    CLEANUP(kafka_topic_done) KafkaTopic now = describe(c);
    assert_int_equal(now.partition_count, 2);
    assert_int_equal(now.partitions[1].partition, 1);
    c->kind->append(c->source, 1, 7, 8);
    const Offsets both[] = {{.partition = 0, .next = 2}, {.partition = 1, .next = 0}};
    must(feed_start(c->feed, both, 2, &err), &err);
    KafkaEvent e = next_event(c->feed);
    while (e.kind == KAFKA_END) e = next_event(c->feed); /* of partition 0 */
    assert_int_equal(e.kind, KAFKA_MESSAGE);
    assert_int_equal(e.partition, 1);
    assert_int_equal(e.offset, 0);
}

typedef struct Case {
    const char *name;
    CMUnitTestFunction run;
    bool retains, recreates, removes, grows; /* what the source must be able to do */
} Case;

#define CASE(name) #name, name
static const Case cases[] = {
    {CASE(it_describes_what_is_there)},
    {CASE(it_delivers_in_order_up_to_the_end)},
    {CASE(it_starts_at_the_offset_it_was_given)},
    {CASE(what_comes_after_the_end_is_delivered_and_ends_again)},
    {CASE(it_reads_on_from_where_it_is_sent)},
    {CASE(to_describe_it_does_not_move_what_is_read)},
    {CASE(an_offset_behind_the_end_is_not_there)},
    {CASE(what_retention_took_is_out_of_range), .retains = true},
    {CASE(more_messages_are_the_same_topic)},
    {CASE(a_recreated_topic_is_noticed), .recreates = true},
    {CASE(a_deleted_topic_is_noticed), .removes = true},
    {CASE(new_partitions_are_noticed_and_read), .grows = true},
};

static bool can_run(const Kind *k, const Case *c) {
    return (!c->retains || k->retain != NULL) && (!c->recreates || k->recreate != NULL) && (!c->removes || k->remove != NULL) &&
           (!c->grows || k->grow != NULL);
}

static int run_kind(const Kind *kind, CMFixtureFunction up, CMFixtureFunction down) {
    struct CMUnitTest tests[ARRAY_LEN(cases)];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (can_run(kind, &cases[i]))
            tests[count++] = (struct CMUnitTest){cases[i].name, cases[i].run, context_up, context_down, (void *)(uintptr_t)kind};
    return _cmocka_run_group_tests(kind->name, tests, count, up, down);
}

int main(void) {
    if (getenv("SMELT_TEST_BOOTSTRAP") != NULL) return run_kind(&broker_kind, NULL, NULL);
    return run_kind(&script_kind, NULL, NULL) + run_kind(&file_kind, NULL, NULL) + run_kind(&mock_kind, mock_up, mock_down);
}

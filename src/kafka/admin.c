/* admin.c: topics and the cluster, by Kafka's own protocol.
 *
 * librdkafka answers administration requests as events on a queue; here each call makes its own queue, waits on it and is synchronous, so
 * that callers see a function that returns or fails. The low and high watermarks are asked for by ListOffsets, two requests for all
 * partitions rather than two per partition, and with read_committed, because that is how far the consumer can read.
 *
 * Invariant: a call ends within its timeout; what it returns is the cluster's answer during the call, never from a cache. */
#include "kafka/admin.h"

#include "base/clock.h"
#include "base/counted.h"
#include "base/memory.h"
#include "base/stop.h"
#include "kafka/client_internal.h"
#include <time.h>

#define RETRY_PAUSE_NS (50 * 1000 * 1000)
#define FIRST_SLICE_MS 500
#define MAX_SLICE_MS   2000
#define MIN_REQUEST_MS 50 /* a request waits at least this long, even when the timeout is nearly over */

#define POLL_MS         100  /* between two looks whether to stop */
#define STOPPED_WAIT_MS 2000 /* less than the 5 s within which a stop must be done */

typedef struct Deadline {
    int64_t end_ns;
} Deadline;

static Deadline deadline_in(int timeout_ms) {
    return (Deadline){clock_mono_ns() + (int64_t)timeout_ms * 1000000};
}

static bool deadline_passed(Deadline deadline) {
    return clock_mono_ns() >= deadline.end_ns;
}

static int deadline_left_ms(Deadline deadline) {
    int64_t left = (deadline.end_ns - clock_mono_ns()) / 1000000;
    return left < MIN_REQUEST_MS ? MIN_REQUEST_MS : (int)left;
}

/* ---- one request ---- */

/* What every administration request needs besides its arguments. */
typedef struct AdminRequest {
    KafkaClient *client;
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *answer;
} AdminRequest;

static void request_done(AdminRequest *request) {
    if (request->answer != NULL) rd_kafka_event_destroy(request->answer);
    if (request->options != NULL) rd_kafka_AdminOptions_destroy(request->options);
    if (request->queue != NULL) rd_kafka_queue_destroy(request->queue);
}

static int request_init(AdminRequest *request, KafkaClient *client, rd_kafka_admin_op_t op, int timeout_ms, Error *err) {
    char reason[256];
    *request =
        (AdminRequest){.client = client, .options = rd_kafka_AdminOptions_new(client->rk, op), .queue = rd_kafka_queue_new(client->rk)};
    rd_kafka_resp_err_t code = rd_kafka_AdminOptions_set_request_timeout(request->options, timeout_ms, reason, sizeof reason);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_fail(client, code, reason, err, "administration request");
}

/* After a stop was requested, an answer that comes within STOPPED_WAIT_MS is still taken: the batch that was read may need it to land. */
static rd_kafka_event_t *answer_of(rd_kafka_queue_t *queue, int timeout_ms) {
    Deadline end = deadline_in(timeout_ms + MIN_REQUEST_MS);
    for (bool stopping = false; !deadline_passed(end);) {
        rd_kafka_event_t *answer = rd_kafka_queue_poll(queue, POLL_MS);
        if (answer != NULL) return answer;
        if (stopping || !stop_requested()) continue;
        stopping = true;
        Deadline soon = deadline_in(STOPPED_WAIT_MS);
        if (soon.end_ns < end.end_ns) end = soon;
    }
    return NULL;
}

/* Waits for the answer to the request that was just sent. */
static int request_wait(AdminRequest *request, int timeout_ms, const char *what, Error *err) {
    request->answer = answer_of(request->queue, timeout_ms);
    if (request->answer == NULL && stop_requested())
        return error_set(err, ERR_STOPPED, "stopped while waiting for Kafka at %s", request->client->address);
    if (request->answer == NULL) return kafka_fail(request->client, RD_KAFKA_RESP_ERR__TIMED_OUT, NULL, err, "%s", what);
    rd_kafka_resp_err_t code = rd_kafka_event_error(request->answer);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
    return kafka_fail(request->client, code, rd_kafka_event_error_string(request->answer), err, "%s", what);
}

/* ---- metadata ---- */

/* The cluster's brokers. Asks in growing slices of the time: librdkafka keeps trying after the cluster has refused the login, and this
 * notices it sooner. */
static int ask_metadata(KafkaClient *client, Deadline deadline, const struct rd_kafka_metadata **ret, Error *err) {
    for (int slice_ms = FIRST_SLICE_MS;; slice_ms = MAX_SLICE_MS) {
        int left_ms = deadline_left_ms(deadline);
        rd_kafka_resp_err_t code = rd_kafka_metadata(client->rk, 0, NULL, ret, slice_ms < left_ms ? slice_ms : left_ms);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
        kafka_fail(client, code, NULL, err, "no answer");
        if (!error_is_retriable(err)) return -1;
        if (deadline_passed(deadline)) return -1;
        if (stop_requested()) return error_set(err, ERR_STOPPED, "stopped while waiting for Kafka at %s", client->address);
        error_clear(err);
    }
}

/* ---- describe ---- */

/* librdkafka prints the id in base64, Kafka's own tools in URL-safe base64. */
static char *topic_id_text(const rd_kafka_Uuid_t *id) {
    char *text = xstrdup(rd_kafka_Uuid_base64str(id));
    for (char *c = text; *c != '\0'; c++) *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    return text;
}

static int copy_description(KafkaClient *client, const rd_kafka_TopicDescription_t *description, KafkaTopic *topic, Error *err) {
    const char *name = rd_kafka_TopicDescription_name(description);
    const rd_kafka_error_t *error = rd_kafka_TopicDescription_error(description);
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return 0;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_fail(client, code, rd_kafka_error_string(error), err, "topic %s", name);
    size_t count = 0;
    rd_kafka_TopicDescription_partitions(description, &count);
    topic->exists = true;
    topic->topic_id = topic_id_text(rd_kafka_TopicDescription_topic_id(description));
    topic->partition_count = count;
    topic->partitions = xcalloc(count + 1, sizeof *topic->partitions);
    for (size_t i = 0; i < count; i++) topic->partitions[i] = offsets_unknown((int32_t)i);
    return 0;
}

static int ask_description(AdminRequest *request, const char *name, int timeout_ms, KafkaTopic *topic, Error *err) {
    rd_kafka_TopicCollection_t *names = rd_kafka_TopicCollection_of_topic_names(&name, 1);
    rd_kafka_DescribeTopics(request->client->rk, names, request->options, request->queue);
    rd_kafka_TopicCollection_destroy(names);
    if (request_wait(request, timeout_ms, "describing a topic", err) != 0) return -1;
    size_t count = 0;
    const rd_kafka_DescribeTopics_result_t *result = rd_kafka_event_DescribeTopics_result(request->answer);
    const rd_kafka_TopicDescription_t **descriptions = rd_kafka_DescribeTopics_result_topics(result, &count);
    if (count != 1) return error_set(err, ERR_BUG, "Kafka at %s described %zu topics instead of one", request->client->address, count);
    return copy_description(request->client, descriptions[0], topic, err);
}

/* Any broker can describe a topic. By default librdkafka waits for the controller, which may be changing: ask a broker that answers. */
static int answering_broker(KafkaClient *client, Deadline deadline, int32_t *ret, Error *err) {
    const struct rd_kafka_metadata *metadata = NULL;
    if (ask_metadata(client, deadline, &metadata, err) != 0) return -1;
    /* A bootstrap connection does not know its own id yet. */
    int32_t any = metadata->broker_cnt > 0 ? metadata->brokers[0].id : -1;
    *ret = metadata->orig_broker_id >= 0 ? metadata->orig_broker_id : any;
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

static int describe_at(AdminRequest *request, int32_t broker, const char *name, int timeout_ms, KafkaTopic *topic, Error *err) {
    char reason[256];
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (broker >= 0) code = rd_kafka_AdminOptions_set_broker(request->options, broker, reason, sizeof reason);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_fail(request->client, code, reason, err, "broker %d", (int)broker);
    return ask_description(request, name, timeout_ms, topic, err);
}

static int describe(KafkaClient *client, const char *name, Deadline deadline, KafkaTopic *topic, Error *err) {
    AdminRequest request;
    int32_t broker = -1;
    if (answering_broker(client, deadline, &broker, err) != 0) return -1;
    int timeout_ms = deadline_left_ms(deadline);
    int result = request_init(&request, client, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, timeout_ms, err);
    if (result == 0) result = describe_at(&request, broker, name, timeout_ms, topic, err);
    request_done(&request);
    return result;
}

/* ---- watermarks ---- */

/* The partition gave no answer. 0: the others may have; -1: an error that waiting cannot resolve. */
static int note_unanswered(KafkaClient *client, const rd_kafka_topic_partition_t *found, KafkaTopic *topic, Error *err) {
    CLEANUP(error_clear) Error problem = {0};
    /* librdkafka reports a leader that is just changing as success with RD_KAFKA_OFFSET_INVALID. */
    rd_kafka_resp_err_t code = found->err != RD_KAFKA_RESP_ERR_NO_ERROR ? found->err : RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    kafka_fail(client, code, NULL, &problem, "offsets of %s, partition %d", found->topic, (int)found->partition);
    if (!error_is_retriable(&problem)) return error_set(err, problem.kind, "%s", problem.text);
    if (topic->unanswered_reason == NULL) topic->unanswered_reason = xstrdup(problem.text);
    return 0;
}

/* What is asked of the leaders: with read_committed, how far the consumer can read. */
typedef struct Question {
    rd_kafka_IsolationLevel_t isolation;
    int64_t spec;
} Question;
static const Question log_start = {RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED, RD_KAFKA_OFFSET_SPEC_EARLIEST},
                      stable_end = {RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED, RD_KAFKA_OFFSET_SPEC_LATEST},
                      high_watermark = {RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED, RD_KAFKA_OFFSET_SPEC_LATEST};

/* Takes over no number that is not an offset: librdkafka has negative ones for "not known". */
static int copy_offset(KafkaClient *client, const rd_kafka_topic_partition_t *found, const Question *question, KafkaTopic *topic,
                       Error *err) {
    if (found->partition < 0 || (size_t)found->partition >= topic->partition_count)
        return error_set(err, ERR_BUG, "Kafka at %s: an answer for partition %d, which was not asked", client->address,
                         (int)found->partition);
    if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR || found->offset < 0) return note_unanswered(client, found, topic, err);
    Offsets *offsets = &topic->partitions[found->partition];
    if (question == &log_start) {
        offsets->start = found->offset;
    } else if (question == &high_watermark) {
        topic->high[found->partition] = found->offset;
    } else {
        offsets->end = found->offset;
        offsets->leader_epoch = rd_kafka_topic_partition_get_leader_epoch(found);
    }
    return 0;
}

static int ask_offsets(AdminRequest *request, const char *name, const Question *question, int timeout_ms, KafkaTopic *topic, Error *err) {
    rd_kafka_error_t *error = rd_kafka_AdminOptions_set_isolation_level(request->options, question->isolation);
    if (error != NULL) return kafka_fail_error(request->client, error, err, "isolation level");
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)topic->partition_count);
    for (size_t i = 0; i < topic->partition_count; i++) rd_kafka_topic_partition_list_add(list, name, (int32_t)i)->offset = question->spec;
    rd_kafka_ListOffsets(request->client->rk, list, request->options, request->queue);
    rd_kafka_topic_partition_list_destroy(list);
    if (request_wait(request, timeout_ms, "asking for offsets", err) != 0) return -1;
    size_t count = 0;
    const rd_kafka_ListOffsets_result_t *result = rd_kafka_event_ListOffsets_result(request->answer);
    const rd_kafka_ListOffsetsResultInfo_t **infos = rd_kafka_ListOffsets_result_infos(result, &count);
    for (size_t i = 0; i < count; i++)
        if (copy_offset(request->client, rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]), question, topic, err) != 0) return -1;
    return 0;
}

static int list_offsets(KafkaClient *client, const char *name, const Question *question, Deadline deadline, KafkaTopic *topic, Error *err) {
    AdminRequest request;
    int timeout_ms = deadline_left_ms(deadline);
    int result = request_init(&request, client, RD_KAFKA_ADMIN_OP_LISTOFFSETS, timeout_ms, err);
    if (result == 0) result = ask_offsets(&request, name, question, timeout_ms, topic, err);
    request_done(&request);
    return result;
}

static char *cluster_id(KafkaClient *client, Deadline deadline) {
    char *id = rd_kafka_clusterid(client->rk, deadline_left_ms(deadline)); /* known after the first metadata answer */
    char *copy = xstrdup(id != NULL ? id : "");
    if (id != NULL) rd_kafka_mem_free(client->rk, id);
    return copy;
}

/* Before the stable ends: asked behind them, what was sent in between would be taken for messages behind an open transaction. Best effort:
 * without an answer it stays unknown. */
static void ask_high(KafkaClient *client, const char *name, Deadline deadline, KafkaTopic *topic) {
    CLEANUP(error_clear) Error ignored = {0};
    topic->high = xcalloc(topic->partition_count, sizeof *topic->high);
    for (size_t i = 0; i < topic->partition_count; i++) topic->high[i] = OFFSET_UNKNOWN;
    if (list_offsets(client, name, &high_watermark, deadline, topic, &ignored) != 0) error_clear(&ignored);
}

/* What is asked about a topic, each with what is before it. */
typedef enum Depth { IDENTITY, OFFSETS, HIGH } Depth;

static int ask_topic(KafkaClient *client, const char *name, Depth depth, Deadline deadline, KafkaTopic *found, Error *err) {
    if (describe(client, name, deadline, found, err) != 0) return -1;
    found->cluster_id = cluster_id(client, deadline);
    if (depth == IDENTITY || found->partition_count == 0) return 0;
    if (list_offsets(client, name, &log_start, deadline, found, err) != 0) return -1;
    if (depth == HIGH) ask_high(client, name, deadline, found);
    if (list_offsets(client, name, &stable_end, deadline, found, err) != 0) return -1;
    for (size_t i = 0; i < found->partition_count; i++)
        if (!offsets_are_known(&found->partitions[i])) found->unanswered++;
    return 0;
}

static int take_topic(KafkaClient *client, const char *name, Depth depth, int timeout_ms, KafkaTopic *ret, Error *err) {
    CLEANUP(kafka_topic_done) KafkaTopic found = {0};
    if (ask_topic(client, name, depth, deadline_in(timeout_ms), &found, err) != 0) return -1;
    *ret = found;
    found = (KafkaTopic){0};
    return 0;
}

int kafka_topic_describe(KafkaClient *client, const char *topic, int timeout_ms, KafkaTopic *ret, Error *err) {
    return take_topic(client, topic, OFFSETS, timeout_ms, ret, err);
}

int kafka_topic_describe_high(KafkaClient *client, const char *topic, int timeout_ms, KafkaTopic *ret, Error *err) {
    return take_topic(client, topic, HIGH, timeout_ms, ret, err);
}

int kafka_topic_identify(KafkaClient *client, const char *topic, int timeout_ms, KafkaTopic *ret, Error *err) {
    return take_topic(client, topic, IDENTITY, timeout_ms, ret, err);
}

int kafka_topic_check_answered(const KafkaTopic *topic, Error *err) {
    if (topic->unanswered == 0) return 0;
    return error_set(err, ERR_UNAVAILABLE, "%zu of %zu %s gave no answer: %s", topic->unanswered, topic->partition_count,
                     counted((int64_t)topic->partition_count, "partition", "partitions"),
                     topic->unanswered_reason != NULL ? topic->unanswered_reason : "the brokers did not name them");
}

void kafka_topic_done(KafkaTopic *topic) {
    free(topic->unanswered_reason);
    free(topic->high);
    free(topic->cluster_id);
    free(topic->topic_id);
    free(topic->partitions);
    *topic = (KafkaTopic){0};
}

/* ---- create ---- */

static int ask_creation(AdminRequest *request, rd_kafka_NewTopic_t *new_topic, const char *name, int timeout_ms, bool *ret_created,
                        Error *err) {
    rd_kafka_CreateTopics(request->client->rk, &new_topic, 1, request->options, request->queue);
    if (request_wait(request, timeout_ms, "creating a topic", err) != 0) return -1;
    size_t count = 0;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(request->answer), &count);
    rd_kafka_resp_err_t code = count == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
    *ret_created = code == RD_KAFKA_RESP_ERR_NO_ERROR;
    /* Another client created it first: the result is the same. */
    if (*ret_created || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return 0;
    const char *detail = count == 1 ? rd_kafka_topic_result_error_string(results[0]) : NULL;
    return kafka_fail(request->client, code, detail, err, "creating topic %s", name);
}

static int create(KafkaClient *client, const char *name, int partitions, bool keep_all, Deadline deadline, bool *ret_created, Error *err) {
    AdminRequest request;
    char reason[256] = "";
    int timeout_ms = deadline_left_ms(deadline);
    rd_kafka_NewTopic_t *new_topic = rd_kafka_NewTopic_new(name, partitions, -1, reason, sizeof reason);
    if (new_topic == NULL) return error_set(err, ERR_CONFIG, "topic %s with %d partitions: %s", name, partitions, reason);
    if (keep_all) rd_kafka_NewTopic_set_config(new_topic, "retention.ms", "-1");
    int result = request_init(&request, client, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms, err);
    if (result == 0) result = ask_creation(&request, new_topic, name, timeout_ms, ret_created, err);
    request_done(&request);
    rd_kafka_NewTopic_destroy(new_topic);
    return result;
}

/* The controller knows a new topic before the broker that is asked here knows its leaders. */
static int wait_for_leaders(KafkaClient *client, const char *name, Deadline deadline, int *ret_partitions, Error *err) {
    for (;;) {
        CLEANUP(kafka_topic_done) KafkaTopic topic = {0};
        error_clear(err);
        int result = kafka_topic_describe(client, name, deadline_left_ms(deadline), &topic, err);
        if (result == 0) result = kafka_topic_check_answered(&topic, err);
        if (result == 0 && topic.partition_count > 0) {
            *ret_partitions = (int)topic.partition_count;
            return 0;
        }
        if (result != 0 && !error_is_retriable(err)) return -1;
        if (stop_requested()) return error_set(err, ERR_STOPPED, "stopped while the topic %s was not ready yet", name);
        if (deadline_passed(deadline))
            return result != 0
                       ? -1
                       : error_set(err, ERR_UNAVAILABLE, "Kafka at %s: topic %s was created but is not ready yet", client->address, name);
        nanosleep(&(struct timespec){.tv_nsec = RETRY_PAUSE_NS}, NULL);
    }
}

int kafka_topic_ensure(KafkaClient *client, const char *topic, int partitions, bool keep_all, int timeout_ms, bool *ret_created,
                       int *ret_partitions, Error *err) {
    Deadline deadline = deadline_in(timeout_ms);
    bool created = false;
    int found = 0;
    CLEANUP(kafka_topic_done) KafkaTopic known = {0};
    if (describe(client, topic, deadline, &known, err) != 0) return -1;
    if (!known.exists && create(client, topic, partitions, keep_all, deadline, &created, err) != 0) return -1;
    if (wait_for_leaders(client, topic, deadline, &found, err) != 0) return -1;
    if (ret_created != NULL) *ret_created = created;
    if (ret_partitions != NULL) *ret_partitions = found;
    return 0;
}

/* ---- ping ---- */

int kafka_ping(KafkaClient *client, int timeout_ms, KafkaPing *ret, Error *err) {
    int64_t started = clock_mono_ns();
    const struct rd_kafka_metadata *metadata = NULL;
    if (ask_metadata(client, deadline_in(timeout_ms), &metadata, err) != 0) return -1;
    *ret = (KafkaPing){.brokers = metadata->broker_cnt, .latency_ms = clock_seconds_since(started) * 1e3};
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

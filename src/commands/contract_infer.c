/* contract_infer.c: `smelt contract infer`: the newest messages of a topic, or the first of a file, become a contract. */
#include "commands/contract.h"

#include "base/clock.h"
#include "base/counted.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/terminal.h"
#include "base/yaml_writer.h"
#include "contract/entities.h"
#include "contract/pipeline.h"
#include "infer/infer.h"
#include "ingest/feed.h"
#include "ingest/feed_form.h"
#include "kafka/admin.h"
#include "kafka/consumer.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_MS = 30000, SILENCE_MS = 30000, POLL_MS = 200 };

/* ---- a file ---- */

static int read_file(const char *path, int64_t most, Infer *infer, Error *err) {
    CLEANUP(buf_done) Buf text = {0};
    if (file_read(path, &text, err) != 0) return -1;
    Span begin = {text.data != NULL ? text.data : "", text.len < FEED_FORM_BYTES ? text.len : FEED_FORM_BYTES};
    bool prefixed = begin.len > 0 && begin.at[0] == '\0'; /* as messages of a schema registry are: infer has words for them */
    if (!prefixed && feed_check_form(path, begin, false, err) != 0) return -1;
    const char *at = text.data != NULL ? text.data : "", *end = at + text.len;
    for (int64_t n = 0; at < end && n < most && !infer_is_full(infer); n++) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL) line_end = end;
        int64_t ignored;
        size_t len = (size_t)(line_end - at), head = feed_line_head(at, len, at == text.data, &ignored);
        if (len > head) infer_add(infer, (Span){at + head, len - head}, (Span){0});
        at = line_end + 1;
    }
    return 0;
}

/* ---- a topic ---- */

/* Where to begin, so that the newest `most` messages are read: as many of each partition as it has of the whole. */
static int64_t choose_offsets(KafkaTopic *topic, int64_t most) {
    int64_t all = 0, wanted = 0;
    for (size_t i = 0; i < topic->partition_count; i++) all += topic->partitions[i].end - topic->partitions[i].start;
    for (size_t i = 0; i < topic->partition_count; i++) {
        Offsets *p = &topic->partitions[i];
        int64_t here = p->end - p->start, share = all <= most ? here : here / (all / most) + 1;
        if (share > here) share = here;
        p->next = p->end - share;
        wanted += share;
    }
    return wanted;
}

/* Until each partition is at its end; `left` is how many partitions are not. */
static int read_messages(KafkaConsumer *consumer, KafkaTopic *topic, Infer *infer, Error *err) {
    size_t left = 0;
    int64_t heard = clock_mono_ns();
    for (size_t i = 0; i < topic->partition_count; i++) left += topic->partitions[i].next < topic->partitions[i].end;
    while (left > 0 && !infer_is_full(infer)) {
        KafkaEvent event;
        if (stop_requested()) return error_set(err, ERR_STOPPED, "stopped before the sample was read");
        if (kafka_consumer_poll(consumer, POLL_MS, &event, err) != 0) return -1;
        if (event.kind != KAFKA_NOTHING) heard = clock_mono_ns();
        if (clock_mono_ns() - heard > SILENCE_MS * INT64_C(1000000))
            return error_set(err, ERR_UNAVAILABLE, "no message of the topic has come for %d s, and %zu %s not read", SILENCE_MS / 1000,
                             left, counted((int64_t)left, "partition is", "partitions are"));
        if (event.kind == KAFKA_PROBLEM) log_warn("contract", "partition %d: %s", (int)event.partition, event.reason);
        if (event.kind != KAFKA_MESSAGE && event.kind != KAFKA_END) continue;
        Offsets *p = &topic->partitions[offsets_find(topic->partitions, topic->partition_count, event.partition)];
        if (event.kind == KAFKA_MESSAGE && event.offset < p->end)
            infer_add(infer, (Span){event.value, event.value != NULL ? event.len : 0}, (Span){event.key, event.key_len});
        bool at_end = event.kind == KAFKA_END || event.offset + 1 >= p->end;
        if (at_end && p->next < p->end) p->next = p->end, left--;
    }
    return 0;
}

static int read_topic(const App *app, const char *name, int64_t most, Infer *infer, Error *err) {
    CLEANUP(kafka_consumer_freep) KafkaConsumer *consumer = NULL;
    CLEANUP(kafka_topic_done) KafkaTopic topic = {0};
    if (kafka_consumer_open(app->settings, name, 1, &consumer, err) != 0 ||
        kafka_topic_describe(kafka_consumer_client(consumer), name, ANSWER_MS, &topic, err) != 0)
        return -1;
    if (!topic.exists) return error_set(err, ERR_UNAVAILABLE, "topic %s does not exist on this cluster", name);
    if (kafka_topic_check_answered(&topic, err) != 0) return -1;
    if (choose_offsets(&topic, most) == 0)
        return error_set(err, ERR_DATA, "topic %s has no messages: there is nothing to infer a contract from", name);
    if (kafka_consumer_read(consumer, topic.partitions, topic.partition_count, err) != 0) return -1;
    return read_messages(consumer, &topic, infer, err);
}

/* ---- the pipeline that the contract is for ---- */

/* Its contracts; NULL: there are none yet, or they have mistakes, which `check` names. */
static void load_contracts(const char *dir, Pipeline **ret) {
    Error err = {0};
    json_t *mistakes = NULL;
    if (dir != NULL && pipeline_check_contracts(dir, NULL, ret, &mistakes, &err) != 0) {
        if (*ret != NULL) pipeline_free(*ret);
        *ret = NULL;
    }
    json_decref(mistakes);
    error_clear(&err);
}

static InferEntity entity_of(const Pipeline *p) {
    for (size_t i = 0; p != NULL && i < p->contract_count; i++)
        if (p->contracts[i].entity_name != NULL) return (InferEntity){p->contracts[i].entity_name, p->contracts[i].entity.column};
    return (InferEntity){0};
}

/* ---- the result ---- */

static const char starter_features[] = "version: 1\n"
                                       "minimum_events: 1\n"
                                       "features:\n"
                                       "  - name: events\n"
                                       "    description: How many events there were.\n"
                                       "    aggregate: count\n";

/* Into the folder of --pipeline: contracts/NAME.odcs.yaml, and features.yaml when there is none. *ret_file: the contract's; the caller
 * frees. */
static int write_pipeline(const char *dir, const char *name, const Buf *text, char **ret_file, Error *err) {
    CLEANUP(free_text) char *contracts = path_join(dir, "contracts");
    CLEANUP(free_text) char *features = path_join(dir, "features.yaml");
    CLEANUP(free_text) char *file = xasprintf("%s/%s.odcs.yaml", contracts, name);
    if (dir_make(dir, err) != 0 || dir_make(contracts, err) != 0) return -1;
    if (file_exists(file)) return error_set(err, ERR_USAGE, "%s exists already: remove it, or write elsewhere with --out", file);
    if (file_write_atomic(file, text->data, text->len, err) != 0) return -1;
    if (!file_exists(features) && file_write_atomic(features, starter_features, sizeof starter_features - 1, err) != 0) return -1;
    *ret_file = TAKE(file);
    return 0;
}

/* A name for files: the topic, or the file's without its folder and ending; other characters are -. The caller frees. */
static char *base_name(const ContractOptions *o) {
    const char *from = o->topic != NULL ? o->topic : o->file, *slash = strrchr(from, '/');
    char *name = xstrdup(slash != NULL ? slash + 1 : from), *dot = strchr(name, '.');
    if (o->topic == NULL && dot != NULL && dot > name) *dot = '\0';
    if (name[0] == '.') name[0] = '-'; /* hidden files are no contracts */
    for (char *c = name; *c != '\0'; c++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-", *c) == NULL) *c = '-';
    return name;
}

static void report_left_out(const json_t *found) {
    size_t i;
    json_t *left;
    json_array_foreach(json_object_get(found, "left_out"), i, left) {
        CLEANUP(free_text) char *property = terminal_value(json_string_value(json_object_get(left, "property")));
        fprintf(stderr, "left out: %s: %s\n", property, json_string_value(json_object_get(left, "reason")));
    }
    int64_t other = json_integer_value(json_object_get(found, "other")),
            unreadable = json_integer_value(json_object_get(found, "unreadable"));
    if (unreadable > 0)
        fprintf(stderr, "%" PRId64 " %s not looked at; most of them are %s\n", unreadable,
                counted(unreadable, "message is no JSON object and was", "messages are no JSON objects and were"),
                json_string_value(json_object_get(found, "unreadable_most")));
    if (other > 0)
        fprintf(stderr, "%" PRId64 " %s no event type that a contract can name, or no properties: this will be in quarantine\n", other,
                counted(other, "message has", "messages have"));
}

/* What is a property like any other can be the key of a further entity; a column of the envelope cannot. */
static void report_entity_left(const json_t *found) {
    const char *left = json_string_value(json_object_get(found, "entity_left"));
    bool is_property = json_is_true(json_object_get(found, "entity_left_is_property"));
    if (left == NULL) return;
    fprintf(stderr, "not an entity: %s: the other contracts have one; %s\n", left,
            is_property ? "declare another one in features.yaml (entities)" : "it is in no column of Silver");
}

static void report(const App *app, const json_t *found, const char *file) {
    const char *keys[] = {"payload", "time", "id", "entity"}, *name;
    json_t *types = json_object_get(found, "event_types"), *events;
    json_int_t messages = json_integer_value(json_object_get(found, "messages"));
    if (app->json) return;
    fprintf(stderr, "%" JSON_INTEGER_FORMAT " %s, envelope %s\n", messages, counted(messages, "message", "messages"),
            json_string_value(json_object_get(found, "envelope")));
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const char *key = json_string_value(json_object_get(found, keys[i]));
        bool of_record = key != NULL && i == 3 && strcmp(key, "kafka_key") == 0;
        if (key != NULL)
            fprintf(stderr, "%s: %s\n", keys[i], of_record ? "the key of Kafka's records; give it a better name than thing" : key);
    }
    if (json_is_false(json_object_get(found, "has_time"))) fprintf(stderr, "time: that of Kafka's records; of a file, when it is read\n");
    if (json_is_string(json_object_get(found, "time_left")))
        fprintf(stderr, "not the time: %s: its values have no form of a time that contracts read, or several (docs/pipeline.md)\n",
                json_string_value(json_object_get(found, "time_left")));
    report_entity_left(found);
    json_object_foreach(types, name, events) fprintf(stderr, "event type %s: %" JSON_INTEGER_FORMAT "\n", name, json_integer_value(events));
    report_left_out(found);
    if (file != NULL) fprintf(stderr, "%s\nNext: read it and correct it, then `smelt contract check`.\n", file);
}

int contract_infer(App *app, const ContractOptions *o, Error *err) {
    if ((o->topic == NULL) == (o->file == NULL)) return error_set(err, ERR_USAGE, "infer expects either --topic or --file");
    CLEANUP(free_text) char *name = base_name(o);
    CLEANUP(pipeline_freep) Pipeline *pipeline = NULL;
    load_contracts(o->pipeline, &pipeline);
    CLEANUP(infer_freep) Infer *infer = infer_new(o->topic, name, is_entity_name, entity_of(pipeline));
    CLEANUP(json_freep) json_t *contract = NULL;
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(free_text) char *file = NULL;
    json_t *found = NULL;
    if ((o->topic != NULL ? read_topic(app, o->topic, o->sample, infer, err) : read_file(o->file, o->sample, infer, err)) != 0 ||
        infer_contract(infer, &contract, &found, err) != 0)
        return -1;
    app->summary = found;
    yaml_write(contract, &text);
    json_object_set(found, "contract", contract);
    if ((o->pipeline != NULL ? write_pipeline(o->pipeline, name, &text, &file, err) : contract_write(app, o, text.data, text.len, err)) !=
        0)
        return -1;
    report(app, found, file != NULL ? file : o->out);
    return 0;
}

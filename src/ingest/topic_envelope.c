/* topic_envelope.c: see topic_envelope.h. */
#include "ingest/topic_envelope.h"

#include "base/document.h"
#include "base/memory.h"
#include "contract/pipeline.h"
#include "contract/text.h"
#include "ledger/topic_envelope.h"
#include <string.h>

static bool is_file(const char *topic) {
    return strncmp(topic, "file:", 5) == 0;
}

/* A file has the envelope of the topic in the settings, whose history it may be; or of the only topic that there is. */
static const TopicEnvelope *find(const IngestOptions *options, const char *topic) {
    const Pipeline *p = options->pipeline;
    if (!is_file(topic)) return pipeline_envelope_for(p, topic);
    const TopicEnvelope *of_settings = options->topic != NULL ? pipeline_envelope_for(p, options->topic) : NULL;
    return of_settings != NULL ? of_settings : pipeline_only_envelope(p);
}

static int error_not_described(const Pipeline *p, const char *topic, Error *err) {
    CLEANUP(buf_done) Buf topics = {0};
    for (size_t i = 0; i < p->envelope_count; i++)
        buf_addf(&topics, "%s%s%s", i > 0 ? ", " : "", is_file(topic) ? "--topic " : "", p->envelopes[i].topic);
    if (is_file(topic))
        return error_set(err, ERR_CONFIG, "there are contracts of several topics, so nothing says whose messages %s has; say it: %s",
                         topic + 5, topics.data);
    return error_set(
        err, ERR_CONFIG,
        "no contract describes the messages of %s; the contracts are of: %s. Set kafka.topic or kafka.topics to what is among these, or add a contract "
        "(physicalType: topic, and the topic as physicalName)",
        topic, topics.data);
}

/* Of a file the topic too, by which refine finds its contract (refine/file_topics.h). */
static int note(LakeConn *conn, const char *topic, const TopicEnvelope *declared, bool read_before, bool *ret_changed, Error *err) {
    Strings *strings = strings_new();
    TopicEnvelope own;
    envelope_own(strings, &own);
    CLEANUP(json_freep) json_t *now = envelope_json(declared), *was = envelope_json(&own);
    if (is_file(topic) && declared->topic != NULL) json_object_set_new(now, "topic", json_string(declared->topic));
    CLEANUP(free_text) char *now_text = json_text(now), *was_text = json_text(was);
    LedgerEnvelope first = {own.sha256, was_text};
    int rc =
        ledger_note_envelope(conn, topic, &(LedgerEnvelope){declared->sha256, now_text}, read_before ? &first : NULL, ret_changed, err);
    strings_free(strings);
    return rc;
}

/* Without another setting, a file is read by the envelope that it had the last time. */
static int find_noted(LakeConn *conn, const Pipeline *p, const char *file, const TopicEnvelope **ret, Error *err) {
    CLEANUP(free_text) char *topic = NULL;
    if (ledger_read_file_topic(conn, file, &topic, err) != 0) return -1;
    if (topic != NULL) *ret = pipeline_envelope_for(p, topic);
    return 0;
}

int ingest_open_envelope(LakeConn *conn, const IngestOptions *options, const LedgerTopic *topic, bool read_before, EnvelopeTable **ret,
                         bool *ret_changed, Error *err) {
    const TopicEnvelope *declared = options->pipeline != NULL ? find(options, topic->name) : NULL;
    if (options->pipeline != NULL && declared == NULL && is_file(topic->name) &&
        find_noted(conn, options->pipeline, topic->name, &declared, err) != 0)
        return -1;
    if (options->pipeline != NULL && declared == NULL) return error_not_described(options->pipeline, topic->name, err);
    if (declared != NULL && note(conn, topic->name, declared, read_before, ret_changed, err) != 0) return -1;
    *ret = envelope_table_new(declared, topic->name, topic->epoch);
    return 0;
}

MessageFormat ingest_format_of(const IngestOptions *options, const char *topic) {
    const TopicEnvelope *declared = options->pipeline != NULL ? find(options, topic) : NULL;
    return declared != NULL && declared->format_line > 0 ? declared->format : options->format;
}

/* result.c: the options that settings give, and the summary. */
#include "ingest/ingest.h"

#include "base/buf.h"
#include "base/document.h"
#include "base/memory.h"

IngestOptions ingest_options(const Settings *s) {
    return (IngestOptions){.disk_dir = settings_text(s, "data.dir"),
                           .reserve = settings_int(s, "disk.reserve"),
                           .timeout_ms = settings_int(s, "ingest.timeout"),
                           .stall_ms = settings_int(s, "ingest.timeout"),
                           .leaderless_ms = settings_int(s, "ingest.leader_timeout"),
                           .topic = settings_text(s, "kafka.topic"),
                           .keep_keys = settings_bool(s, "ingest.keep_keys"),
                           .format = (MessageFormat)settings_choice(s, "kafka.format"),
                           .registry = registry_options(s),
                           .batch_rows = (size_t)settings_int(s, "ingest.batch_rows"),
                           .batch_bytes = (size_t)settings_int(s, "ingest.batch_bytes"),
                           .commit_interval_ms = settings_int(s, "ingest.commit_interval")};
}

/* ---- problems ---- */

/* What another attempt does not mend comes before what it may. */
static ErrorKind worse(ErrorKind a, ErrorKind b) {
    return a == ERR_NONE || a == ERR_UNAVAILABLE ? b : a;
}

int ingest_result_check(const IngestResult *r, Error *err) {
    CLEANUP(buf_done) Buf text = {0};
    ErrorKind kind = ERR_NONE;
    for (size_t i = 0; i < r->topic_count; i++) {
        const IngestTopic *t = &r->topics[i];
        if (t->problem.kind == ERR_NONE) continue;
        kind = worse(kind, t->problem.kind);
        buf_addf(&text, "%s%s", text.len > 0 ? "; " : "", t->problem.text);
    }
    return kind == ERR_NONE ? 0 : error_set(err, kind, "%s", text.data);
}

void ingest_result_done(IngestResult *result) {
    for (size_t i = 0; i < result->topic_count; i++) {
        free(result->topics[i].partitions);
        error_clear(&result->topics[i].problem);
    }
    free(result->topics);
    *result = (IngestResult){0};
}

/* ---- the summary ---- */

static json_t *counts_json(const LedgerCounts *c) {
    return json_pack("{sI sI sI sI sI}", "landed", (json_int_t)c->landed, "duplicates", (json_int_t)c->duplicates, "rejected",
                     (json_int_t)c->rejected, "gaps", (json_int_t)c->gaps, "lost", (json_int_t)c->lost);
}

static const char *problem_of(const Error *problem) {
    return problem->kind != ERR_NONE ? problem->text : NULL;
}

static void add_partitions(json_t *out, const IngestTopic *t) {
    for (size_t i = 0; i < t->partition_count; i++) {
        const Offsets *p = &t->partitions[i];
        json_array_append_new(out, json_pack("{ss si sI sI}", "topic", t->name, "partition", (int)p->partition, "next_offset",
                                             (json_int_t)p->next, "end_offset", (json_int_t)p->end));
    }
}

static json_t *topic_json(const IngestTopic *t) {
    json_t *topic = json_pack("{ss sb sb ss*}", "topic", t->name, "stopped", t->stopped, "envelope_changed", t->envelope_changed, "problem",
                              problem_of(&t->problem));
    CLEANUP(json_freep) json_t *counts = counts_json(&t->counts);
    json_object_update(topic, counts);
    return topic;
}

json_t *ingest_result_json(const IngestResult *r) {
    CLEANUP(error_clear) Error problem = {0};
    json_t *partitions = json_array(), *topics = json_array(), *summary = counts_json(&r->counts);
    bool envelope_changed = false;
    double events = (double)(r->counts.landed + r->counts.duplicates + r->counts.rejected);
    for (size_t i = 0; i < r->topic_count; i++) {
        add_partitions(partitions, &r->topics[i]);
        envelope_changed |= r->topics[i].envelope_changed;
        json_array_append_new(topics, topic_json(&r->topics[i]));
    }
    if (ingest_result_check(r, &problem) != 0) json_object_set_new(summary, "problem", json_string(problem.text));
    json_object_set_new(summary, "seconds", json_real(r->seconds));
    json_object_set_new(summary, "events_per_second", json_real(r->seconds > 0 ? events / r->seconds : 0.0));
    json_object_set_new(summary, "envelope_changed", json_boolean(envelope_changed));
    json_object_set_new(summary, "stopped", json_boolean(r->stopped));
    json_object_set_new(summary, "envelope_changed", json_boolean(r->envelope_changed));
    json_object_set_new(summary, "partitions", partitions);
    if (r->topic_count > 1)
        json_object_set_new(summary, "topics", topics);
    else
        json_decref(topics);
    return summary;
}

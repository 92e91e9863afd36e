/* result.c: the options that settings give, and the summary. */
#include "ingest/ingest.h"

#include "base/memory.h"

IngestOptions ingest_options(const Settings *s) {
    return (IngestOptions){.disk_dir = settings_text(s, "data.dir"),
                           .reserve = settings_int(s, "disk.reserve"),
                           .timeout_ms = settings_int(s, "ingest.timeout"),
                           .stall_ms = settings_int(s, "ingest.timeout"),
                           .topic = settings_text(s, "kafka.topic"),
                           .keep_keys = settings_bool(s, "ingest.keep_keys"),
                           .batch_rows = (size_t)settings_int(s, "ingest.batch_rows"),
                           .batch_bytes = (size_t)settings_int(s, "ingest.batch_bytes"),
                           .commit_interval_ms = settings_int(s, "ingest.commit_interval")};
}

int ingest_result_check(IngestResult *result, Error *err) {
    return result->problem.kind == ERR_NONE ? 0 : error_move(err, &result->problem);
}

void ingest_result_done(IngestResult *result) {
    free(result->partitions);
    error_clear(&result->problem);
    *result = (IngestResult){0};
}

json_t *ingest_result_json(const IngestResult *r, const char *topic) {
    const LedgerCounts *c = &r->counts;
    json_t *partitions = json_array();
    for (size_t i = 0; i < r->partition_count; i++) {
        const Offsets *p = &r->partitions[i];
        json_array_append_new(partitions, json_pack("{ss si sI sI}", "topic", topic, "partition", (int)p->partition, "next_offset",
                                                    (json_int_t)p->next, "end_offset", (json_int_t)p->end));
    }
    double events = (double)(c->landed + c->duplicates + c->rejected);
    return json_pack("{sI sI sI sI sI sf sf sb sb so ss*}", "landed", (json_int_t)c->landed, "duplicates", (json_int_t)c->duplicates,
                     "rejected", (json_int_t)c->rejected, "gaps", (json_int_t)c->gaps, "lost", (json_int_t)c->lost, "seconds", r->seconds,
                     "events_per_second", r->seconds > 0 ? events / r->seconds : 0.0, "stopped", r->stopped, "envelope_changed",
                     r->envelope_changed, "partitions", partitions, "problem", r->problem.kind != ERR_NONE ? r->problem.text : NULL);
}

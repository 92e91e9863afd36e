/* samples.c: the facts as numbers for Prometheus. Their meaning is in the table of src/web/metrics_table.c; a name that is not
 * there is a BUG.
 *
 * Invariant: what is not known is left out, never zero. */
#include "health/internal.h"

#include "health/health.h"
#include <inttypes.h>
#include <string.h>

static void put_labelled(json_t *out, const char *metric, double value, json_t *labels) {
    json_array_append_new(out, json_pack("[s f o]", metric, value, labels));
}

static void put(json_t *out, const char *metric, double value) {
    put_labelled(out, metric, value, json_object());
}

static void put_one(json_t *out, const char *metric, double value, const char *label, const char *name) {
    put_labelled(out, metric, value, json_pack("{s:s}", label, name));
}

static double seconds_of(int64_t us) {
    return (double)us / (double)USEC_PER_SEC;
}

/* ---- Kafka ---- */

static json_t *partition_labels(const TopicFacts *t, int32_t partition) {
    char number[16];
    snprintf(number, sizeof number, "%" PRId32, partition);
    return json_pack("{s:s, s:s}", "topic", t->name, "partition", number);
}

static void put_partitions(json_t *out, const Facts *f, const TopicFacts *t, const char *metric, bool lag) {
    for (size_t i = 0; i < t->kafka.partition_count; i++) {
        const Offsets *p = &t->kafka.partitions[i];
        if (!offsets_are_known(p)) continue;
        put_labelled(out, metric, (double)(lag ? facts_lag(f, t, p) : p->end), partition_labels(t, p->partition));
    }
}

static void put_transactions(json_t *out, const TopicFacts *t) {
    for (size_t i = 0; t->kafka.high != NULL && i < t->kafka.partition_count; i++)
        if (t->kafka.high[i] != OFFSET_UNKNOWN && offsets_are_known(&t->kafka.partitions[i]))
            put_labelled(out, "smelt_partition_transaction_events", (double)facts_behind_transaction(t, i),
                         partition_labels(t, (int32_t)i));
}

/* Whether each topic is there and read. */
static void put_topic_up(json_t *out, const Facts *f, const TopicFacts *t) {
    bool up = t->problem == NULL && t->kafka.exists && facts_away(f, t) == NULL;
    put_one(out, "smelt_topic_up", up ? 1 : 0, "topic", t->name);
}

static void sample_kafka(json_t *out, const Facts *f) {
    put(out, "smelt_kafka_up", f->kafka_error == NULL ? 1 : 0);
    if (f->kafka_error != NULL) return;
    put(out, "smelt_kafka_brokers", f->kafka.brokers);
    put(out, "smelt_kafka_latency_seconds", f->kafka.latency_ms / 1000);
    for (size_t i = 0; i < f->topic_count; i++) put_topic_up(out, f, &f->topics[i]);
    for (size_t i = 0; i < f->topic_count; i++) put_partitions(out, f, &f->topics[i], "smelt_partition_end_offset", false);
    for (size_t i = 0; i < f->topic_count; i++) put_partitions(out, f, &f->topics[i], "smelt_partition_lag_events", true);
    for (size_t i = 0; i < f->topic_count; i++) put_transactions(out, &f->topics[i]);
}

/* ---- files ---- */

static void sample_files(json_t *out, const Facts *f) {
    put(out, "smelt_snapshot_newest_generation", (double)f->generation);
    if (f->lake_bytes >= 0) put(out, "smelt_lake_bytes", (double)f->lake_bytes);
    put(out, "smelt_lake_writer", f->writer != NULL ? 1 : 0);
    if (f->mark_state == MARK_GOOD) {
        put(out, "smelt_bronze_commits_total", (double)f->mark.commit);
        put(out, "smelt_bronze_committed_timestamp_seconds", seconds_of(f->mark.written_us));
    }
    if (f->backup_state == BACKUP_GOOD) put(out, "smelt_backup_timestamp_seconds", seconds_of(f->backup.mark.written_us));
    if (f->disk_size > 0) {
        put(out, "smelt_disk_size_bytes", (double)f->disk_size);
        put(out, "smelt_disk_free_bytes", (double)f->disk_free);
    }
    put(out, "smelt_disk_reserve_bytes", (double)settings_int(f->settings, "disk.reserve"));
}

/* ---- runs ---- */

static const char *const run_states[] = {"done", "failed", "stopped", "lost"};
static const char *const run_steps[] = {"open", "ingest", "refine", "train", "score", "publish"};

/* Written from the start as zero, so that the first one of its kind shows as an increase. */
static void put_counts(json_t *out, const char *metric, const char *label, const json_t *counts, const char *const *names, size_t n) {
    for (size_t i = 0; i < n; i++) put_one(out, metric, (double)json_integer_value(json_object_get(counts, names[i])), label, names[i]);
}

static void sample_last_run(json_t *out, const Facts *f) {
    const json_t *last = facts_last_run(f), *steps = json_object_get(last, "steps"), *seconds = json_object_get(last, "seconds");
    const char *state = facts_run_state(f);
    for (size_t i = 0; i < ARRAY_LEN(run_states); i++)
        put_one(out, "smelt_last_run_state", state != NULL && strcmp(state, run_states[i]) == 0 ? 1 : 0, "state", run_states[i]);
    if (seconds != NULL) put(out, "smelt_last_run_duration_seconds", json_number_value(seconds));
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i);
        put_one(out, "smelt_last_run_step_duration_seconds", json_number_value(json_object_get(step, "seconds")), "step",
                json_string_value(json_object_get(step, "name")));
    }
}

static void sample_runs(json_t *out, const Facts *f) {
    const json_t *running = json_object_get(f->runs, "running"), *ended = json_object_get(f->runs, "ended_us");
    int64_t began_us = 0;
    Error ignored = {0};
    const char *began = json_string_value(json_object_get(running, "started_at"));
    put_counts(out, "smelt_runs_total", "state", json_object_get(f->runs, "counts"), run_states, ARRAY_LEN(run_states));
    put_counts(out, "smelt_run_failures_total", "step", json_object_get(f->runs, "failures"), run_steps, ARRAY_LEN(run_steps));
    for (size_t i = 0; i < ARRAY_LEN(run_states); i++) {
        int64_t at = json_integer_value(json_object_get(ended, run_states[i]));
        if (at > 0) put_one(out, "smelt_run_ended_timestamp_seconds", seconds_of(at), "state", run_states[i]);
    }
    bool at_work = began != NULL && !f->run_lost;
    put(out, "smelt_run_running", at_work ? 1 : 0);
    if (at_work && clock_parse(began, &began_us, &ignored) == 0) put(out, "smelt_run_started_timestamp_seconds", seconds_of(began_us));
    error_clear(&ignored);
    sample_last_run(out, f);
}

/* ---- all ---- */

static void sample_parts(json_t *out, const Facts *f, const json_t *parts) {
    size_t i;
    json_t *part;
    put(out, "smelt_health_checked_timestamp_seconds", seconds_of(f->now_us));
    json_array_foreach((json_t *)(uintptr_t)parts, i, part) {
        const char *state = json_string_value(json_object_get(part, "state"));
        int value = STATE_OK;
        while (value < STATE_UNKNOWN && strcmp(state_name((State)value), state) != 0) value++;
        put_one(out, "smelt_part_state", value, "part", json_string_value(json_object_get(part, "name")));
    }
}

json_t *samples_of(const Facts *f, const json_t *parts) {
    json_t *out = json_array();
    sample_parts(out, f, parts);
    sample_kafka(out, f);
    sample_files(out, f);
    sample_runs(out, f);
    return out;
}

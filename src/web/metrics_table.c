/* metrics_table.c: see metrics_table.h.
 *
 * Names: prefix smelt_ (process_ for the metrics that every exporter has), base units, _total for counters, _timestamp_seconds for Unix
 * times: an age is time() minus it, so that it also grows while nothing updates it. Labels are bounded: routes are patterns, never
 * addresses; rules and event types are the most frequent ones. */
#include "web/metrics_table.h"

#include "base/buf.h"
#include "web/web.h"
#include <string.h>

static const MetricDoc server[] = {
    {"smelt_build_info", "gauge", "version, duckdb", "Always 1; the versions are in the labels."},
    {"smelt_http_requests_total", "counter", "route, code", "Answered requests by route and status code."},
    {"smelt_http_request_duration_seconds", "histogram", "route", "From the request line to the last byte of the answer."},
    {"smelt_http_connections", "gauge", "", "Open connections."},
    {"process_cpu_seconds_total", "counter", "", "User and system CPU time of this process."},
    {"process_resident_memory_bytes", "gauge", "", "Resident memory of this process."},
    {"process_virtual_memory_bytes", "gauge", "", "Virtual memory of this process."},
    {"process_open_fds", "gauge", "", "Open file descriptors."},
    {"process_max_fds", "gauge", "", "The most file descriptors that this process may open."},
    {"process_start_time_seconds", "gauge", "", "When this server started, Unix time."},
};

static const MetricDoc lake[] = {
    {"smelt_snapshot_generation", "gauge", "", "The generation that is being served; 0 when live."},
    {"smelt_snapshot_published_timestamp_seconds", "gauge", "",
     "When the snapshot that is being served was published, Unix time; none when live."},
    {"smelt_layer_rows", "gauge", "layer",
     "Rows of bronze, silver, quarantine, gold (of the entity of the model, else the first) and scores."},
    {"smelt_layer_updated_timestamp_seconds", "gauge", "layer", "When bronze, silver, gold and scores last changed, Unix time."},
    {"smelt_layer_newest_event_timestamp_seconds", "gauge", "layer",
     "Time of the newest event in bronze, and in silver and gold while nothing waits to be refined, Unix time."},
    {"smelt_bronze_offsets_total", "counter", "fate",
     "Kafka offsets by fate: landed, duplicate, rejected, gap (a marker of a transaction, an aborted or compacted message), lost (retention "
     "removed the message before it was read, or nothing could read it)."},
    {"smelt_recent_events", "gauge", "event_type",
     "Events of the 48 hours up to the newest one, of the 20 most frequent types; (other): of the rest."},
    {"smelt_quarantined_events", "gauge", "layer, rule",
     "Events that did not pass, by rule: contracts (silver), and messages that are not events (bronze)."},
    {"smelt_contract_quarantined_events", "gauge", "event_type, owner",
     "Events in quarantine by event type; owner: the team of its contract, or empty."},
    {"smelt_contract_newest_event_timestamp_seconds", "gauge", "event_type, owner",
     "Time of the newest event in Silver, of types whose contracts promise freshness or retention, Unix time."},
    {"smelt_contract_oldest_event_timestamp_seconds", "gauge", "event_type, owner", "Time of their oldest event, Unix time."},
    {"smelt_contract_freshness_seconds", "gauge", "event_type, owner", "How old the newest event may be, where the contract says it."},
    {"smelt_contract_latency_seconds", "gauge", "event_type, owner",
     "How long an event may wait until it is in Silver, where the contract says it."},
    {"smelt_contract_retention_seconds", "gauge", "event_type, owner", "How old the oldest event may be, where the contract says it."},
    {"smelt_drift_events", "gauge", "kind",
     "Events with fields that no contract knows, with numbers as text, or with times of another unit than their contract says."},
    {"smelt_refine_pending_events", "gauge", "", "Events that landed in Bronze and are not in Silver yet."},
    {"smelt_refine_pending_since_timestamp_seconds", "gauge", "", "When the oldest of them landed, Unix time; none when nothing waits."},
    {"smelt_entities", "gauge", "entity", "Rows of Gold, of each entity."},
    {"smelt_entities_by_risk", "gauge", "entity, risk", "Those of the entity with a model by risk band: high, medium, low, unscored."},
    {"smelt_subscribers", "gauge", "risk", "The same, of an entity that is called subscriber."},
    {"smelt_partition_next_offset", "gauge", "topic, partition", "The next offset to read of each partition, as of what is being served."},
    {"smelt_model_trained_timestamp_seconds", "gauge", "", "When the newest model was trained, Unix time."},
    {"smelt_model_training_rows", "gauge", "", "Rows that the newest model was trained on."},
    {"smelt_model_auc", "gauge", "", "Area under the ROC curve of the newest model on its holdout."},
    {"smelt_model_pr_auc", "gauge", "", "Area under its precision-recall curve."},
    {"smelt_model_log_loss", "gauge", "", "Its log loss."},
};

static const MetricDoc parts[] = {
    {"smelt_health_checked_timestamp_seconds", "gauge", "", "When the metrics of this table were taken, Unix time."},
    {"smelt_part_state", "gauge", "part", "State of each part as in `smelt status`: 0 ok, 1 degraded, 2 down, 3 unknown."},
    {"smelt_kafka_up", "gauge", "", "Whether a metadata request was answered."},
    {"smelt_kafka_brokers", "gauge", "", "Brokers that Kafka knows."},
    {"smelt_kafka_latency_seconds", "gauge", "", "Duration of that request."},
    {"smelt_topic_up", "gauge", "topic", "Whether the topic is there and, by the commit mark, read."},
    {"smelt_partition_end_offset", "gauge", "topic, partition", "The offset behind the last committed message in Kafka."},
    {"smelt_partition_lag_events", "gauge", "topic, partition",
     "Messages that Kafka has and Bronze does not, by the newest commit of Bronze."},
    {"smelt_partition_transaction_events", "gauge", "topic, partition",
     "Messages behind an open transaction, which can be read only once it ends. Not part of the lag."},
    {"smelt_snapshot_newest_generation", "gauge", "", "The generation that CURRENT names; 0 when nothing was published."},
    {"smelt_lake_bytes", "gauge", "", "Size of lake.duckdb and its write-ahead log."},
    {"smelt_lake_writer", "gauge", "", "Whether a process holds the lake to write it."},
    {"smelt_bronze_commits_total", "counter", "", "Commits of Bronze, by the commit mark beside the lake."},
    {"smelt_bronze_committed_timestamp_seconds", "gauge", "", "When Bronze last committed, by the same mark, Unix time."},
    {"smelt_backup_timestamp_seconds", "gauge", "", "When the backup in backup.dir was last added to, Unix time."},
    {"smelt_disk_size_bytes", "gauge", "", "Size of the file system of data.dir."},
    {"smelt_disk_free_bytes", "gauge", "", "What is free there."},
    {"smelt_disk_reserve_bytes", "gauge", "", "disk.reserve: below so much free, ingest pauses."},
    {"smelt_runs_total", "counter", "state",
     "Runs that ended as done, failed, stopped (by a signal) or lost (killed; counted when the next one begins)."},
    {"smelt_run_failures_total", "counter", "step", "Failed runs by the step that failed; open: the lake could not be opened."},
    {"smelt_run_ended_timestamp_seconds", "gauge", "state", "When a run last ended so, Unix time."},
    {"smelt_run_running", "gauge", "", "Whether a run is at work."},
    {"smelt_run_started_timestamp_seconds", "gauge", "", "When it began, Unix time; none while none is at work."},
    {"smelt_last_run_state", "gauge", "state", "1 for the state of the last run that is over, 0 for the others."},
    {"smelt_last_run_duration_seconds", "gauge", "", "How long that run took."},
    {"smelt_last_run_step_duration_seconds", "gauge", "step", "How long each of its steps took."},
};

static const struct Group {
    const char *title, *text;
    const MetricDoc *docs;
    size_t count;
} groups[] = {
    {"The server", "Counted by the serving process; they begin at zero when it starts.", server, ARRAY_LEN(server)},
    {"The lake",
     "Read from what is being served. `smelt serve` reads them once per generation from the published snapshot, which never changes; "
     "`smelt up` reads them from the live lake. Without a snapshot there are none of them.",
     lake, ARRAY_LEN(lake)},
    {"The parts",
     "Checked every five seconds (`status.interval`), also between two snapshots: Kafka, files beside the lake, the disk. "
     "The runs come from `lake.runs`, which each `smelt run` (and each publish of `smelt up`) writes when it begins and when it ends, "
     "so `smelt serve` also sees a run that failed before it published.",
     parts, ARRAY_LEN(parts)},
};

const MetricDoc *metric_find(const char *name) {
    for (size_t g = 0; g < ARRAY_LEN(groups); g++)
        for (size_t i = 0; i < groups[g].count; i++)
            if (strcmp(groups[g].docs[i].name, name) == 0) return &groups[g].docs[i];
    return NULL;
}

static void write_group(const struct Group *group, Buf *out) {
    buf_addf(out, "\n## %s\n\n%s\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n", group->title, group->text);
    for (size_t i = 0; i < group->count; i++) {
        const MetricDoc *d = &group->docs[i];
        buf_addf(out, "| `%s` | %s | %s | %s |\n", d->name, d->type, d->labels, d->help);
    }
}

char *web_metrics_document(void) {
    Buf out = {0};
    buf_add_str(
        &out,
        "# Metrics\n\n"
        "What `GET /metrics` returns, in Prometheus' text format. This page is the output of `smelt serve --metrics`; a test compares.\n"
        "[observability.md](observability.md) describes scraping and alerts.\n");
    for (size_t g = 0; g < ARRAY_LEN(groups); g++) write_group(&groups[g], &out);
    return buf_take(&out);
}

json_t *web_metrics_list(void) {
    json_t *list = json_array();
    for (size_t g = 0; g < ARRAY_LEN(groups); g++)
        for (size_t i = 0; i < groups[g].count; i++) {
            const MetricDoc *d = &groups[g].docs[i];
            json_array_append_new(list, json_pack("{ss ss ss ss}", "name", d->name, "type", d->type, "labels", d->labels, "help", d->help));
        }
    return list;
}

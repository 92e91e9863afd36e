/* metrics.c: counters as atomics, and the table that documents every metric of this server.
 *
 * Names: prefix smelt_, base units, _total for counters. Labels are bounded: routes are patterns, never addresses.
 * Invariant: a metric without a line in the table is not written. */
#include "web/metrics.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "web/service.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct Doc {
    const char *name, *type, *help;
} docs[] = {
    {"smelt_build_info", "gauge", "Always 1; the versions are in the labels."},
    {"smelt_http_requests_total", "counter", "Answered requests by route and status code."},
    {"smelt_http_request_duration_seconds", "histogram", "From the request line to the last byte of the answer."},
    {"smelt_http_connections", "gauge", "Open connections."},
    {"smelt_process_resident_memory_bytes", "gauge", "Memory of this process."},
    {"smelt_process_start_time_seconds", "gauge", "When this server started, Unix time."},
    {"smelt_snapshot_generation", "gauge", "The generation that is being served; 0 when live."},
    {"smelt_snapshot_published_timestamp_seconds", "gauge", "When what is being served was read from the lake, Unix time."},
    {"smelt_layer_rows", "gauge", "Rows of each layer."},
    {"smelt_newest_event_timestamp_seconds", "gauge", "Time of the newest event, Unix time."},
    {"smelt_layer_updated_timestamp_seconds", "gauge", "When each layer last changed, Unix time."},
    {"smelt_bronze_offsets_total", "counter", "Kafka offsets by what became of them: landed, duplicate, rejected, gap."},
    {"smelt_quarantined_events", "gauge", "Events in quarantine by rule."},
    {"smelt_refine_pending_events", "gauge", "Events that landed in Bronze and are not in Silver yet."},
    {"smelt_subscribers", "gauge", "Subscribers by risk band."},
    {"smelt_partition_next_offset", "gauge", "The next offset to read of each partition."},
    {"smelt_model_trained_timestamp_seconds", "gauge", "When the newest model was trained, Unix time."},
    {"smelt_model_auc", "gauge", "Area under the ROC curve of the newest model on its holdout."},
};

static const double bucket_seconds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};
static const int statuses[] = {200, 304, 400, 404, 405, 414, 500, 503, 504};
enum { BUCKETS = ARRAY_LEN(bucket_seconds), STATUSES = ARRAY_LEN(statuses) };

typedef struct RouteCounts {
    atomic_uint_fast64_t by_status[STATUSES + 1]; /* the last: any other status */
    atomic_uint_fast64_t by_bucket[BUCKETS + 1];
    atomic_uint_fast64_t nanoseconds;
} RouteCounts;

struct Metrics {
    int64_t started_us;
    atomic_size_t connections;
    size_t routes;
    RouteCounts counts[]; /* routes + 1; the last: addresses without a route */
};

Metrics *metrics_new(size_t route_count) {
    Metrics *m = xcalloc(1, sizeof *m + (route_count + 1) * sizeof m->counts[0]);
    m->routes = route_count;
    m->started_us = clock_wall_us();
    return m;
}

void metrics_free(Metrics *m) {
    free(m);
}

void metrics_count(Metrics *m, int route, int status, int64_t nanoseconds) {
    RouteCounts *c = &m->counts[route >= 0 ? (size_t)route : m->routes];
    size_t s = 0, b = 0;
    while (s < STATUSES && statuses[s] != status) s++;
    while (b < BUCKETS && (double)nanoseconds > bucket_seconds[b] * (double)NSEC_PER_SEC) b++;
    atomic_fetch_add_explicit(&c->by_status[s], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->by_bucket[b], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->nanoseconds, (uint64_t)nanoseconds, memory_order_relaxed);
}

void metrics_connections(Metrics *m, size_t open) {
    atomic_store_explicit(&m->connections, open, memory_order_relaxed);
}

/* ---- text ------------------------------------------------------------------------------------------------------------------------------
 */

static const struct Doc *find_doc(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(docs); i++)
        if (strcmp(docs[i].name, name) == 0) return &docs[i];
    return NULL;
}

static void add_head(Buf *out, const char *name) {
    const struct Doc *doc = find_doc(name);
    if (doc == NULL) BUG(name);
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, doc->help, name, doc->type);
}

static void add_label(Buf *out, const char *name, const char *value) {
    buf_addf(out, "%s=\"", name);
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"') buf_add_char(out, '\\');
        if (*value == '\n')
            buf_add_str(out, "\\n");
        else
            buf_add_char(out, *value);
    }
    buf_add_char(out, '"');
}

static const char *route_name(const Metrics *m, size_t i) {
    return i < m->routes ? routes[i].pattern : "(none)";
}

static void add_request_counts(const Metrics *m, Buf *out) {
    add_head(out, "smelt_http_requests_total");
    for (size_t r = 0; r <= m->routes; r++)
        for (size_t s = 0; s <= STATUSES; s++) {
            uint64_t n = atomic_load_explicit(&m->counts[r].by_status[s], memory_order_relaxed);
            if (n == 0) continue;
            buf_addf(out, "smelt_http_requests_total{route=\"%s\",code=\"", route_name(m, r));
            if (s < STATUSES)
                buf_addf(out, "%d", statuses[s]);
            else
                buf_add_str(out, "other");
            buf_addf(out, "\"} %" PRIu64 "\n", n);
        }
}

static void add_durations_of(const Metrics *m, size_t r, Buf *out) {
    const RouteCounts *c = &m->counts[r];
    uint64_t seen = 0;
    for (size_t b = 0; b <= BUCKETS; b++) seen += atomic_load_explicit(&c->by_bucket[b], memory_order_relaxed);
    if (seen == 0) return;
    uint64_t sum = 0;
    for (size_t b = 0; b <= BUCKETS; b++) {
        sum += atomic_load_explicit(&c->by_bucket[b], memory_order_relaxed);
        buf_addf(out, "smelt_http_request_duration_seconds_bucket{route=\"%s\",le=\"", route_name(m, r));
        if (b < BUCKETS)
            buf_addf(out, "%g", bucket_seconds[b]);
        else
            buf_add_str(out, "+Inf");
        buf_addf(out, "\"} %" PRIu64 "\n", sum);
    }
    buf_addf(out, "smelt_http_request_duration_seconds_sum{route=\"%s\"} %.9f\n", route_name(m, r),
             (double)atomic_load_explicit(&c->nanoseconds, memory_order_relaxed) / (double)NSEC_PER_SEC);
    buf_addf(out, "smelt_http_request_duration_seconds_count{route=\"%s\"} %" PRIu64 "\n", route_name(m, r), sum);
}

static double resident_bytes(void) {
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL) return 0;
    if (fscanf(f, "%ld %ld", &pages, &resident) != 2) resident = 0;
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void add_gauge(Buf *out, const char *name, double value) {
    add_head(out, name);
    buf_addf(out, "%s %.15g\n", name, value);
}

void metrics_write_server(const Metrics *m, Buf *out) {
    add_head(out, "smelt_build_info");
    buf_addf(out, "smelt_build_info{version=\"%s\",duckdb=\"%s\"} 1\n", SMELT_VERSION, lake_engine_version());
    add_request_counts(m, out);
    add_head(out, "smelt_http_request_duration_seconds");
    for (size_t r = 0; r <= m->routes; r++) add_durations_of(m, r, out);
    add_gauge(out, "smelt_http_connections", (double)atomic_load_explicit(&m->connections, memory_order_relaxed));
    add_gauge(out, "smelt_process_resident_memory_bytes", resident_bytes());
    add_gauge(out, "smelt_process_start_time_seconds", (double)m->started_us / (double)USEC_PER_SEC);
}

/* Columns of sql/api/metrics.sql: metric, value, label1, value1, label2, value2; ordered by metric. */
static void add_sample(LakeResult *row, Buf *out) {
    buf_add_str(out, lake_col_text(row, 0, NULL));
    for (size_t label = 2; label <= 4; label += 2) {
        if (lake_is_null(row, label)) continue;
        CLEANUP(free_text) char *name = xstrdup(lake_col_text(row, label, NULL));
        const char *value = lake_is_null(row, label + 1) ? "" : lake_col_text(row, label + 1, NULL);
        buf_add_char(out, label == 2 ? '{' : ',');
        add_label(out, name, value);
    }
    buf_addf(out, "%s %.15g\n", lake_is_null(row, 2) ? "" : "}", lake_col_real(row, 1));
}

int metrics_write_lake(LakeConn *conn, int64_t generation, Buf *out, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    CLEANUP(free_text) char *last = xstrdup("");
    if (lake_query(conn, "api/metrics", lake_sql("api/metrics"), NULL, 0, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        const char *name = lake_col_text(rows, 0, NULL);
        if (strcmp(name, last) != 0) {
            add_head(out, name);
            free(last);
            last = xstrdup(name);
        }
        add_sample(rows, out);
    }
    if (got == 0) add_gauge(out, "smelt_snapshot_generation", (double)generation);
    return got;
}

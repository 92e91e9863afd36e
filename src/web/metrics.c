/* metrics.c: counters as atomics, and the text of GET /metrics.
 *
 * Invariant: a metric without a line in the table (metrics_table.c) is not written; the samples of one metric stand side by side. */
#include "web/metrics.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "web/metrics_table.h"
#include "web/process.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static const double bucket_seconds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};
static const int codes[] = {200, 202, 204, 206, 304, 400, 401, 403, 404, 405, 406, 408, 409, 410,
                            413, 414, 415, 416, 417, 421, 422, 429, 431, 500, 501, 503, 504, 505};
enum { BUCKETS = ARRAY_LEN(bucket_seconds), STATUSES = ARRAY_LEN(codes) };

typedef struct RouteCounts {
    atomic_uint_fast64_t by_status[STATUSES + 1]; /* the last: any other status */
    atomic_uint_fast64_t by_bucket[BUCKETS + 1];
    atomic_uint_fast64_t nanoseconds;
} RouteCounts;

/* The metrics of the lake, valid as long as its tag does not change. */
typedef struct CacheEntry {
    pthread_mutex_t lock;
    char tag[SNAPSHOT_TAG_SIZE]; /* of `text`; "": none */
    int64_t asked_ns;            /* when `text` was asked for */
    Buf text;
} CacheEntry;

struct WebMetrics {
    int64_t started_us;
    CacheEntry cached;
    atomic_size_t connections;
    size_t routes;
    RouteNameFn route_name;
    RouteCounts counts[]; /* routes + 1; the last: addresses without a route */
};

WebMetrics *metrics_new(size_t routes, RouteNameFn route_name) {
    WebMetrics *m = xcalloc(1, sizeof *m + (routes + 1) * sizeof m->counts[0]);
    m->routes = routes;
    m->route_name = route_name;
    pthread_mutex_init(&m->cached.lock, NULL);
    m->started_us = clock_wall_us();
    return m;
}

void metrics_free(WebMetrics *m) {
    pthread_mutex_destroy(&m->cached.lock);
    buf_done(&m->cached.text);
    free(m);
}

void metrics_count(WebMetrics *m, int route, int status, int64_t nanoseconds) {
    RouteCounts *c = &m->counts[route >= 0 ? (size_t)route : m->routes];
    size_t s = 0, b = 0;
    while (s < STATUSES && codes[s] != status) s++;
    while (b < BUCKETS && (double)nanoseconds > bucket_seconds[b] * (double)NSEC_PER_SEC) b++;
    atomic_fetch_add_explicit(&c->by_status[s], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->by_bucket[b], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->nanoseconds, (uint64_t)nanoseconds, memory_order_relaxed);
}

void metrics_connections(WebMetrics *m, size_t open) {
    atomic_store_explicit(&m->connections, open, memory_order_relaxed);
}

/* ---- text ---- */

static void add_head(Buf *out, const char *name) {
    const MetricDoc *doc = metric_find(name);
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

static const char *name_of_route(const WebMetrics *m, size_t i) {
    return i < m->routes ? m->route_name(i) : "(none)";
}

static void add_request_counts(const WebMetrics *m, Buf *out) {
    add_head(out, "smelt_http_requests_total");
    for (size_t r = 0; r <= m->routes; r++)
        for (size_t s = 0; s <= STATUSES; s++) {
            uint64_t n = atomic_load_explicit(&m->counts[r].by_status[s], memory_order_relaxed);
            if (n == 0) continue;
            buf_addf(out, "smelt_http_requests_total{route=\"%s\",code=\"", name_of_route(m, r));
            if (s < STATUSES)
                buf_addf(out, "%d", codes[s]);
            else
                buf_add_str(out, "other");
            buf_addf(out, "\"} %" PRIu64 "\n", n);
        }
}

static void add_durations_of(const WebMetrics *m, size_t r, Buf *out) {
    const RouteCounts *c = &m->counts[r];
    uint64_t seen = 0;
    for (size_t b = 0; b <= BUCKETS; b++) seen += atomic_load_explicit(&c->by_bucket[b], memory_order_relaxed);
    if (seen == 0) return;
    uint64_t sum = 0;
    for (size_t b = 0; b <= BUCKETS; b++) {
        sum += atomic_load_explicit(&c->by_bucket[b], memory_order_relaxed);
        buf_addf(out, "smelt_http_request_duration_seconds_bucket{route=\"%s\",le=\"", name_of_route(m, r));
        if (b < BUCKETS)
            buf_addf(out, "%g", bucket_seconds[b]);
        else
            buf_add_str(out, "+Inf");
        buf_addf(out, "\"} %" PRIu64 "\n", sum);
    }
    buf_addf(out, "smelt_http_request_duration_seconds_sum{route=\"%s\"} %.9f\n", name_of_route(m, r),
             (double)atomic_load_explicit(&c->nanoseconds, memory_order_relaxed) / (double)NSEC_PER_SEC);
    buf_addf(out, "smelt_http_request_duration_seconds_count{route=\"%s\"} %" PRIu64 "\n", name_of_route(m, r), sum);
}

static void add_number(Buf *out, const char *name, double value) {
    add_head(out, name);
    buf_addf(out, "%s %.15g\n", name, value);
}

void metrics_write_server(const WebMetrics *m, Buf *out) {
    ProcessUse use = process_use();
    add_head(out, "smelt_build_info");
    buf_addf(out, "smelt_build_info{version=\"%s\",duckdb=\"%s\"} 1\n", SMELT_VERSION, lake_engine_version());
    add_request_counts(m, out);
    add_head(out, "smelt_http_request_duration_seconds");
    for (size_t r = 0; r <= m->routes; r++) add_durations_of(m, r, out);
    add_number(out, "smelt_http_connections", (double)atomic_load_explicit(&m->connections, memory_order_relaxed));
    add_number(out, "process_cpu_seconds_total", use.cpu_seconds);
    add_number(out, "process_resident_memory_bytes", use.resident_bytes);
    add_number(out, "process_virtual_memory_bytes", use.virtual_bytes);
    add_number(out, "process_open_fds", use.open_fds);
    add_number(out, "process_max_fds", use.max_fds);
    add_number(out, "process_start_time_seconds", (double)m->started_us / (double)USEC_PER_SEC);
}

/* ---- samples of other modules ---- */

/* Writes the head when this is the first sample of a metric. `last`: the metric of the sample before; owned. */
static void begin_family(Buf *out, const char *name, char **last) {
    if (*last != NULL && strcmp(name, *last) == 0) return;
    add_head(out, name);
    free(*last);
    *last = xstrdup(name);
}

void metrics_write_samples(const json_t *samples, Buf *out) {
    CLEANUP(free_text) char *last = NULL;
    for (size_t i = 0; i < json_array_size(samples); i++) {
        const json_t *sample = json_array_get(samples, i);
        const char *name = json_string_value(json_array_get(sample, 0)), *label;
        json_t *value;
        begin_family(out, name, &last);
        buf_add_str(out, name);
        char separator = '{';
        json_object_foreach(json_array_get(sample, 2), label, value) {
            buf_add_char(out, separator);
            add_label(out, label, json_string_value(value));
            separator = ',';
        }
        buf_addf(out, "%s %.15g\n", separator == ',' ? "}" : "", json_number_value(json_array_get(sample, 1)));
    }
}

/* ---- metrics of the lake ---- */

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

static int count_entities(const Lease *lease, Buf *out, Error *err) {
    add_head(out, "smelt_entities");
    for (size_t i = 0; i < lease->entities->count; i++) {
        const GoldEntity *e = &lease->entities->items[i];
        CLEANUP(free_text) char *sql = gold_entity_sql(e, "api/entity_total");
        int64_t rows;
        if (lake_query_int(lease->conn, "api/entity_total", sql, NULL, 0, &rows, err) != 0) return -1;
        buf_add_str(out, "smelt_entities{");
        add_label(out, "entity", e->name);
        buf_addf(out, "} %" PRId64 "\n", rows);
    }
    return 0;
}

static int ask_lake(const Lease *lease, Buf *out, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    CLEANUP(free_text) char *last = NULL;
    LakeValue generation = lake_int(lease->generation);
    int got;
    if (lake_query(lease->conn, "api/metrics", lake_sql("api/metrics"), &generation, 1, &rows, err) != 0) return -1;
    while ((got = lake_next(rows, err)) > 0) {
        begin_family(out, lake_col_text(rows, 0, NULL), &last);
        add_sample(rows, out);
    }
    return got < 0 ? -1 : count_entities(lease, out, err);
}

static bool cache_get(CacheEntry *cached, const char *tag, Buf *out) {
    pthread_mutex_lock(&cached->lock);
    bool known = strcmp(cached->tag, tag) == 0;
    if (known) buf_add(out, cached->text.data, cached->text.len);
    pthread_mutex_unlock(&cached->lock);
    return known;
}

static void cache_put(CacheEntry *cached, const char *tag, int64_t asked_ns, const Buf *text) {
    pthread_mutex_lock(&cached->lock);
    buf_clear(&cached->text);
    buf_add(&cached->text, text->data, text->len);
    cached->asked_ns = asked_ns;
    snprintf(cached->tag, sizeof cached->tag, "%s", tag);
    pthread_mutex_unlock(&cached->lock);
}

bool metrics_repeat_lake(WebMetrics *m, int64_t most_ns, Buf *out) {
    CacheEntry *cached = &m->cached;
    pthread_mutex_lock(&cached->lock);
    bool is_new = cached->tag[0] != '\0' && clock_mono_ns() - cached->asked_ns <= most_ns;
    if (is_new) buf_add(out, cached->text.data, cached->text.len);
    pthread_mutex_unlock(&cached->lock);
    return is_new;
}

int metrics_write_lake(WebMetrics *m, const Lease *lease, Buf *out, Error *err) {
    int64_t asked_ns = clock_mono_ns();
    CLEANUP(buf_done) Buf text = {0};
    if (cache_get(&m->cached, lease->tag, out)) return 0;
    if (ask_lake(lease, &text, err) != 0) return -1;
    cache_put(&m->cached, lease->tag, asked_ns, &text);
    buf_add(out, text.data, text.len);
    return 0;
}

/* health.c: gathers facts, judges them, and keeps the last report.
 *
 * Invariant: the report is replaced as a whole under the lock; gathering, which may wait for Kafka, happens outside of it. */
#include "health/health.h"

#include "base/document.h"
#include "base/memory.h"
#include "base/periodic.h"
#include "health/history.h"
#include "health/internal.h"
#include <pthread.h>
#include <string.h>

enum { CHECK_TAKES_S = 60 }; /* at most, when nothing hangs */

struct Health {
    HealthOptions options;
    KafkaClient *kafka;
    FactsCache *cache;
    Facts facts;           /* only the refreshing thread */
    StateHistory *history; /* as facts; NULL: none is kept */
    DiskTrend *disk;       /* the same */
    pthread_mutex_t lock;
    json_t *report, *samples; /* under lock */
    int64_t checked_ns;       /* when that report was made; under lock */
    int64_t stale_ns;         /* an older report is not believed */
    Periodic *refreshes;      /* NULL until health_start */
};

static json_t *first_report(void) {
    return json_pack("{s:s, s:s, s:[]}", "state", "unknown", "summary", "The parts are being checked for the first time.", "components");
}

int health_new(const HealthOptions *options, Health **ret, Error *err) {
    KafkaClient *kafka;
    int rc = (options->by != NULL ? kafka_connect_for_long : kafka_connect)(options->settings, &kafka, err);
    if (rc != 0) return -1;
    Health *h = xcalloc(1, sizeof *h);
    pthread_mutex_init(&h->lock, NULL);
    h->options = *options;
    h->kafka = kafka;
    h->cache = facts_cache_new();
    if (options->history_path != NULL) h->history = state_history_new(options->history_path, options->by);
    if (options->disk_history_path != NULL) h->disk = disk_trend_new(options->disk_history_path, options->by != NULL);
    h->report = first_report();
    h->samples = json_array();
    h->stale_ns = INT64_MAX;
    *ret = h;
    return 0;
}

void health_free(Health *h) {
    periodic_stopp(&h->refreshes);
    facts_done(&h->facts);
    facts_cache_free(h->cache);
    if (h->history != NULL) state_history_free(h->history);
    if (h->disk != NULL) disk_trend_free(h->disk);
    kafka_client_free(h->kafka);
    json_decref(h->report);
    json_decref(h->samples);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

/* ---- the report ---- */

/* NULL when the part does not apply. Raises `worst` to the part's state. */
static json_t *judge(const Component *c, const Facts *f, State *worst) {
    Finding finding = {.more = json_object()};
    json_t *part = NULL;
    char now[CLOCK_TEXT_SIZE];
    if (c->judge(f, &finding)) {
        CLEANUP(free_text) char *detail = buf_take(&finding.detail);
        part = json_pack("{s:s, s:s, s:s, s:s}", "name", c->name, "title", c->title, "state", state_name(finding.state), "detail", detail);
        json_object_update(part, finding.more);
        if (finding.state != STATE_UNKNOWN && json_object_get(part, "verified_at") == NULL)
            json_object_set_new(part, "verified_at", json_string(clock_format(f->now_us, now)));
        if (finding.state > *worst) *worst = finding.state;
    }
    buf_done(&finding.detail);
    json_decref(finding.more);
    return part;
}

/* "Kafka is down; the model is degraded." is built from the parts that are not ok. */
static char *summarize(const json_t *parts) {
    Buf out = {0};
    size_t i;
    json_t *part;
    json_array_foreach(parts, i, part) {
        const char *state = json_string_value(json_object_get(part, "state"));
        if (strcmp(state, "ok") == 0) continue;
        buf_addf(&out, "%s%s is %s", out.len > 0 ? ", " : "", json_string_value(json_object_get(part, "title")), state);
    }
    buf_add_str(&out, out.len > 0 ? "." : "Every part works and is up to date.");
    return buf_take(&out);
}

static json_t *make_report(const Facts *f) {
    State worst = STATE_OK;
    json_t *parts = json_array();
    for (const Component *c = health_components; c->name != NULL; c++) {
        json_t *part = judge(c, f, &worst);
        if (part != NULL) json_array_append_new(parts, part);
    }
    char checked_at[CLOCK_TEXT_SIZE];
    CLEANUP(free_text) char *summary = summarize(parts);
    return json_pack("{s:s, s:s, s:s, s:o}", "state", state_name(worst == STATE_UNKNOWN ? STATE_DOWN : worst), "summary", summary,
                     "checked_at", clock_format(f->now_us, checked_at), "components", parts);
}

static void swap(json_t **a, json_t **b) {
    json_t *kept = *a;
    *a = *b;
    *b = kept;
}

static void follow_disk(DiskTrend *disk, Facts *f) {
    disk_trend_note(disk, f->now_us, f->disk_free, f->disk_size);
    f->disk_forecast = disk_trend_forecast(disk, f->disk_free, settings_int(f->settings, "disk.reserve"));
}

void health_refresh(Health *h) {
    facts_gather(&h->facts, h->cache, &h->options, h->kafka);
    if (h->disk != NULL) follow_disk(h->disk, &h->facts);
    CLEANUP(json_freep) json_t *report = make_report(&h->facts);
    if (h->history != NULL) state_history_note(h->history, report);
    CLEANUP(json_freep) json_t *samples = samples_of(&h->facts, json_object_get(report, "components"));
    pthread_mutex_lock(&h->lock);
    swap(&h->report, &report);
    swap(&h->samples, &samples);
    h->checked_ns = clock_mono_ns();
    pthread_mutex_unlock(&h->lock);
}

static json_t *copy_of(Health *h, json_t *const *kept) {
    pthread_mutex_lock(&h->lock);
    json_t *copy = json_deep_copy(*kept);
    pthread_mutex_unlock(&h->lock);
    return copy;
}

void report_call_unknown(json_t *report, int64_t age_us) {
    CLEANUP(buf_done) Buf summary = {0};
    size_t i;
    json_t *part;
    buf_add_str(&summary, "The parts were last checked ");
    format_age(&summary, age_us);
    buf_add_str(&summary, " ago: the check hangs.");
    json_object_set_new(report, "state", json_string("unknown"));
    json_object_set_new(report, "summary", json_string(summary.data));
    json_array_foreach(json_object_get(report, "components"), i, part) json_object_set_new(part, "state", json_string("unknown"));
}

json_t *health_report(Health *h) {
    json_t *report = copy_of(h, &h->report);
    pthread_mutex_lock(&h->lock);
    int64_t age_ns = h->checked_ns > 0 ? clock_mono_ns() - h->checked_ns : 0;
    pthread_mutex_unlock(&h->lock);
    if (age_ns > h->stale_ns) report_call_unknown(report, age_ns / (NSEC_PER_SEC / USEC_PER_SEC));
    return report;
}

json_t *health_samples(Health *h) {
    return copy_of(h, &h->samples);
}

/* ---- in the background ---- */

static void refresh(void *arg) {
    health_refresh(arg);
}

int health_start(Health *h, int interval_ms, Error *err) {
    h->stale_ns = interval_ms * (NSEC_PER_SEC / 1000) + CHECK_TAKES_S * NSEC_PER_SEC;
    return periodic_start(interval_ms, refresh, h, &h->refreshes, err);
}

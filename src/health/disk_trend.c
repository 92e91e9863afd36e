/* disk_trend.c: see disk_trend.h.
 *
 * The rate is the median of the rates between all pairs of samples (Theil-Sen): a backup that is written and removed, or a merge, moves it
 * little. It is computed when a sample was added, from at most 336 of them. What was measured at another size of the file system is left
 * out: somebody enlarged it. */
#include "health/disk_trend.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EVERY_S = 1800, KEPT_S = 7 * 86400, DAY_S = 86400, SAMPLES_MAX = KEPT_S / EVERY_S };
#define YEAR_S (INT64_C(365) * DAY_S)

typedef struct Sample {
    int64_t at_s, free, size;
} Sample;

struct DiskTrend {
    char *path;
    bool writes;
    Sample samples[SAMPLES_MAX]; /* oldest first */
    size_t count;
    int64_t size;         /* of the file system now */
    double bytes_per_day; /* by which the free space shrinks */
    int64_t over_s;       /* the span that the rate is of; 0: none */
};

/* ---- the file ---- */

static bool read_sample(const json_t *row, Sample *ret) {
    json_int_t at, free, size;
    if (json_unpack((json_t *)(uintptr_t)row, "[I, I, I]", &at, &free, &size) != 0 || at <= 0 || free < 0 || size <= 0) return false;
    *ret = (Sample){at, free, size};
    return true;
}

static void append(DiskTrend *t, Sample sample) {
    if (t->count > 0 && t->samples[t->count - 1].at_s >= sample.at_s) return; /* a clock that was set back */
    if (t->count == SAMPLES_MAX) memmove(t->samples, t->samples + 1, --t->count * sizeof *t->samples);
    t->samples[t->count++] = sample;
}

/* What cannot be read begins again. */
static void read_samples(DiskTrend *t) {
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(error_clear) Error ignored = {0};
    size_t i;
    json_t *row;
    Sample sample;
    if (!file_exists(t->path) || file_read(t->path, &text, &ignored) != 0) return;
    CLEANUP(json_freep) json_t *rows = json_loadb(text.data, text.len, 0, NULL);
    t->count = 0;
    json_array_foreach(rows, i, row) if (read_sample(row, &sample)) append(t, sample);
}

static void store(const DiskTrend *t) {
    CLEANUP(json_freep) json_t *rows = json_array();
    CLEANUP(error_clear) Error err = {0};
    for (size_t i = 0; i < t->count; i++) {
        const Sample *s = &t->samples[i];
        json_array_append_new(rows, json_pack("[I, I, I]", (json_int_t)s->at_s, (json_int_t)s->free, (json_int_t)s->size));
    }
    CLEANUP(free_text) char *text = json_text(rows);
    if (file_write_atomic(t->path, text, strlen(text), &err) != 0) log_debug("health", "%s", err.text);
}

/* ---- the rate ---- */

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Those of this size and of the last week, copied to `ret`. */
static size_t usable(const DiskTrend *t, Sample ret[SAMPLES_MAX]) {
    size_t n = 0;
    int64_t newest = t->count > 0 ? t->samples[t->count - 1].at_s : 0;
    for (size_t i = 0; i < t->count; i++)
        if (t->samples[i].size == t->size && newest - t->samples[i].at_s <= KEPT_S) ret[n++] = t->samples[i];
    return n;
}

static double median_rate(const Sample *samples, size_t n) {
    size_t count = 0;
    double *rates = xcalloc(n * (n - 1) / 2, sizeof *rates);
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            rates[count++] = (double)(samples[i].free - samples[k].free) / (double)(samples[k].at_s - samples[i].at_s);
    qsort(rates, count, sizeof *rates, compare);
    double median = rates[count / 2];
    free(rates);
    return median * DAY_S;
}

static void compute(DiskTrend *t) {
    Sample samples[SAMPLES_MAX];
    size_t n = usable(t, samples);
    t->over_s = n > 1 ? samples[n - 1].at_s - samples[0].at_s : 0;
    if (t->over_s * USEC_PER_SEC >= DISK_TREND_LEAST_US) t->bytes_per_day = median_rate(samples, n);
}

/* ---- what others call ---- */

DiskTrend *disk_trend_new(const char *path, bool writes) {
    DiskTrend *t = xcalloc(1, sizeof *t);
    *t = (DiskTrend){.path = xstrdup(path), .writes = writes};
    read_samples(t);
    return t;
}

void disk_trend_free(DiskTrend *t) {
    free(t->path);
    free(t);
}

static bool is_due(const DiskTrend *t, int64_t now_s) {
    return t->count == 0 || now_s - t->samples[t->count - 1].at_s >= EVERY_S;
}

/* Of a clock that was ahead: they would keep all that follow away. */
static void forget_future(DiskTrend *t, int64_t now_s) {
    while (t->count > 0 && t->samples[t->count - 1].at_s > now_s + EVERY_S) t->count--;
}

void disk_trend_note(DiskTrend *t, int64_t now_us, int64_t free_bytes, int64_t size_bytes) {
    int64_t now_s = now_us / USEC_PER_SEC;
    forget_future(t, now_s);
    bool resized = t->size != size_bytes, due = t->writes && is_due(t, now_s);
    if (size_bytes <= 0 || (!due && !resized)) return;
    t->size = size_bytes;
    if (due) {
        read_samples(t); /* another process may have added some */
        forget_future(t, now_s);
    }
    if (due && is_due(t, now_s)) {
        append(t, (Sample){now_s, free_bytes, size_bytes});
        store(t);
    }
    compute(t);
}

DiskForecast disk_trend_forecast(const DiskTrend *t, int64_t free_bytes, int64_t reserve) {
    DiskForecast f = {.kind = DISK_FORECAST_TOO_SHORT, .over_us = t->over_s * USEC_PER_SEC};
    if (f.over_us < DISK_TREND_LEAST_US) return f;
    f.kind = DISK_FORECAST_STEADY;
    f.bytes_per_day = llround(t->bytes_per_day);
    int64_t left = free_bytes > reserve ? free_bytes - reserve : 0;
    double days = t->bytes_per_day > 0 ? (double)left / t->bytes_per_day : 1e9;
    if (days * DAY_S > (double)YEAR_S) return f;
    f.kind = DISK_FORECAST_FULL;
    f.full_in_us = (int64_t)(days * DAY_S) * USEC_PER_SEC;
    return f;
}

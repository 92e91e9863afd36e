/* disk.c: what is said of the disk: how much is free, and when it will be full at the rate of the last days. "Full" is where ingest
 * pauses: when less than disk.reserve is free. */
#include "health/internal.h"

enum { PERCENT_MIN = 5 };
#define SOON_US (INT64_C(24) * 3600 * USEC_PER_SEC)

static void put(Finding *r, const char *key, int64_t value) {
    json_object_set_new(r->more, key, json_integer(value));
}

static void say_rate(const DiskForecast *d, Finding *r) {
    buf_add_str(&r->detail, " At the rate of the last ");
    format_age(&r->detail, d->over_us);
    buf_add_str(&r->detail, ", ");
    format_bytes(&r->detail, d->bytes_per_day);
    buf_add_str(&r->detail, " per day, it is full in about ");
    format_age(&r->detail, d->full_in_us);
    buf_add_char(&r->detail, '.');
}

static void say_steady(const DiskForecast *d, Finding *r) {
    buf_add_str(&r->detail, " At the rate of the last ");
    format_age(&r->detail, d->over_us);
    buf_add_str(&r->detail, " it does not fill up within a year.");
}

static void forecast(const Facts *f, Finding *r) {
    const DiskForecast *d = &f->disk_forecast;
    char at[CLOCK_TEXT_SIZE];
    json_t *full_at = d->kind == DISK_FORECAST_FULL ? json_string(clock_format(f->now_us + d->full_in_us, at)) : json_null();
    if (d->kind == DISK_FORECAST_NONE) {
        json_decref(full_at);
        return;
    }
    json_object_set_new(r->more, "full_at", full_at);
    put(r, "history_s", d->over_us / USEC_PER_SEC);
    if (d->kind == DISK_FORECAST_TOO_SHORT) {
        buf_add_str(&r->detail, " When it will be full is known after ");
        format_age(&r->detail, DISK_TREND_LEAST_US);
        buf_add_str(&r->detail, " of history.");
        return;
    }
    put(r, "used_bytes_per_day", d->bytes_per_day);
    if (d->kind == DISK_FORECAST_FULL)
        say_rate(d, r);
    else
        say_steady(d, r);
}

static void judge_space(const Facts *f, int percent, Finding *r) {
    int64_t reserve = settings_int(f->settings, "disk.reserve");
    const DiskForecast *d = &f->disk_forecast;
    if (f->disk_free < reserve) {
        bool can_be = f->disk_size >= reserve;
        r->state = STATE_DOWN;
        buf_add_str(&r->detail, can_be ? " Ingest is paused until " : " Nothing lands: the disk is smaller than the ");
        format_bytes(&r->detail, reserve);
        buf_add_str(&r->detail, can_be ? " are free (disk.reserve); it continues by itself."
                                       : " that must stay free. Set disk.reserve lower, or take a larger disk.");
        return;
    }
    forecast(f, r);
    bool soon = d->kind == DISK_FORECAST_FULL && d->full_in_us < SOON_US;
    if (percent >= PERCENT_MIN && !soon) return;
    r->state = STATE_DEGRADED;
    buf_add_str(&r->detail, " Free some space before writing stops.");
}

bool disk_judge(const Facts *f, Finding *ret) {
    if (f->disk_size == 0) {
        ret->state = STATE_UNKNOWN;
        buf_add_str(&ret->detail, "The free space at data.dir is not known.");
        return true;
    }
    int percent = (int)(f->disk_free * 100 / f->disk_size);
    put(ret, "free_bytes", f->disk_free);
    put(ret, "size_bytes", f->disk_size);
    format_bytes(&ret->detail, f->disk_free);
    buf_addf(&ret->detail, " free of ");
    format_bytes(&ret->detail, f->disk_size);
    buf_addf(&ret->detail, " (%d%%).", percent);
    judge_space(f, percent, ret);
    return true;
}

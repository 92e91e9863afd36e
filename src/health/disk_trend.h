/* disk_trend.h: the free space at data.dir over a week, in a file that needs no lake, and when it will be used up at that rate.
 *
 * data.dir/disk.history: a JSON list of [time in seconds, free bytes, size], oldest first, one for each half hour. One thread. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>

/* Less history than this tells nothing. */
#define DISK_TREND_LEAST_US (INT64_C(6) * 3600 * 1000000)

typedef enum DiskForecastKind {
    DISK_FORECAST_NONE, /* no history is kept */
    DISK_FORECAST_TOO_SHORT,
    DISK_FORECAST_STEADY, /* it does not fill up within a year */
    DISK_FORECAST_FULL,
} DiskForecastKind;

typedef struct DiskForecast {
    DiskForecastKind kind;
    int64_t over_us;       /* how long the history is that it rests on */
    int64_t bytes_per_day; /* by which the free space shrinks; below 0: it grows */
    int64_t full_in_us;    /* until `reserve` is left; with DISK_FORECAST_FULL */
} DiskForecast;

typedef struct DiskTrend DiskTrend;
/* Reads what is there. `path` is copied. `writes`: samples are added to it. */
DiskTrend *disk_trend_new(const char *path, bool writes) MUST_CHECK;
void disk_trend_free(DiskTrend *t);
/* Adds a sample when the last one is old enough. A file that cannot be written, as on a full disk, is logged; the history goes on in
 * memory.
 */
void disk_trend_note(DiskTrend *t, int64_t now_us, int64_t free_bytes, int64_t size_bytes);
/* By the newest sample's time. */
DiskForecast disk_trend_forecast(const DiskTrend *t, int64_t free_bytes, int64_t reserve);

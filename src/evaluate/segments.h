/* segments.h: the part of a report that is by segment. Private to evaluate; any thread. */
#pragma once
#include "evaluate/report.h"
#include <math.h>

/* null when it is not defined. */
static inline json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}
/* `segments` of a report. The caller owns it. */
json_t *segments_json(const ReportInput *in) __attribute__((returns_nonnull));
/* A table in words for each of them, which may be NULL: a report of an earlier version has none. */
void segments_words(const json_t *segments, Buf *ret);

/* words.h: rules in words. Any thread. */
#pragma once
#include "base/buf.h"
#include "contract/declarations.h"

/* "must be at least 0", "must be one of a, b" */
void check_words(const Check *check, Buf *out);
/* "must be at most 5 percent nullValues" */
void measure_words(const QualityMeasure *m, Buf *out);
/* What `format` calls them, and what they are: "ipv4", "an IPv4 address". */
extern const char *const text_format_names[TEXT_FORMATS], *const text_format_words[TEXT_FORMATS];
/* As the standard calls them, by MeasureMetric. */
extern const char *const measure_metric_names[];
/* Whether the count, or the share in percent, is what the rule asks for. */
bool measure_holds(const QualityMeasure *m, double value);

/* metrics_table.h: every metric that GET /metrics can return; docs/metrics.md is printed from it (web.h). */
#pragma once

typedef struct MetricDoc {
    const char *name, *type; /* counter, gauge, histogram */
    const char *labels;      /* "topic, partition", or "" */
    const char *help;        /* one sentence */
} MetricDoc;

/* NULL when there is none. */
const MetricDoc *metric_find(const char *name);

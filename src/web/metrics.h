/* metrics.h: the server's own counters, and the text of GET /metrics. Any thread. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "web/snapshot_pool.h"
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

typedef struct WebMetrics WebMetrics;
typedef const char *(*RouteNameFn)(size_t route); /* static text */
WebMetrics *metrics_new(size_t routes, RouteNameFn route_name) MUST_CHECK;
void metrics_free(WebMetrics *m);
/* A response was sent: `route` counts from 0; -1: there is none at this address. */
void metrics_count(WebMetrics *m, int route, int status, int64_t nanoseconds);
/* Connections that are open now. */
void metrics_connections(WebMetrics *m, size_t open);
/* The server's own metrics as Prometheus text. */
void metrics_write_server(const WebMetrics *m, Buf *out);
/* Samples of other modules: [[metric, value, {label: value}], ...], those of one metric side by side. */
void metrics_write_samples(const json_t *samples, Buf *out);
/* Those of the lake that metrics_write_lake wrote last, when they were asked for at most `most_ns` ago. False: `out` is unchanged. */
bool metrics_repeat_lake(WebMetrics *m, int64_t most_ns, Buf *out);
/* Those of the lake, by sql/api/metrics.sql; queried again only when the lease's tag has changed. On failure `out` is unchanged. */
int metrics_write_lake(WebMetrics *m, const Lease *lease, Buf *out, Error *err) MUST_CHECK;

/* metrics.h: what the server counts about itself, and everything that GET /metrics says. Any thread. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "lake/lake.h"
#include <stddef.h>
#include <stdint.h>

typedef struct Metrics Metrics;
Metrics *metrics_new(size_t routes) MUST_CHECK;
void metrics_free(Metrics *m);
/* A response was sent: `route` is its place in the routes table, or -1. */
void metrics_count(Metrics *m, int route, int status, int64_t nanoseconds);
/* Connections that are open now. */
void metrics_connections(Metrics *m, size_t open);
/* The server's own metrics as Prometheus text. */
void metrics_write_server(const Metrics *m, Buf *out);
/* Those of the lake, by sql/api/metrics.sql. `generation` 0: live. */
int metrics_write_lake(LakeConn *conn, int64_t generation, Buf *out, Error *err) MUST_CHECK;

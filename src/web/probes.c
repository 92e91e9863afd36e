/* probes.c: the handlers for orchestrators and Prometheus: /livez, /readyz, /metrics. */
#include "web/handlers.h"

#include "base/clock.h"
#include "base/document.h"

/* How old the metrics of the live lake may be: they cost sixty times what the server's own do, and Prometheus asks every 10 to 60 seconds.
 */
#define LIVE_METRICS_NS (2 * NSEC_PER_SEC)

static int ask_lake(Service *s, const char *sql, int64_t *ret, Error *err) {
    Lease lease;
    if (snapshot_pool_lease(s->pool, 0, &lease, err) != 0) return -1;
    int rc = lake_query_int(lease.conn, sql, lake_sql(sql), NULL, 0, ret, err);
    snapshot_pool_return(s->pool, &lease, rc != 0);
    return rc;
}

/* DuckDB can answer nothing any more after a fatal error while the process lives on: only a real query shows that. Before the first
 * publish there is nothing to query, and a restart would not help. */
int handle_livez(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease;
    int64_t rows;
    bool waiting = false;
    if (ask_lake(s, "api/alive", &rows, err) != 0) {
        waiting = err->kind == ERR_UNAVAILABLE;
        if (!waiting) {
            response_problem(resp, 503, req, "A query failed: %s", response_detail(req, err->text));
            error_clear(err);
            return 0;
        }
        error_clear(err);
    }
    response_json(resp, 200, json_pack("{s:s, s:b}", "status", "alive", "waiting_for_data", waiting));
    return 0;
}

int handle_readyz(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease;
    int64_t rows;
    if (atomic_load(&s->draining)) return error_set(err, ERR_UNAVAILABLE, "the server is ending");
    if ((s->ready != NULL && s->ready(s->ready_arg, err) != 0) || ask_lake(s, "api/alive", &rows, err) != 0) {
        response_problem(resp, 503, req, "%s", response_detail(req, err->text));
        resp->retry_after_s = 5;
        error_clear(err);
        return 0;
    }
    if (snapshot_pool_reads_rows(s->pool)) { /* what came now would wait behind queries */
        response_problem(resp, 503, req, "The rows of the snapshot are being read into memory.");
        resp->retry_after_s = 1;
        return 0;
    }
    response_json(resp, 200, json_pack("{s:s, s:I}", "status", "ready", "generation", (json_int_t)snapshot_pool_generation(s->pool)));
    return 0;
}

int handle_metrics(Service *s, const Request *req, const Lease *none, Response *resp, Error *err) {
    (void)req, (void)none;
    bool is_live = snapshot_pool_view_ns(s->pool) > 0;
    Lease lease;
    CLEANUP(json_freep) json_t *samples = s->samples != NULL ? s->samples(s->samples_arg) : NULL;
    metrics_write_server(s->metrics, &resp->body);
    metrics_write_samples(samples, &resp->body);
    resp->status = 200;
    resp->content_type = "text/plain; version=0.0.4; charset=utf-8";
    if (is_live && metrics_repeat_lake(s->metrics, LIVE_METRICS_NS, &resp->body)) return 0;
    if (snapshot_pool_lease(s->pool, 0, &lease, err) != 0) {
        error_clear(err); /* the other metrics are valid without it */
        return 0;
    }
    int rc = metrics_write_lake(s->metrics, &lease, &resp->body, err);
    snapshot_pool_return(s->pool, &lease, rc != 0);
    return rc;
}

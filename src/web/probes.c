/* probes.c: the handlers for orchestrators and Prometheus: /livez and /readyz, on the event loop (self_check.h), and /metrics. */
#include "web/handlers.h"

#include "base/clock.h"
#include "base/document.h"
#include "web/self_check.h"

/* How old the metrics of the live lake may be: they cost sixty times what the server's own do, and Prometheus asks every 10 to 60 seconds.
 */
#define LIVE_METRICS_NS (2 * NSEC_PER_SEC)

static void answer_unavailable(const Request *req, Response *resp, int retry_after_s, Error *err) {
    response_problem(resp, 503, req, "%s", response_detail(req, err->text));
    resp->retry_after_s = retry_after_s;
    error_clear(err);
}

int handle_livez(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease;
    bool waits;
    if (self_check_alive(s->self_check, &waits, err) == 0)
        response_json(resp, 200, json_pack("{s:s, s:b}", "status", "alive", "waiting_for_data", waits));
    else
        answer_unavailable(req, resp, 0, err);
    return 0;
}

static int check_ready(const Service *s, Error *err) {
    if (atomic_load(&s->draining)) return error_set(err, ERR_UNAVAILABLE, "the server is ending");
    return self_check_ready(s->self_check, err);
}

int handle_readyz(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease;
    if (check_ready(s, err) != 0) {
        answer_unavailable(req, resp, 5, err);
    } else if (snapshot_pool_reads_rows(s->pool)) { /* what came now would wait behind queries */
        response_problem(resp, 503, req, "The rows of the snapshot are being read into memory.");
        resp->retry_after_s = 1;
    } else {
        response_json(resp, 200, json_pack("{s:s, s:I}", "status", "ready", "generation", (json_int_t)snapshot_pool_generation(s->pool)));
    }
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

/* runs.c: the last runs of the pipeline with their steps, beside how long a step usually takes. */
#include "base/memory.h"
#include "web/redact.h"
#include "web/rows.h"
#include <string.h>

const ParamSpec runs_params[] = {
    {"limit", PARAM_INT, .least = 1, .most = 50, .otherwise = 20, .help = "runs, newest first"},
    {"cursor", PARAM_TEXT, .least = 1, .most = 64, .help = "next_cursor of the page before"},
    {"state", PARAM_CHOICE, .choices = "done|failed|stopped|running", .help = "only those"},
    {.name = NULL},
};

/* Moves each step to its run. */
static void nest_steps(json_t *runs, json_t *steps) {
    size_t r, i;
    json_t *run, *step;
    json_array_foreach(runs, r, run) {
        json_t *own = json_array();
        json_array_foreach(steps, i, step) if (json_equal(json_object_get(step, "run_id"), json_object_get(run, "run_id")))
            json_array_append(own, step);
        json_object_set_new(run, "steps", own);
    }
    json_array_foreach(steps, i, step) json_object_del(step, "run_id");
}

/* At most `limit` runs with their steps; *ret_more: there are others behind them. The caller owns them. */
static int query_runs(const Request *req, const Lease *lease, int64_t limit, const char *id, json_t **ret, bool *ret_more, Error *err) {
    const LakeValue values[] = {lake_int(limit + 1), lake_text(request_param(req, "cursor")), lake_text(request_param(req, "state")),
                                lake_text(id)};
    CLEANUP(json_freep) json_t *runs = NULL;
    CLEANUP(json_freep) json_t *steps = NULL;
    CLEANUP(json_freep) json_t *ids = json_array();
    json_t *run;
    size_t i;
    if (rows_query(lease->conn, "api/runs", values, ARRAY_LEN(values), &runs, err) != 0) return -1;
    *ret_more = (int64_t)json_array_size(runs) > limit;
    if (*ret_more) json_array_remove(runs, (size_t)limit);
    json_array_foreach(runs, i, run) json_array_append(ids, json_object_get(run, "run_id"));
    CLEANUP(free_text) char *text = json_text(ids);
    LakeValue value = lake_text(text);
    if (rows_query(lease->conn, "api/run_steps", &value, 1, &steps, err) != 0) return -1;
    nest_steps(runs, steps);
    if (!req->is_operator) redact_runs(runs);
    *ret = TAKE(runs);
    return 0;
}

/* Answers when the run that a page begins behind is not there. */
static int check_cursor(const Request *req, const Lease *lease, Response *resp, Error *err) {
    const char *cursor = request_param(req, "cursor");
    const LakeValue values[] = {lake_int(1), lake_null(), lake_null(), lake_text(cursor)};
    CLEANUP(json_freep) json_t *run = NULL;
    if (cursor == NULL) return 0;
    if (rows_query(lease->conn, "api/runs", values, ARRAY_LEN(values), &run, err) != 0) return -1;
    if (json_array_size(run) == 0)
        response_problem(resp, 410, req, "The run where the page before ended is not kept any more: start again without the cursor.");
    return 0;
}

int handle_runs(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    json_t *runs;
    bool more;
    if (check_cursor(req, lease, resp, err) != 0) return -1;
    if (resp->status != 0) return 0;
    if (query_runs(req, lease, request_int(req, runs_params, "limit"), NULL, &runs, &more, err) != 0) return -1;
    const json_t *last = json_array_get(runs, json_array_size(runs) - 1);
    json_t *next = more ? json_incref(json_object_get(last, "run_id")) : json_null();
    response_json(resp, 200, json_pack("{s:I, s:o, s:o}", "generation", (json_int_t)lease->generation, "runs", runs, "next_cursor", next));
    return 0;
}

int handle_run(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    CLEANUP(json_freep) json_t *runs = NULL;
    bool more;
    if (query_runs(req, lease, 1, req->id, &runs, &more, err) != 0) return -1;
    json_t *run = json_array_get(runs, 0);
    if (run == NULL) {
        response_problem(resp, 404, req, "There is no run with this id among the last ones.");
        return 0;
    }
    json_object_set_new(run, "generation", json_integer(lease->generation));
    response_json(resp, 200, json_incref(run));
    return 0;
}

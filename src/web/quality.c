/* quality.c: what did not pass, over time: groups of events by the rule that they broke, and the rules about many events. */
#include "base/clock.h"
#include "base/memory.h"
#include "web/quality_state.h"
#include "web/rows.h"
#include "web/time_range.h"
#include <string.h>

const ParamSpec quality_params[] = {
    TIME_RANGE_PARAMS,
    {.name = NULL},
};
const ParamSpec rules_params[] = {
    {"event_type", PARAM_TEXT, .least = 1, .most = 200, .help = "only of this type"},
    {"rule", PARAM_TEXT, .least = 1, .most = 200, .help = "only of this rule"},
    {"from", PARAM_TEXT, .least = 1, .most = 40, .help = "a time (ISO 8601), or how long ago: -24h; -7d when it is not given"},
    {"limit", PARAM_INT, .least = 1, .most = 5000, .otherwise = 500, .help = "rows, newest first"},
    {.name = NULL},
};

static json_int_t sum_of(const json_t *groups, const char *layer) {
    json_int_t sum = 0;
    size_t i;
    json_t *group;
    json_array_foreach(groups, i, group) if (strcmp(json_string_value(json_object_get(group, "layer")), layer) == 0) sum +=
        json_integer_value(json_object_get(group, "in_range"));
    return sum;
}

int handle_quality(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    TimeRange range;
    int64_t to_do;
    if (!time_range_read(req, 7 * 86400, 3600, &range, resp)) return 0;
    const LakeValue values[] = {lake_time(range.from_us), lake_time(range.to_us), lake_int(range.step_s)};
    CLEANUP(json_freep) json_t *groups = NULL;
    CLEANUP(json_freep) json_t *drift = NULL;
    CLEANUP(json_freep) json_t *rules = NULL;
    if (rows_query(lease->conn, "api/quality_groups", values, ARRAY_LEN(values), &groups, err) != 0 ||
        rows_query(lease->conn, "api/overview_drift", NULL, 0, &drift, err) != 0 ||
        rows_query(lease->conn, "api/quality_state", NULL, 0, &rules, err) != 0)
        return -1;
    if (quality_add_reviews(s, groups, &to_do, err) != 0) return -1;
    json_t *out =
        json_pack("{sI sI sI sI sO sO sO}", "generation", (json_int_t)lease->generation, "quarantined", sum_of(groups, "silver"),
                  "rejected", sum_of(groups, "bronze"), "to_do", (json_int_t)to_do, "groups", groups, "drift", drift, "rules", rules);
    time_range_describe(&range, out);
    response_json(resp, 200, out);
    return 0;
}

int handle_quality_rules(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    int64_t from_us;
    json_t *items;
    if (!time_param_read(req, "from", clock_wall_us() - 7 * 86400 * USEC_PER_SEC, &from_us, resp)) return 0;
    const LakeValue values[] = {lake_text(request_param(req, "event_type")), lake_text(request_param(req, "rule")), lake_time(from_us),
                                lake_int(request_int(req, rules_params, "limit"))};
    if (rows_query(lease->conn, "api/quality_history", values, ARRAY_LEN(values), &items, err) != 0) return -1;
    response_json(resp, 200, json_pack("{sI so}", "generation", (json_int_t)lease->generation, "items", items));
    return 0;
}

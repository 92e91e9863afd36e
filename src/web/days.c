/* days.c: what a feature of one row was on each day: since when is it so? Gold has it over all time and over windows; the days are computed
 * of the row's events, which only the lake has (raw.h). */
#include "base/memory.h"
#include "web/entity.h"
#include "web/raw.h"

const ParamSpec days_params[] = {
    {"feature", PARAM_TEXT, .least = 1, .most = 200, .help = "one that is the sum, the mean, the least or the most of a column",
     .required = true},
    {.name = NULL},
};

int handle_days(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    const GoldEntity *e = entity_find(req, lease, true);
    const char *feature = request_param(req, "feature");
    CLEANUP(json_freep) json_t *known = NULL;
    CLEANUP(json_freep) json_t *id = NULL;
    json_t *days;
    if (e == NULL) return entity_answer_nothing_here(req, resp);
    if (feature == NULL) {
        response_bad_param(resp, req, "feature", "The parameter 'feature' is missing: which one is asked for.");
        return 0;
    }
    LakeValue values[] = {lake_text(e->name), lake_text(feature)};
    if (rows_query(lease->conn, "rows/source", values, ARRAY_LEN(values), &known, err) != 0) return -1;
    if (json_array_size(known) == 0) {
        response_problem(resp, 404, req, "%s have no feature '%.64s' that has a value of each day.", e->title_plural, feature);
        return 0;
    }
    if (entity_own_id(req, lease, e, &id, err) != 0 || raw_ask_days(s, lease, e, feature, json_pack("{sO}", "bytes", id), &days, err) != 0)
        return -1;
    json_t *out = json_pack("{sI ss so}", "generation", (json_int_t)lease->generation, "feature", feature, "items", days);
    json_object_set(out, e->key, id);
    response_json(resp, 200, out);
    return 0;
}

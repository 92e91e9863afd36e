/* related.c: which rows of another entity have to do with one row: those that were in events together with it (who is on this tower?), how
 * much is at stake there, and when it had events. No relation is declared: both ids are columns of Silver.
 *
 * Which ids they are only the lake knows (raw.h); what Gold has of them comes from what is served. */
#include "base/memory.h"
#include "web/entity.h"
#include "web/entity_filter.h"
#include "web/raw.h"
#include <string.h>

enum { DAYS = 7, COUNTED_MAX = 1000 };

const ParamSpec related_params[] = {
    {"entity", PARAM_TEXT, .least = 1, .most = 100, .help = "the name of the other entity; the one with a risk when it is not given"},
    {"limit", PARAM_INT, .least = 1, .most = 500, .otherwise = 50, .help = "rows, those with the most at stake first"},
    {.name = NULL},
};

/* The one that is asked for; else the one of the model, or of that one the first other. NULL: there is none. */
static const GoldEntity *find_other(const Request *req, const Lease *lease, const GoldEntity *e) {
    const char *name = request_param(req, "entity");
    const GoldEntity *scored = gold_entities_scored(lease->entities);
    if (name == NULL && e != scored) return scored;
    for (size_t i = 0; i < lease->entities->count; i++) {
        const GoldEntity *other = &lease->entities->items[i];
        if (other != e && (name == NULL || strcmp(other->name, name) == 0)) return other;
    }
    return NULL;
}

static void answer_no_other(const Request *req, const Lease *lease, const GoldEntity *e, Response *resp) {
    const char *name = request_param(req, "entity");
    CLEANUP(buf_done) Buf others = {0};
    for (size_t i = 0; i < lease->entities->count; i++)
        if (&lease->entities->items[i] != e) buf_addf(&others, "%s%s", others.len > 0 ? ", " : "", lease->entities->items[i].name);
    if (name == NULL || others.len == 0)
        response_problem(resp, 404, req, "There is no other entity that %s could have to do with.", e->title_plural);
    else
        response_problem(resp, 404, req, "There is no other entity '%.64s'; beside %s there are: %s.", name, e->title_plural, others.data);
}

/* ---- what Gold has of them ---- */

static int query_rows(const Request *req, const Lease *lease, const GoldEntity *other, const json_t *found, json_t **ret, Response *resp,
                      Error *err) {
    CLEANUP(entity_filter_done) EntityFilter filter = {0};
    CLEANUP(json_freep) json_t *ids = json_array();
    size_t i;
    const json_t *row;
    bool risk;
    json_array_foreach(found, i, row) json_array_append(ids, json_object_get(row, "id"));
    CLEANUP(free_text) char *text = json_text(ids);
    LakeValue value = lake_text(text);
    if (entity_has_risk(lease, other, &risk, err) != 0 || entity_filter_read(req, lease, other, risk, &filter, resp, err) != 0) return -1;
    if (resp->status != 0) return 0;
    CLEANUP(free_text) char *sql = entity_filter_sql(&filter, risk ? "api/ranked" : "api/listed", "api/lookup", NULL);
    return rows_query_sql(lease->conn, "api/lookup", sql, &value, 1, ret, err);
}

/* What is at stake, else how likely, else how often: by which rows are sorted. */
static double weight_of(const json_t *row) {
    static const char *const names[] = {"value_at_risk", "churn_probability"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const json_t *value = json_object_get(row, names[i]);
        if (json_is_number(value)) return json_number_value(value);
    }
    const json_t *events = json_object_get(json_object_get(row, "together"), "events");
    return json_object_get(row, "risk_band") == NULL ? json_number_value(events) : -1; /* without a score: behind those that have one */
}

static int by_weight(const void *a, const void *b) {
    double x = weight_of(*(json_t *const *)a), y = weight_of(*(json_t *const *)b);
    return x < y ? 1 : x > y ? -1 : 0;
}

/* The first `limit` of them, the heaviest first; a new reference. */
static json_t *heaviest(const json_t *rows, size_t limit) {
    size_t n = json_array_size(rows);
    json_t **sorted = xcalloc(n + 1, sizeof(json_t *)), *items = json_array();
    for (size_t i = 0; i < n; i++) sorted[i] = json_array_get(rows, i);
    qsort(sorted, n, sizeof(json_t *), by_weight);
    for (size_t i = 0; i < n && i < limit; i++) json_array_append(items, sorted[i]);
    free(sorted);
    return items;
}

/* How often and when each was there, into the rows; those that are not in Gold are left out. */
static void add_events(const GoldEntity *other, const json_t *found, json_t *rows) {
    CLEANUP(json_freep) json_t *by_id = json_object();
    json_t *row;
    size_t i;
    json_array_foreach(found, i, row) json_object_set(by_id, json_string_value(json_object_get(row, "id")), row);
    json_array_foreach(rows, i, row) {
        const json_t *seen = json_object_get(by_id, json_string_value(json_object_get(row, other->key)));
        json_object_del(row, "(rank)");
        json_object_set_new(
            row, "together",
            json_pack("{sO sO}", "events", json_object_get(seen, "events"), "newest_at", json_object_get(seen, "newest_at")));
    }
}

/* The sum of what is at stake, and how many are in the band high; null where there is no risk. */
static void add_sums(const json_t *rows, json_t *out) {
    double sum = 0;
    json_int_t high = 0;
    bool has_value = false, has_risk = false;
    const json_t *row;
    size_t i;
    json_array_foreach(rows, i, row) {
        const json_t *value = json_object_get(row, "value_at_risk"), *band = json_object_get(row, "risk_band");
        has_value = has_value || json_is_number(value);
        sum += json_number_value(value);
        has_risk = has_risk || json_is_string(band);
        high += json_is_string(band) && strcmp(json_string_value(band), "high") == 0;
    }
    json_object_set_new(out, "value_at_risk", has_value ? json_real(sum) : json_null());
    json_object_set_new(out, "high", has_risk ? json_integer(high) : json_null());
}

/* ---- the answer ---- */

static int answer_related(const Request *req, const Lease *lease, const GoldEntity *e, const GoldEntity *other, json_t *id,
                          const json_t *found, const json_t *hours, Response *resp, Error *err) {
    CLEANUP(json_freep) json_t *rows = NULL;
    if (query_rows(req, lease, other, found, &rows, resp, err) != 0) return -1;
    if (resp->status != 0) return 0;
    add_events(other, found, rows);
    const json_t *total = json_object_get(json_array_get(found, 0), "total");
    json_t *out = json_pack("{sI ss ss si sI sI so sO}", "generation", (json_int_t)lease->generation, "entity", other->name, "plural",
                            other->plural, "days", DAYS, "total", json_integer_value(total), "counted", (json_int_t)json_array_size(rows),
                            "items", heaviest(rows, (size_t)request_int(req, related_params, "limit")), "hours", hours);
    add_sums(rows, out);
    json_object_set(out, e->key, id);
    response_json(resp, 200, out);
    return 0;
}

int handle_related(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    const GoldEntity *e = entity_find(req, lease, true), *other = e != NULL ? find_other(req, lease, e) : NULL;
    CLEANUP(json_freep) json_t *found = NULL;
    CLEANUP(json_freep) json_t *hours = NULL;
    CLEANUP(json_freep) json_t *id = NULL;
    if (e == NULL) return entity_answer_nothing_here(req, resp);
    if (other == NULL) {
        answer_no_other(req, lease, e, resp);
        return 0;
    }
    if (entity_own_id(req, lease, e, &id, err) != 0) return -1;
    if (raw_ask_of_two(s, lease, "rows/related", e, other, json_pack("[{sO}I]", "bytes", id, (json_int_t)COUNTED_MAX), &found, err) != 0 ||
        raw_ask_of_two(s, lease, "rows/hours", e, other, json_pack("[{sO}]", "bytes", id), &hours, err) != 0)
        return -1;
    return answer_related(req, lease, e, other, id, found, hours, resp, err);
}

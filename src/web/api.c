/* api.c: the JSON of /api/v1. The queries are the files of sql/api/; here values are bound and rows become documents.
 *
 * Invariant: nothing that a client sent becomes SQL text; it is bound. */
#include "web/handlers.h"

#include "base/document.h"
#include "base/memory.h"
#include "web/entity.h"
#include "web/histories.h"
#include "web/redact.h"
#include "web/rows.h"
#include <string.h>

/* ---- overview ---- */

static const struct OverviewPart {
    const char *key, *sql;
    bool one_row;
} overview_parts[] = {
    {"events", "api/overview_pipeline", true}, {"layers", "api/overview_layers", false},         {"model", "api/overview_model", true},
    {"hours", "api/overview_hours", false},    {"quarantine", "api/overview_quarantine", false}, {"drift", "api/overview_drift", false},
    {"inflow", "api/overview_inflow", false},
};

/* {"value": 5} becomes {"mean_bills_zmw": 5}, as the declarations say. */
static void rename_value(json_t *figures, const GoldEntity *e, const char *key, const char *ending) {
    CLEANUP(free_text) char *name = NULL;
    if (e->value_name != NULL) name = xasprintf("%s%s%s%s", e->value_name, ending, e->value_unit[0] != '\0' ? "_" : "", e->value_unit);
    for (char *c = name; c != NULL && *c != '\0'; c++) *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    if (name != NULL) json_object_set(figures, name, json_object_get(figures, key));
    json_object_del(figures, key);
}

static int read_figures(const Lease *lease, const GoldEntity *e, json_t **ret, Error *err) {
    bool risk;
    if (entity_has_risk(lease, e, &risk, err) != 0) return -1;
    if (entity_query(lease, e, risk ? "api/overview_entities" : "api/entity_total", NULL, 0, ret, err) != 0) return -1;
    if (!risk) return 0;
    rename_value(*ret, e, "value", "");
    rename_value(*ret, e, "value_at_risk", "_at_risk");
    return 0;
}

static json_t *entity_total(const GoldEntity *e, const json_t *figures) {
    return json_pack("{ss ss ss ss sO}", "entity", e->name, "plural", e->plural, "title", e->title, "title_plural", e->title_plural,
                     "total", json_object_get(figures, "total"));
}

/* The figures of the first entity, and of that of the model, under their plurals, and how many there are of each. */
static int add_entities(const Lease *lease, json_t *overview, Error *err) {
    json_t *all = json_array();
    json_object_set_new(overview, "entities", all);
    for (size_t i = 0; i < lease->entities->count; i++) {
        const GoldEntity *e = &lease->entities->items[i];
        CLEANUP(json_freep) json_t *figures = NULL;
        if (read_figures(lease, e, &figures, err) != 0) return -1;
        if (i == 0 || e->scored) json_object_set(overview, e->plural, figures);
        json_array_append_new(all, entity_total(e, figures));
    }
    return 0;
}

/* Of the entity that the scores are of. */
static void fill_gold_rows(const Lease *lease, json_t *overview) {
    size_t i;
    json_t *layer, *total = json_object_get(json_array_get(json_object_get(overview, "entities"), lease->entities->scored), "total");
    json_array_foreach(json_object_get(overview, "layers"), i, layer) if (json_is_null(json_object_get(layer, "row_count")))
        json_object_set(layer, "row_count", total);
}

int handle_overview(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s, (void)req;
    CLEANUP(json_freep) json_t *out = json_pack("{s:I, s:b}", "generation", (json_int_t)lease->generation, "live", lease->generation == 0);
    for (size_t i = 0; i < ARRAY_LEN(overview_parts); i++) {
        const struct OverviewPart *part = &overview_parts[i];
        json_t *value;
        int rc = part->one_row ? row_query(lease->conn, part->sql, NULL, 0, &value, err)
                               : rows_query(lease->conn, part->sql, NULL, 0, &value, err);
        if (rc != 0) return -1;
        json_object_set_new(out, part->key, value);
    }
    if (add_entities(lease, out, err) != 0 || overview_add_before(lease, out, err) != 0) return -1;
    overview_count_inflow(out);
    fill_gold_rows(lease, out);
    response_json(resp, 200, json_incref(out));
    return 0;
}

/* ---- the pipeline ---- */

static json_t *describe_risk(const GoldEntity *e) {
    return json_pack("{ss? ss ss? ss? ss? ss?}", "label", e->label, "title", e->risk_title != NULL ? e->risk_title : "risk", "value",
                     e->value, "value_name", e->value_name, "value_title", e->value_title, "value_unit", e->value_unit);
}

/* Named as in the declarations. */
static json_t *describe_place(const GoldEntity *e) {
    bool on_earth = e->place != NULL && strcmp(e->place, "earth") == 0;
    if (e->place == NULL) return json_null();
    return json_pack("{ss ss}", on_earth ? "longitude" : "x", e->place_x, on_earth ? "latitude" : "y", e->place_y);
}

static int describe_entity(const Lease *lease, const GoldEntity *e, json_t *all, Error *err) {
    LakeValue name = lake_text(e->name);
    json_t *columns;
    bool risk;
    if (entity_has_risk(lease, e, &risk, err) != 0 || rows_query(lease->conn, "api/columns", &name, 1, &columns, err) != 0) return -1;
    json_array_append_new(all, json_pack("{ss ss ss ss ss ss? ss so so so}", "entity", e->name, "plural", e->plural, "key", e->key, "title",
                                         e->title, "title_plural", e->title_plural, "description", e->description, "table", e->view, "risk",
                                         risk ? describe_risk(e) : json_null(), "place", describe_place(e), "columns", columns));
    return 0;
}

int handle_pipeline(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s, (void)req;
    CLEANUP(json_freep) json_t *all = json_array();
    for (size_t i = 0; i < lease->entities->count; i++)
        if (describe_entity(lease, &lease->entities->items[i], all, err) != 0) return -1;
    response_json(resp, 200, json_pack("{s:I, s:O}", "generation", (json_int_t)lease->generation, "entities", all));
    return 0;
}

/* ---- status ---- */

static json_t *report_for(const Request *req, json_t *report) {
    if (!req->is_operator) redact_status(report);
    return report;
}

int handle_status(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease, (void)err;
    if (s->status == NULL)
        response_problem(resp, 404, req, "This server was started without a status.");
    else
        response_json(resp, 200, report_for(req, s->status(s->status_arg)));
    return 0;
}

/* raw.c: events, quarantine and rejects themselves, which no snapshot holds (snapshot/lake_rows.h): a live server reads its lake, another
 * one asks for them (WebOptions.ask).
 *
 * Invariant: what a sender wrote is only shown to tokens with the scope raw, ids of persons also to those with entities. */
#include "web/raw.h"
#include "base/memory.h"
#include "snapshot/lake_rows.h"
#include "web/entity.h"
#include <inttypes.h>
#include <string.h>

static const char by_before[] = "next_before of the page before";
const ParamSpec quarantine_params[] = {
    {"rule", PARAM_TEXT, .least = 1, .most = 200, .help = "only events that broke this rule first"},
    {"field", PARAM_TEXT, .least = 1, .most = 200, .help = "only those whose first broken rule is on this field"},
    {"source", PARAM_TEXT, .least = 1, .most = 200, .help = "only of this source_system"},
    {"event_type", PARAM_TEXT, .least = 1, .most = 200, .help = "only of this type"},
    {"limit", PARAM_INT, .least = 1, .most = 500, .otherwise = 50, .help = "events, those that came last first"},
    {"before", PARAM_INT, .least = 0, .most = INT64_MAX, .help = by_before},
    {.name = NULL},
};
const ParamSpec rejects_params[] = {
    {"reason", PARAM_TEXT, .least = 1, .most = 200, .help = "only of this reason"},
    {"limit", PARAM_INT, .least = 1, .most = 500, .otherwise = 50, .help = "messages, those that came last first"},
    {"before", PARAM_INT, .least = 0, .most = INT64_MAX, .help = by_before},
    {.name = NULL},
};
const ParamSpec events_params[] = {
    {"limit", PARAM_INT, .least = 1, .most = 500, .otherwise = 50, .help = "events, the newest first"},
    {"before", PARAM_TEXT, .least = 1, .most = 48, .help = by_before},
    {.name = NULL},
};
const ParamSpec message_params[] = {
    {"topic", PARAM_TEXT, .least = 1, .most = 1000, .help = "where it was", .required = true},
    {"partition", PARAM_INT, .least = 0, .most = INT32_MAX, .help = "where it was", .required = true},
    {"offset", PARAM_INT, .least = 0, .most = INT64_MAX, .help = "where it was", .required = true},
    {.name = NULL},
};

/* ---- asking ---- */

static int ask_lake(Service *s, const Lease *lease, const char *name, const json_t *args, json_t **ret, Error *err) {
    if (lease->generation == 0) return lake_rows_answer(lease->conn, name, args, ret, err);
    if (s->ask != NULL) return s->ask(s->ask_arg, name, args, ret, err);
    return error_set(err, ERR_UNAVAILABLE, "this server has no lake to ask");
}

/* Takes the reference of `values`. */
static int ask(Service *s, const Lease *lease, const char *name, size_t entity, json_t *values, json_t **ret, Error *err) {
    return raw_ask_of_two(s, lease, name, &lease->entities->items[entity], &lease->entities->items[entity], values, ret, err);
}

int raw_ask_of_two(Service *s, const Lease *lease, const char *name, const GoldEntity *e, const GoldEntity *other, json_t *values,
                   json_t **ret, Error *err) {
    const GoldEntity *first = lease->entities->items;
    CLEANUP(json_freep)
    json_t *args = json_pack("{sI sI so}", "entity", (json_int_t)(e - first), "other", (json_int_t)(other - first), "values", values);
    return ask_lake(s, lease, name, args, ret, err);
}

int raw_ask_days(Service *s, const Lease *lease, const GoldEntity *e, const char *feature, json_t *id, json_t **ret, Error *err) {
    CLEANUP(json_freep)
    json_t *args = json_pack("{sI ss s[o]}", "entity", (json_int_t)(e - lease->entities->items), "feature", feature, "values", id);
    return ask_lake(s, lease, "rows/days", args, ret, err);
}

static json_t *param_text(const Request *req, const char *name) {
    const char *text = request_param(req, name);
    return text != NULL ? json_string(text) : json_null();
}

static json_t *param_int(const Request *req, const ParamSpec *specs, const char *name) {
    return request_param(req, name) != NULL ? json_integer(request_int(req, specs, name)) : json_null();
}

/* Without tokens everybody is an operator. */
static bool may_see(const Request *req, Scope scope) {
    return req->is_operator || scope_allows(req->scopes, scope);
}

static void hide(json_t *rows, const char *key) {
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) json_object_set_new(row, key, json_null());
}

/* What stands for the path of a file that was read as a topic. */
static const char hidden_path[] = "(file)";

static void hide_paths(const Request *req, json_t *rows) {
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) {
        const char *topic = json_string_value(json_object_get(row, "topic"));
        if (!req->is_operator && topic != NULL && strncmp(topic, "file:", 5) == 0)
            json_object_set_new(row, "topic", json_string(hidden_path));
    }
}

/* Takes the rows, of which there is one more than a page has when there is a page behind. */
static void answer_rows(const Request *req, const ParamSpec *specs, json_t *rows, const Lease *lease, Response *resp) {
    size_t limit = (size_t)request_int(req, specs, "limit"), i;
    bool more = json_array_size(rows) > limit;
    if (more) json_array_remove(rows, limit);
    json_t *row, *last = json_array_get(rows, json_array_size(rows) - 1);
    json_t *next = more ? json_sprintf("%" PRId64, (int64_t)json_integer_value(json_object_get(last, "before"))) : json_null();
    json_array_foreach(rows, i, row) json_object_del(row, "before");
    hide_paths(req, rows);
    response_json(resp, 200, json_pack("{sI so so}", "generation", (json_int_t)lease->generation, "items", rows, "next_before", next));
}

/* ---- quarantine, rejects ---- */

int handle_quarantine(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    static const char *const raw[] = {"value", "raw_payload", "violations"};
    json_t *rows, *values = json_pack("[o o o o o I]", param_text(req, "rule"), param_text(req, "field"), param_text(req, "source"),
                                      param_text(req, "event_type"), param_int(req, quarantine_params, "before"),
                                      (json_int_t)request_int(req, quarantine_params, "limit") + 1);
    if (ask(s, lease, "rows/quarantine", 0, values, &rows, err) != 0) return -1;
    for (size_t i = 0; i < ARRAY_LEN(raw) && !may_see(req, SCOPE_RAW); i++) hide(rows, raw[i]);
    if (!may_see(req, SCOPE_RAW) && !may_see(req, SCOPE_ENTITIES)) hide(rows, "entity_id");
    answer_rows(req, quarantine_params, rows, lease, resp);
    return 0;
}

int handle_rejects(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    json_t *rows, *values = json_pack("[o o I]", param_text(req, "reason"), param_int(req, rejects_params, "before"),
                                      (json_int_t)request_int(req, rejects_params, "limit") + 1);
    if (ask(s, lease, "rows/rejects", 0, values, &rows, err) != 0) return -1;
    if (!may_see(req, SCOPE_RAW)) hide(rows, "text");
    answer_rows(req, rejects_params, rows, lease, resp);
    return 0;
}

/* ---- one message ---- */

/* *ret: the first row, a new reference; NULL: none. */
static int ask_one(Service *s, const Request *req, const Lease *lease, const char *name, json_t **ret, Error *err) {
    CLEANUP(json_freep) json_t *rows = NULL;
    json_t *values = json_pack("[o o o]", param_text(req, "topic"), param_int(req, message_params, "partition"),
                               param_int(req, message_params, "offset"));
    if (ask(s, lease, name, 0, values, &rows, err) != 0) return -1;
    *ret = json_incref(json_array_get(rows, 0));
    return 0;
}

static json_t *find_by(const json_t *list, const char *key, const json_t *value) {
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) if (value != NULL && json_equal(json_object_get(item, key), value)) return item;
    return NULL;
}

/* Who answers for the event, and the line of the field that broke a rule, as `contract`. */
static void add_contract(const Service *s, json_t *message) {
    CLEANUP(json_freep) json_t *contracts = s->contracts != NULL ? s->contracts(s->contracts_arg) : NULL;
    json_t *contract = find_by(contracts, "event_type", json_object_get(message, "event_type"));
    json_t *field = find_by(json_object_get(contract, "fields"), "name", json_object_get(message, "field"));
    json_object_set_new(message, "contract", json_null());
    if (contract == NULL) return;
    json_t *path = json_object_get(field, "path"), *line = json_object_get(field, "line");
    json_object_set_new(message, "contract",
                        json_pack("{sO sO sO sO sO}", "event_type", json_object_get(contract, "event_type"), "file",
                                  json_object_get(contract, "file"), "line", line != NULL ? line : json_object_get(contract, "line"),
                                  "owner", json_object_get(contract, "owner"), "support", json_object_get(contract, "support")));
    json_object_set(message, "path", path != NULL ? path : json_object_get(message, "field"));
}

int handle_message(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    CLEANUP(json_freep) json_t *message = NULL;
    if (request_param(req, "topic") == NULL || request_param(req, "partition") == NULL || request_param(req, "offset") == NULL) {
        response_bad_param(resp, req, "topic", "The parameters 'topic', 'partition' and 'offset' say which message.");
        return 0;
    }
    if (strcmp(request_param(req, "topic"), hidden_path) == 0) {
        response_problem(
            resp, 404, req,
            "The message came from a file, whose path only an operator sees (the scope admin): so it can be asked for only by one.");
        return 0;
    }
    if (ask_one(s, req, lease, "rows/message", &message, err) != 0) return -1;
    if (message == NULL && ask_one(s, req, lease, "rows/message_rejected", &message, err) != 0) return -1;
    if (message == NULL) {
        response_problem(resp, 404, req,
                         "The lake has no message of this place: it was not read, is a copy of another, or there is a gap.");
        return 0;
    }
    add_contract(s, message);
    json_object_set_new(message, "generation", json_integer(lease->generation));
    response_json(resp, 200, json_incref(message));
    return 0;
}

/* ---- the events of one entity ---- */

/* Columns of Silver and quarantine that are no fields of the payload, and their keys in the answer; NULL: not in it. */
static const struct {
    const char *column, *key;
} event_columns[] = {
    {"event_type", "event_type"},
    {"event_id", "event_id"},
    {"event_timestamp", "event_timestamp"},
    {"ingested_at", "ingested_at"},
    {"source_system", "source_system"},
    {"kafka_topic", "topic"},
    {"kafka_partition", "partition"},
    {"kafka_offset", "offset"},
    {"rule", "rule"},
    {"field", "field"},
    {"reason", "reason"},
    {"kafka_epoch", NULL},
    {"kafka_timestamp", NULL},
    {"batch_id", NULL},
    {"(us)", NULL},
    {"(place)", NULL},
};

/* From the flat row; what is left of it, but for NULL and the entity's id, is in `fields`. A new reference. */
static json_t *shape_event(const GoldEntity *e, json_t *row, bool is_clean) {
    json_t *out = json_object(), *value;
    const char *key;
    void *next;
    for (size_t i = 0; i < ARRAY_LEN(event_columns); i++) {
        value = json_object_get(row, event_columns[i].column);
        if (event_columns[i].key != NULL) json_object_set(out, event_columns[i].key, value != NULL ? value : json_null());
        json_object_del(row, event_columns[i].column);
    }
    json_object_del(row, e->key);
    json_object_foreach_safe(row, next, key, value) if (json_is_null(value)) json_object_del(row, key);
    json_object_set_new(out, "state", json_string(is_clean ? "silver" : "quarantine"));
    json_object_set(out, "fields", row);
    return out;
}

static bool is_newer(const json_t *a, const json_t *b) {
    json_int_t at_a = json_integer_value(json_object_get(a, "(us)")), at_b = json_integer_value(json_object_get(b, "(us)"));
    json_int_t place_a = json_integer_value(json_object_get(a, "(place)")), place_b = json_integer_value(json_object_get(b, "(place)"));
    return at_a != at_b ? at_a > at_b : place_a > place_b;
}

/* The newest of both lists, of which each is in order; takes what it needs of them. `ret_next`: where the page behind begins; "": none. */
static json_t *merge_events(const GoldEntity *e, json_t *clean, json_t *held, size_t limit, char ret_next[48]) {
    json_t *items = json_array();
    size_t c = 0, h = 0;
    ret_next[0] = '\0';
    while (json_array_size(items) < limit && (c < json_array_size(clean) || h < json_array_size(held))) {
        json_t *a = json_array_get(clean, c), *b = json_array_get(held, h);
        bool is_clean = b == NULL || (a != NULL && is_newer(a, b));
        json_t *row = is_clean ? a : b;
        snprintf(ret_next, 48, "%" PRId64 "_%" PRId64, (int64_t)json_integer_value(json_object_get(row, "(us)")),
                 (int64_t)json_integer_value(json_object_get(row, "(place)")));
        json_array_append_new(items, shape_event(e, row, is_clean));
        c += is_clean;
        h += !is_clean;
    }
    if (c == json_array_size(clean) && h == json_array_size(held)) ret_next[0] = '\0';
    return items;
}

/* "1764399600000000_1234"; an answer when it is not. */
static bool read_before(const Request *req, json_t **ret_us, json_t **ret_place, Response *resp) {
    const char *text = request_param(req, "before");
    int64_t us = 0, place = 0;
    int end = 0;
    if (text != NULL && (sscanf(text, "%18" SCNd64 "_%18" SCNd64 "%n", &us, &place, &end) != 2 || text[end] != '\0')) {
        response_bad_param(resp, req, "before", "The parameter 'before' is not one that this server gave.");
        return false;
    }
    *ret_us = text != NULL ? json_integer(us) : json_null();
    *ret_place = text != NULL ? json_integer(place) : json_null();
    return true;
}

static int ask_events(Service *s, const Lease *lease, const GoldEntity *e, const char *name, json_t *id, const json_t *values, json_t **ret,
                      Error *err) {
    json_t *own = json_pack("[{s:O}]", "bytes", id);
    json_array_extend(own, (json_t *)values);
    return ask(s, lease, name, (size_t)(e - lease->entities->items), own, ret, err);
}

int handle_entity_events(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    const GoldEntity *e = entity_find(req, lease, true);
    CLEANUP(json_freep) json_t *clean = NULL;
    CLEANUP(json_freep) json_t *held = NULL;
    CLEANUP(json_freep) json_t *id = NULL;
    json_t *us, *place;
    int64_t limit = request_int(req, events_params, "limit");
    char next[48];
    if (e == NULL) return entity_answer_nothing_here(req, resp);
    if (!read_before(req, &us, &place, resp)) return 0;
    CLEANUP(json_freep) json_t *values = json_pack("[o o I]", us, place, (json_int_t)limit + 1);
    if (entity_own_id(req, lease, e, &id, err) != 0 || ask_events(s, lease, e, "rows/events", id, values, &clean, err) != 0) return -1;
    bool is_first = e == lease->entities->items; /* whose ids quarantine has */
    if (is_first && ask_events(s, lease, e, "rows/events_quarantined", id, values, &held, err) != 0) return -1;
    json_t *items = merge_events(e, clean, held, (size_t)limit, next);
    hide_paths(req, items);
    json_t *out =
        json_pack("{sI so ss?}", "generation", (json_int_t)lease->generation, "items", items, "next_before", next[0] != '\0' ? next : NULL);
    json_object_set(out, e->key, id);
    response_json(resp, 200, out);
    return 0;
}

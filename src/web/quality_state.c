/* quality_state.c: see quality_state.h, and POST /api/v1/quality/state.
 *
 * Somebody says that a group is accepted, or fixed, or open again. A fixed group that gets events is back by itself: it has more events
 * than were counted when it was said to be fixed, and the newest of them are of that hour or later. The count alone would also rise for
 * events that were quarantined before and not counted yet; the hour alone would also move when Silver is made anew. */
#include "web/quality_state.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/memory.h"
#include "web/note_content.h"
#include "web/rows.h"
#include <string.h>

#define HOUR_US (3600 * USEC_PER_SEC)
#define STATES  "open|accepted|fixed"

static int64_t hour_of(const json_t *time) {
    const char *text = json_string_value(time);
    int64_t us = 0;
    if (text == NULL || clock_read((Span){text, strlen(text)}, &us) != CLOCK_READ) return 0;
    return us / HOUR_US;
}

static const char *text_at(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static bool is_back(const json_t *group, const json_t *said) {
    return strcmp(text_at(said, "state"), "fixed") == 0 &&
           json_integer_value(json_object_get(group, "events")) > json_integer_value(json_object_get(said, "events")) &&
           hour_of(json_object_get(group, "newest_at")) >= hour_of(json_object_get(said, "at"));
}

/* `said` NULL: nobody has said anything. The caller owns it. */
static json_t *review_of(const json_t *said, const char *state) {
    return json_pack("{ss sO? sO? ss}", "state", state, "at", json_object_get(said, "at"), "by", json_object_get(said, "by"), "text",
                     text_at(said, "text"));
}

static const char *state_of(const json_t *group, const json_t *said) {
    if (said == NULL) return "open";
    return is_back(group, said) ? "came_back" : text_at(said, "state");
}

int quality_add_reviews(Service *s, json_t *groups, int64_t *ret_to_do, Error *err) {
    CLEANUP(json_freep) json_t *all = NULL;
    int64_t to_do = 0;
    size_t i;
    json_t *group;
    if (s->notes != NULL && note_store_groups(s->notes, &all, err) != 0) return -1;
    json_array_foreach(groups, i, group) {
        CLEANUP(free_text) char *key = note_store_group_key(text_at(group, "layer"), text_at(group, "rule"), text_at(group, "field"));
        const json_t *said = json_object_get(all, key);
        const char *state = state_of(group, said);
        bool waits = strcmp(state, "open") == 0 || strcmp(state, "came_back") == 0;
        if (waits && json_integer_value(json_object_get(group, "in_range")) > 0) to_do++;
        json_object_set_new(group, "review", review_of(said, state));
    }
    *ret_to_do = to_do;
    return 0;
}

/* ---- saying it ---- */

static bool check_text_member(const Request *req, const json_t *content, const char *name, bool may_be_null, Response *resp) {
    const json_t *value = json_object_get(content, name);
    if (json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value)) return true;
    if (may_be_null && (value == NULL || json_is_null(value))) return true;
    response_bad_param(resp, req, name, "'%s' must be a text without NUL%s.", name, may_be_null ? ", or null" : "");
    return false;
}

static bool check_content(const Request *req, const json_t *content, Response *resp) {
    return note_check_choice(req, content, "layer", "silver|bronze", resp) && check_text_member(req, content, "rule", false, resp) &&
           check_text_member(req, content, "field", true, resp) && note_check_choice(req, content, "state", STATES, resp) &&
           note_check_text(req, content, resp);
}

/* Answers when there is no such group: a slip of the pen would else be kept for ever. */
static int count_events(const Request *req, const Lease *lease, const json_t *content, int64_t *ret, Response *resp, Error *err) {
    const LakeValue values[] = {lake_text(text_at(content, "layer")), lake_text(text_at(content, "rule")),
                                lake_text(text_at(content, "field"))};
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    if (lake_query(lease->conn, "api/quality_group", lake_sql("api/quality_group"), values, ARRAY_LEN(values), &row, err) != 0) return -1;
    int got = lake_next(row, err);
    if (got < 0) return -1;
    if (got == 0 || lake_is_null(row, 0))
        response_problem(resp, 404, req, "No event ever broke this rule on this field.");
    else
        *ret = lake_col_int(row, 0);
    return 0;
}

static int say_state(Service *s, const Request *req, const json_t *content, int64_t events, Response *resp, Error *err) {
    const char *state = text_at(content, "state"), *field = text_at(content, "field");
    CLEANUP(json_freep)
    json_t *line =
        json_pack("{ss ss? ss ss ss ss sI ss}", "kind", "group", "by", req->who, "layer", text_at(content, "layer"), "rule",
                  text_at(content, "rule"), "field", field, "state", state, "events", (json_int_t)events, "text", note_text(content));
    if (note_store_add(s->notes, line, err) != 0) return -1;
    response_json(resp, 200,
                  json_pack("{ss ss ss? so}", "layer", text_at(content, "layer"), "rule", text_at(content, "rule"), "field",
                            field[0] != '\0' ? field : NULL, "review", review_of(line, state)));
    return 0;
}

int handle_quality_state(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    static const char *const names[] = {"layer", "rule", "field", "state", "text", NULL};
    CLEANUP(json_freep) json_t *content = NULL;
    int64_t events = 0;
    if (note_refuse_without_store(s, req, resp) || !note_read_content(req, names, &content, resp) || !check_content(req, content, resp))
        return 0;
    if (count_events(req, lease, content, &events, resp, err) != 0) return -1;
    return resp->status == 0 ? say_state(s, req, content, events, resp, err) : 0;
}

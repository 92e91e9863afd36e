/* notes.c: what came of talking to somebody: the notes of one row, and the newest one of many. They are no data of the lake: they are in a
 * journal beside it (note_store.h), which no run of the pipeline reads. */
#include "base/document.h"
#include "base/memory.h"
#include "web/entity.h"
#include "web/note_content.h"
#include <string.h>

enum { IDS_MAX = 1000 };

const ParamSpec notes_params[] = {
    {"limit", PARAM_INT, .least = 1, .most = 1000, .otherwise = 50, .help = "notes, newest first"},
    {.name = NULL},
};

/* The id as Gold has it. Answers when there is no such row. */
static int find_id(const Request *req, const Lease *lease, const GoldEntity *e, json_t **ret, Response *resp, Error *err) {
    CLEANUP(json_freep) json_t *row = NULL;
    if (entity_query_row(lease, e, lake_blob(req->id, req->id_len), &row, err) != 0) return -1;
    if (json_is_null(row))
        response_problem(resp, 404, req, "There is no %s with this id in Gold.", e->title);
    else
        *ret = json_incref(json_object_get(row, e->key));
    return 0;
}

static int answer_notes(Service *s, const Request *req, const Lease *lease, const GoldEntity *e, const json_t *id, Response *resp,
                        Error *err) {
    json_t *items;
    size_t total, most = (size_t)request_int(req, notes_params, "limit");
    if (note_store_of(s->notes, e->name, json_string_value(id), json_string_length(id), most, &items, &total, err) != 0) return -1;
    json_t *out = json_pack("{sI sI so}", "generation", (json_int_t)lease->generation, "total", (json_int_t)total, "items", items);
    json_object_set(out, e->key, (json_t *)id);
    response_json(resp, 200, out);
    return 0;
}

int handle_notes(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    const GoldEntity *e = entity_find(req, lease, true);
    CLEANUP(json_freep) json_t *id = NULL;
    if (e == NULL) return entity_answer_nothing_here(req, resp);
    if (note_refuse_without_store(s, req, resp)) return 0;
    if (find_id(req, lease, e, &id, resp, err) != 0) return -1;
    return id != NULL ? answer_notes(s, req, lease, e, id, resp, err) : 0;
}

static int add_note(Service *s, const Request *req, const GoldEntity *e, const json_t *content, json_t *id, Response *resp, Error *err) {
    CLEANUP(json_freep)
    json_t *line = json_pack("{ss ss? ss sO sO ss}", "kind", "note", "by", req->who, "entity", e->name, "id", id, "outcome",
                             json_object_get(content, "outcome"), "text", note_text(content));
    if (note_store_add(s->notes, line, err) != 0) return -1;
    static const char *const of_journal[] = {"kind", "entity", "id"};
    for (size_t i = 0; i < ARRAY_LEN(of_journal); i++) json_object_del(line, of_journal[i]);
    json_object_set(line, e->key, id);
    response_json(resp, 201, json_incref(line));
    return 0;
}

int handle_note_add(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    static const char *const names[] = {"outcome", "text", NULL};
    const GoldEntity *e = entity_find(req, lease, true);
    CLEANUP(json_freep) json_t *content = NULL;
    CLEANUP(json_freep) json_t *id = NULL;
    if (e == NULL) return entity_answer_nothing_here(req, resp);
    if (note_refuse_without_store(s, req, resp) || !note_read_content(req, names, &content, resp) ||
        !note_check_choice(req, content, "outcome", NOTE_OUTCOMES, resp) || !note_check_text(req, content, resp))
        return 0;
    if (find_id(req, lease, e, &id, resp, err) != 0) return -1;
    return id != NULL ? add_note(s, req, e, content, id, resp, err) : 0;
}

/* ---- of many ---- */

static bool are_ids(const json_t *ids) {
    size_t i;
    const json_t *id;
    if (!json_is_array(ids) || json_array_size(ids) < 1 || json_array_size(ids) > IDS_MAX) return false;
    json_array_foreach(ids, i, id) if (!json_is_string(id)) return false;
    return true;
}

int handle_notes_lookup(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    static const char *const names[] = {"ids", NULL};
    const GoldEntity *e = entity_find(req, lease, true);
    CLEANUP(json_freep) json_t *content = NULL;
    json_t *items;
    if (e == NULL) return entity_answer_nothing_here(req, resp);
    if (note_refuse_without_store(s, req, resp) || !note_read_content(req, names, &content, resp)) return 0;
    if (!are_ids(json_object_get(content, "ids"))) {
        response_bad_param(resp, req, "ids", "'ids' must be a list of 1 to %d texts.", IDS_MAX);
        return 0;
    }
    if (note_store_last(s->notes, e->name, json_object_get(content, "ids"), &items, err) != 0) return -1;
    response_json(resp, 200, json_pack("{sI so}", "generation", (json_int_t)lease->generation, "items", items));
    return 0;
}

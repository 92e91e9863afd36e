/* entity_held.c: one row of an entity, and a page of its list, from the rows in memory (entity_store.h; one row also of the live lake,
 * live_rows.h), without a query.
 *
 * What is asked for in another way, with filters, as CSV, or by an id that SQL would have to judge, is left to the queries.
 * Invariant: every byte is the one that entity_row.c and entity_list.c would have answered. */
#include "web/at_once.h"
#include "web/cursor.h"
#include "web/entity.h"
#include "web/entity_store.h"
#include "web/live_rows.h"
#include "web/scores.h"

#include "base/json_write.h"
#include "base/memory.h"
#include <inttypes.h>
#include <string.h>

/* By its plural, or else by its name. NULL: there is none in memory. */
static const HeldEntity *find_held(const Request *req, const Lease *lease, bool plural) {
    const Lease of_store = {.entities = &lease->store->entities};
    const GoldEntity *e = entity_find(req, &of_store, plural);
    const HeldEntity *held = e != NULL ? &lease->store->items[e - lease->store->entities.items] : NULL;
    return held != NULL && held->base != NULL ? held : NULL;
}

static bool answer_body(const Request *req, const char *tag, Buf *body, Response *resp) {
    char etag[ETAG_SIZE];
    buf_add_char(body, '\n');
    resp->status = 200;
    resp->content_type = "application/json";
    resp->body = *body;
    *body = (Buf){0};
    versioned_etag(tag, req, etag);
    (void)response_by_condition(resp, req, etag);
    resp->cache_control = LAKE_CACHING;
    return true;
}

/* ---- one row ---- */

/* What is known of one row. */
typedef struct Found {
    const GoldEntity *entity;
    const HeldName *names;     /* of the columns of its features */
    const char *typical, *tag; /* tag: of the content that it is in */
    bool has_risk;
    HeldRow features, scores, before; /* before: the last change of its score */
} Found;

static void add_value(Buf *body, const HeldName *names, const HeldRow *at, size_t col, bool *first) {
    if (!*first) buf_add_char(body, ',');
    *first = false;
    buf_add_str(body, names[col].key);
    lake_held_json(at->part->rows, at->row, col, body);
}

/* Null where there is no such row or column. */
static void add_named(Buf *body, const HeldRow *at, const char *name, bool *first) {
    size_t col = at->part != NULL ? lake_held_find(at->part->rows, name) : 0;
    buf_addf(body, "%s\"%s\":", *first ? "" : ",", name);
    *first = false;
    if (at->part != NULL && col < lake_held_columns(at->part->rows))
        lake_held_json(at->part->rows, at->row, col, body);
    else
        buf_add_str(body, "null");
}

static void add_before(Buf *body, const HeldRow *at) {
    bool first = true;
    if (at->part == NULL) {
        buf_add_str(body, "null");
        return;
    }
    for (size_t col = 0; col < lake_held_columns(at->part->rows); col++) {
        if (col == at->part->key) continue;
        buf_addf(body, "%s\"%s\":", first ? "{" : ",", lake_held_name(at->part->rows, col));
        lake_held_json(at->part->rows, at->row, col, body);
        first = false;
    }
    buf_add_char(body, '}');
}

static void add_risk(Buf *body, const Found *f) {
    bool first = true;
    buf_add_str(body, ",\"risk\":{");
    for (size_t i = 0; i < ANSWER_SCORES; i++) add_named(body, &f->scores, answer_scores[i], &first);
    buf_add_str(body, ",\"before\":");
    add_before(body, &f->before);
    buf_add_char(body, '}');
}

static bool answer_row(const Request *req, int64_t generation, const Found *f, Response *resp) {
    enum { USUAL = 8192 };
    CLEANUP(buf_done) Buf body = {0};
    const HeldPart *part = f->features.part;
    bool first = true;
    (void)buf_reserve(&body, USUAL);
    buf_add_char(&body, '{');
    add_value(&body, f->names, &f->features, part->key, &first);
    buf_add_str(&body, ",\"generation\":");
    json_write_int(&body, generation);
    if (f->has_risk) add_risk(&body, f);
    buf_add_str(&body, ",\"features\":{");
    first = true;
    for (size_t col = 0; col < lake_held_columns(part->rows); col++)
        if (f->names[col].kind == HELD_FEATURE) add_value(&body, f->names, &f->features, col, &first);
    buf_add_str(&body, "},\"typical\":");
    buf_add_str(&body, f->typical);
    buf_add_char(&body, '}');
    return answer_body(req, f->tag, &body, resp);
}

/* An id that a contract has put into capitals. False: what capitals are is for SQL to say. */
static bool in_capitals(const GoldEntity *e, Span id, Buf *ret) {
    if (strcmp(e->key_type, "VARCHAR") != 0) return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.at[i];
        if ((unsigned char)c > 0x7e) return false;
        buf_add_char(ret, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
    return true;
}

/* Where rows are looked for: those of a generation, or of a state of the live lake. */
typedef struct Place {
    const HeldEntity *held;
    const LiveEntity *live;
} Place;

static bool find_of_generation(const HeldEntity *e, Span id, Found *f) {
    if (!held_entity_find(e, id, &f->features)) return false;
    f->scores = f->features;
    f->before.part = held_part_find(e->changes, id, &f->before.row) ? e->changes : NULL;
    return true;
}

static bool find_live(const LiveEntity *e, Span id, Found *f) {
    live_layers_find(&e->features, id, &f->features);
    live_layers_find(&e->scores, id, &f->scores);
    live_layers_find(&e->changes, id, &f->before);
    return f->features.part != NULL;
}

static bool find_id(const Place *p, Span id, Found *f) {
    return p->held != NULL ? find_of_generation(p->held, id, f) : find_live(p->live, id, f);
}

static bool answer_id(const Request *req, int64_t generation, const Place *p, Found *f, Span id, Response *resp) {
    CLEANUP(buf_done) Buf capitals = {0};
    if (find_id(p, id, f)) return answer_row(req, generation, f, resp);
    if (!in_capitals(f->entity, id, &capitals)) return false;
    buf_add_str(&capitals, "");
    if (find_id(p, (Span){capitals.data, capitals.len}, f)) return answer_row(req, generation, f, resp);
    response_problem(resp, 404, req, "There is no %s with this id in Gold.", f->entity->title);
    return true;
}

static bool answer_of_generation(const Request *req, const Lease *lease, const HeldEntity *e, Span id, Response *resp) {
    Found f = {.entity = e->entity, .names = e->names, .typical = e->typical, .tag = lease->tag, .has_risk = e->has_risk};
    return answer_id(req, lease->generation, &(Place){.held = e}, &f, id, resp);
}

static bool answer_of_state(const Request *req, const Lease *lease, const LiveState *state, bool plural, Span id, Response *resp) {
    const GoldEntity *e = entity_find(req, &(Lease){.entities = &state->names->entities}, plural);
    if (e == NULL) return false;
    const LiveEntity *live = &state->items[e - state->names->entities.items];
    Found f = {.entity = e, .names = live->names, .typical = live->typical, .tag = state->tag, .has_risk = live->has_risk};
    if (live->is_read) return answer_id(req, lease->generation, &(Place){.live = live}, &f, id, resp);
    live_rows_want(lease->live, (size_t)(e - state->names->entities.items));
    return false;
}

static bool answer_live(const Request *req, const Lease *lease, bool plural, Span id, Response *resp) {
    LiveState *state = live_rows_take(lease->live, lease->may_wait);
    bool answered = state != NULL && answer_of_state(req, lease, state, plural, id, resp);
    live_state_drop(state);
    return answered;
}

bool entity_at_once(Service *s, const Request *req, const Lease *lease, Response *resp) {
    (void)s;
    Span id = {req->id, req->id_len};
    if (lease->live != NULL) return answer_live(req, lease, true, id, resp);
    const HeldEntity *e = find_held(req, lease, true);
    return e != NULL && answer_of_generation(req, lease, e, id, resp);
}

/* ---- a page ---- */

static bool is_listed(const char *list, const char *name) {
    size_t n = strlen(name);
    for (const char *at = list; at != NULL && *at != '\0'; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ','))
        if (strcspn(at, ",") == n && memcmp(at, name, n) == 0) return true;
    return false;
}

static void add_item(Buf *body, const HeldEntity *e, const HeldRow *at) {
    static const char *const scores[] = {"churn_probability", "risk_band", "reasons", "scored_at"};
    const LakeHeld *rows = at->part->rows;
    bool first = true;
    buf_add_char(body, '{');
    add_value(body, e->names, at, at->part->key, &first);
    for (size_t i = 0; e->has_risk && i < ARRAY_LEN(scores); i++) add_named(body, at, scores[i], &first);
    if (e->has_risk) {
        buf_add_str(body, ",\"value_at_risk\":");
        lake_held_json(rows, at->row, lake_held_find(rows, "(value)"), body);
    }
    for (size_t col = 0; col < lake_held_columns(rows); col++)
        if (e->names[col].kind == HELD_FEATURE && is_listed(e->entity->listed, lake_held_name(rows, col)))
            add_value(body, e->names, at, col, &first);
    buf_add_char(body, '}');
}

/* Only with what is judged here: JSON, and of the parameters none but limit and cursor. */
static bool is_plain_page(const Request *req, const HeldEntity *e) {
    for (size_t i = 0; i < req->param_count; i++)
        if (strcmp(req->params[i].name, "limit") != 0 && strcmp(req->params[i].name, "cursor") != 0) return false;
    return strcmp(req->type, "application/json") == 0 && strcmp(e->entity->key_type, "VARCHAR") == 0 && e->base->by_rank != NULL;
}

/* False: the cursor cannot be used, or its id is only known by a hash; the query says what is wrong. */
static bool find_beginning(const Request *req, const Lease *lease, const HeldEntity *e, HeldPlace *ret) {
    const char *text = request_param(req, "cursor");
    Cursor cursor;
    *ret = (HeldPlace){0};
    if (text == NULL) return true;
    if (!cursor_parse(text, &cursor) || cursor.filter != entity_filter_hash(req) || cursor.scope != lease->scope || cursor.hashed)
        return false;
    *ret = held_entity_seek(e, cursor.rank, (Span){cursor.id, cursor.id_len});
    return true;
}

/* The cursor behind the row. The caller frees. */
static char *cursor_behind(const Request *req, const Lease *lease, const HeldRow *last) {
    Cursor cursor = {.scope = lease->scope, .filter = entity_filter_hash(req)};
    Span id = lake_held_text(last->part->rows, last->row, last->part->key);
    cursor.rank = lake_held_real(last->part->rows, last->row, last->part->rank);
    cursor_set_id(&cursor, id.at, id.len);
    return cursor_format(&cursor);
}

/* The rows of a page into the body; `ret_more`: there is another behind them. */
static HeldRow add_items(Buf *body, const HeldEntity *e, HeldPlace *place, size_t limit, bool *ret_more) {
    HeldRow at, last = {0};
    size_t n = 0, bytes = 0;
    *ret_more = false;
    while (held_entity_next(e, place, &at)) {
        bytes += lake_held_text(at.part->rows, at.row, at.part->key).len;
        *ret_more = n == limit || (n > 0 && bytes > ENTITY_PAGE_ID_BYTES);
        if (*ret_more) break;
        if (n++ > 0) buf_add_char(body, ',');
        add_item(body, e, &at);
        last = at;
    }
    return last;
}

static bool answer_page(Service *s, const Request *req, const Lease *lease, const HeldEntity *e, Response *resp) {
    CLEANUP(buf_done) Buf body = {0};
    CLEANUP(free_text) char *next = NULL;
    HeldPlace place;
    bool more;
    if (!is_plain_page(req, e) || !find_beginning(req, lease, e, &place)) return false;
    buf_addf(&body, "{\"generation\":%" PRId64 ",\"total\":%zu,\"items\":[", lease->generation, e->total);
    HeldRow last = add_items(&body, e, &place, (size_t)request_int(req, entities_params, "limit"), &more);
    if (more) next = cursor_behind(req, lease, &last);
    if (more) snapshot_pool_keep(s->pool, lease);
    buf_add_str(&body, "],\"next_cursor\":");
    if (next != NULL)
        json_write_string(&body, next, strlen(next));
    else
        buf_add_str(&body, "null");
    buf_add_char(&body, '}');
    return answer_body(req, lease->tag, &body, resp);
}

/* Pages of the live lake are queries: its rows move while a client pages (entity_list.c). */
bool entities_at_once(Service *s, const Request *req, const Lease *lease, Response *resp) {
    const char *id = request_param(req, "id");
    bool alone = id != NULL && req->param_count == 1 && strcmp(req->type, "application/json") == 0;
    if (lease->live != NULL) return alone && answer_live(req, lease, false, (Span){id, strlen(id)}, resp);
    const HeldEntity *list = find_held(req, lease, true), *one = find_held(req, lease, false);
    if (list != NULL) return answer_page(s, req, lease, list, resp);
    return alone && one != NULL && answer_of_generation(req, lease, one, (Span){id, strlen(id)}, resp);
}

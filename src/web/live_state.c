/* live_state.c: see live_state.h.
 *
 * Features are known to be new by the batch that they were computed from, scores and their changes by their time. Rows are only taken away
 * by what is noticed: a computation of all features has a new features_id, a new model empties the scores, old changes are fewer.
 * Invariant: a row is the one that sql/api/entity.sql has in the same transaction. */
#include "web/live_state.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/memory.h"
#include "web/rows.h"
#include "web/scores.h"
#include <string.h>

#define TYPICAL_FOR_NS NSEC_PER_SEC

typedef struct Reading {
    LakeConn *conn;
    const LiveNames *names;
    size_t most;           /* bytes that are left */
    bool changed, is_over; /* is_over: the state cannot be made of these names, or not in this memory */
} Reading;

/* ---- names ---- */

int live_names_read(LakeConn *conn, LiveNames **ret, Error *err) {
    LiveNames *n = xcalloc(1, sizeof *n);
    n->refs = 1;
    if (gold_entities_read(conn, &n->entities, err) != 0) {
        free(n);
        return -1;
    }
    if (n->entities.count == 0) {
        live_names_drop(n);
        return error_set(err, ERR_UNAVAILABLE, "there is no Gold yet");
    }
    *ret = n;
    return 0;
}

void live_names_drop(LiveNames *n) {
    if (n == NULL || --n->refs > 0) return;
    gold_entities_done(&n->entities);
    free(n->declared);
    free(n);
}

/* The first one that is read with these names says which they are; false: they are of what was declared before. */
static bool are_of(LiveNames *n, const char *declared) {
    if (n->declared == NULL) n->declared = xstrdup(declared);
    return strcmp(n->declared, declared) == 0;
}

/* ---- life ---- */

static void entity_done(LiveEntity *e) {
    if (e->names != NULL) held_names_free(e->names, lake_held_columns(e->features.at[0].part->rows));
    live_layers_done(&e->features);
    live_layers_done(&e->scores);
    live_layers_done(&e->changes);
    free(e->features_id);
    free(e->typical);
}

LiveState *live_state_share(LiveState *s) {
    if (s != NULL) s->refs++;
    return s;
}

void live_state_drop(LiveState *s) {
    if (s == NULL || --s->refs > 0) return;
    for (size_t i = 0; i < s->names->entities.count; i++) entity_done(&s->items[i]);
    free(s->items);
    live_names_drop(s->names);
    free(s);
}

/* Begins with what the state before had. */
static void take_over(LiveEntity *e, const LiveEntity *last) {
    live_layers_copy(&e->features, &last->features);
    live_layers_copy(&e->scores, &last->scores);
    live_layers_copy(&e->changes, &last->changes);
    e->has_risk = last->has_risk;
    e->features_id = last->features_id != NULL ? xstrdup(last->features_id) : NULL;
    e->typical = last->typical != NULL ? xstrdup(last->typical) : NULL;
    e->typical_ns = last->typical_ns;
    e->scored_batch = last->scored_batch;
    e->change_count = last->change_count;
}

/* ---- reading ---- */

static int read_layers(Reading *r, LiveLayers *l, const LiveQuery *q, int64_t newest, Error *err) {
    bool fits;
    r->changed = r->changed || l->count == 0 || newest != l->newest;
    if (live_layers_read(r->conn, l, q, newest, r->most, &fits, err) != 0) return -1;
    size_t bytes = live_layers_bytes(l);
    r->is_over = r->is_over || !fits || bytes > r->most;
    r->most -= bytes < r->most ? bytes : r->most;
    return 0;
}

static int read_row(Reading *r, const LiveEntity *e, const char *name, LakeResult **ret, Error *err) {
    CLEANUP(free_text) char *sql = gold_entity_sql(e->entity, name);
    if (lake_query(r->conn, name, sql, NULL, 0, ret, err) != 0) return -1;
    int got = lake_next(*ret, err);
    return got > 0 ? 0 : got < 0 ? -1 : error_set(err, ERR_UNAVAILABLE, "the live lake has no %s yet", e->entity->name);
}

static int read_features(Reading *r, LiveEntity *e, LiveNames *names, Error *err) {
    const LiveQuery since = {e->entity, "api/live_features_since", e->entity->key, false};
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    if (read_row(r, e, "api/live_state", &row, err) != 0) return -1;
    if (!are_of(names, lake_is_null(row, 2) ? "" : lake_col_text(row, 2, NULL))) r->is_over = true;
    if (r->is_over) return 0;
    const char *id = lake_col_text(row, 0, NULL);
    if (e->features_id == NULL || strcmp(e->features_id, id) != 0) {
        live_layers_done(&e->features);
        free(e->features_id);
        e->features_id = xstrdup(id);
    }
    return read_layers(r, &e->features, &since, lake_col_int(row, 1), err);
}

/* A clock that was set back makes new scores older than those before: then the batch says that there are new ones. */
static void notice_scores(LiveEntity *e, int64_t count, int64_t newest, int64_t batch) {
    if (count == 0 || (newest == e->scores.newest && batch != e->scored_batch)) live_layers_done(&e->scores);
    e->scored_batch = batch;
}

static void notice_changes(LiveEntity *e, int64_t count) {
    if (count < e->change_count) live_layers_done(&e->changes);
    e->change_count = count;
}

static int read_scores(Reading *r, LiveEntity *e, Error *err) {
    const LiveQuery scores = {e->entity, "api/live_scores_since", "entity_id", true};
    const LiveQuery changes = {e->entity, "api/live_changes_since", "entity_id", true};
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    if (!e->entity->scored) return 0;
    if (read_row(r, e, "api/live_scores_state", &row, err) != 0) return -1;
    bool has_risk = e->entity->label != NULL || lake_col_int(row, 0) > 0;
    r->changed = r->changed || has_risk != e->has_risk;
    e->has_risk = has_risk;
    notice_scores(e, lake_col_int(row, 1), lake_col_int(row, 2), lake_col_int(row, 3));
    notice_changes(e, lake_col_int(row, 4));
    if (read_layers(r, &e->scores, &scores, lake_col_int(row, 2), err) != 0 || r->is_over) return r->is_over ? 0 : -1;
    return read_layers(r, &e->changes, &changes, lake_col_int(row, 5), err);
}

static int read_typical(Reading *r, LiveEntity *e, Error *err) {
    const LakeValue values[] = {lake_text(e->entity->name), lake_text(e->entity->key)};
    CLEANUP(json_freep) json_t *rows = NULL;
    CLEANUP(json_freep) json_t *typical = NULL;
    int64_t now = clock_mono_ns();
    if (e->typical != NULL && now - e->typical_ns < TYPICAL_FOR_NS) return 0;
    if (rows_query(r->conn, "api/typical", values, ARRAY_LEN(values), &rows, err) != 0) return -1;
    typical = typical_of(rows);
    char *text = json_text(typical);
    r->changed = r->changed || e->typical == NULL || strcmp(e->typical, text) != 0;
    free(e->typical);
    e->typical = text;
    e->typical_ns = now;
    return 0;
}

static int read_entity(Reading *r, LiveEntity *e, LiveNames *names, Error *err) {
    if (read_features(r, e, names, err) != 0 || (!r->is_over && read_scores(r, e, err) != 0)) return -1;
    if (r->is_over) return 0;
    if (read_typical(r, e, err) != 0) return -1;
    e->names = held_names_of(e->features.at[0].part, e->entity);
    e->is_read = true;
    return 0;
}

static bool is_wanted(uint64_t wanted, size_t entity) {
    return (wanted >> (entity < 63 ? entity : 63) & 1) != 0;
}

static LiveState *state_new(LiveNames *names) {
    LiveState *s = xcalloc(1, sizeof *s);
    s->refs = 1;
    s->names = names;
    names->refs++;
    s->items = xcalloc(names->entities.count, sizeof *s->items);
    for (size_t i = 0; i < names->entities.count; i++) s->items[i].entity = &names->entities.items[i];
    return s;
}

int live_state_read(LakeConn *conn, LiveNames *names, LiveState *last, uint64_t wanted, size_t most, LiveState **ret, Error *err) {
    Reading r = {.conn = conn, .names = names, .most = most, .changed = last == NULL};
    LiveState *s = state_new(names);
    int rc = 0;
    for (size_t i = 0; i < names->entities.count && rc == 0 && !r.is_over; i++) {
        if (last != NULL && last->names == names) take_over(&s->items[i], &last->items[i]);
        if (is_wanted(wanted, i)) rc = read_entity(&r, &s->items[i], names, err);
    }
    if (rc == 0 && !r.is_over) *ret = r.changed ? live_state_share(s) : live_state_share(last);
    if (rc == 0 && r.is_over) *ret = NULL;
    live_state_drop(s);
    return rc;
}

/* note_store.c: see note_store.h. A note is held as the text of its answer, which is a third of what a tree of values takes. */
#include "web/note_store.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/document.h"
#include "base/journal.h"
#include "base/memory.h"
#include <pthread.h>
#include <string.h>

struct NoteStore {
    char *path;
    pthread_mutex_t lock; /* of all below */
    JournalPlace place;
    json_t *notes;  /* entity, line end, id -> list of texts, oldest first */
    json_t *groups; /* group key -> the newest line */
};

NoteStore *note_store_new(const char *path) {
    NoteStore *s = xcalloc(1, sizeof *s);
    *s = (NoteStore){.path = xstrdup(path), .lock = PTHREAD_MUTEX_INITIALIZER, .notes = json_object(), .groups = json_object()};
    return s;
}

void note_store_free(NoteStore *s) {
    json_decref(s->notes);
    json_decref(s->groups);
    pthread_mutex_destroy(&s->lock);
    free(s->path);
    free(s);
}

/* ---- what the journal says ---- */

/* An id may have any bytes, a name of an entity has no line end. */
static Buf note_key(const char *entity, const char *id, size_t id_len) {
    Buf key = {0};
    buf_addf(&key, "%s\n", entity);
    buf_add(&key, id, id_len);
    return key;
}

char *note_store_group_key(const char *layer, const char *rule, const char *field) {
    return xasprintf("%s\n%s\n%s", layer, rule, field);
}

static const char *text_of(const json_t *line, const char *name) {
    return json_string_value(json_object_get(line, name));
}

static void take_note(NoteStore *s, const json_t *line) {
    const json_t *id = json_object_get(line, "id");
    if (text_of(line, "entity") == NULL || !json_is_string(id) || text_of(line, "outcome") == NULL) return;
    CLEANUP(buf_done) Buf key = note_key(text_of(line, "entity"), json_string_value(id), json_string_length(id));
    json_t *list = json_object_getn(s->notes, key.data, key.len);
    CLEANUP(json_freep)
    json_t *note = json_pack("{sO sO? sO sO?}", "at", json_object_get(line, "at"), "by", json_object_get(line, "by"), "outcome",
                             json_object_get(line, "outcome"), "text", json_object_get(line, "text"));
    CLEANUP(free_text) char *text = json_text(note);
    if (list == NULL) json_object_setn_new(s->notes, key.data, key.len, list = json_array());
    json_array_append_new(list, json_string(text));
}

static void take_group(NoteStore *s, const json_t *line) {
    const char *layer = text_of(line, "layer"), *rule = text_of(line, "rule"), *field = text_of(line, "field");
    if (layer == NULL || rule == NULL || field == NULL || text_of(line, "state") == NULL) return;
    CLEANUP(free_text) char *key = note_store_group_key(layer, rule, field);
    json_object_set_new(s->groups, key, json_deep_copy(line));
}

static void take_line(void *arg, const json_t *line) {
    const char *kind = text_of(line, "kind");
    if (kind == NULL || text_of(line, "at") == NULL) return;
    if (strcmp(kind, "note") == 0) take_note(arg, line);
    if (strcmp(kind, "group") == 0) take_group(arg, line);
}

static void forget(void *arg) {
    NoteStore *s = arg;
    json_object_clear(s->notes);
    json_object_clear(s->groups);
}

/* Under lock. */
static int follow(NoteStore *s, Error *err) {
    const JournalReader reader = {.forget = forget, .take = take_line, .arg = s};
    if (journal_read(s->path, &s->place, &reader, err) == 0) return 0;
    err->kind = ERR_UNAVAILABLE;
    return -1;
}

/* ---- what is asked for ---- */

int note_store_add(NoteStore *s, json_t *line, Error *err) {
    char now[CLOCK_TEXT_SIZE];
    json_object_set_new(line, "at", json_string(clock_format(clock_wall_us(), now)));
    if (journal_append(s->path, line, err) == 0) return 0;
    err->kind = ERR_UNAVAILABLE;
    return -1;
}

static json_t *note_at(const json_t *list, size_t i) {
    return json_loads(json_string_value(json_array_get(list, i)), JSON_ALLOW_NUL, NULL);
}

static json_t *list_of(const NoteStore *s, const char *entity, const char *id, size_t id_len) {
    CLEANUP(buf_done) Buf key = note_key(entity, id, id_len);
    return json_object_getn(s->notes, key.data, key.len);
}

int note_store_of(NoteStore *s, const char *entity, const char *id, size_t id_len, size_t most, json_t **ret, size_t *ret_total,
                  Error *err) {
    pthread_mutex_lock(&s->lock);
    int rc = follow(s, err);
    if (rc == 0) {
        const json_t *list = list_of(s, entity, id, id_len);
        *ret = json_array();
        *ret_total = json_array_size(list);
        for (size_t i = *ret_total; i-- > 0 && json_array_size(*ret) < most;) json_array_append_new(*ret, note_at(list, i));
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

int note_store_last(NoteStore *s, const char *entity, const json_t *ids, json_t **ret, Error *err) {
    size_t i;
    const json_t *id;
    pthread_mutex_lock(&s->lock);
    int rc = follow(s, err);
    if (rc == 0) *ret = json_array();
    json_array_foreach(ids, i, id) {
        const json_t *list = rc == 0 ? list_of(s, entity, json_string_value(id), json_string_length(id)) : NULL;
        size_t n = json_array_size(list);
        if (n > 0) json_array_append_new(*ret, json_pack("{sO sI so}", "id", id, "notes", (json_int_t)n, "last", note_at(list, n - 1)));
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

static bool ends_with_outcome(const json_t *list, const char *outcome) {
    CLEANUP(json_freep) json_t *newest = outcome != NULL ? note_at(list, json_array_size(list) - 1) : NULL;
    return outcome == NULL || strcmp(text_of(newest, "outcome"), outcome) == 0;
}

/* Under lock. */
static json_t *ids_noted(const NoteStore *s, const char *entity, const char *outcome) {
    json_t *ids = json_array(), *list;
    const char *key;
    size_t len, prefix = strlen(entity) + 1; /* and a line end */
    json_object_keylen_foreach(s->notes, key, len, list) {
        bool is_own = len >= prefix && memcmp(key, entity, prefix - 1) == 0 && key[prefix - 1] == '\n';
        if (is_own && ends_with_outcome(list, outcome)) json_array_append_new(ids, json_stringn(key + prefix, len - prefix));
    }
    return ids;
}

int note_store_noted(NoteStore *s, const char *entity, const char *outcome, json_t **ret, Error *err) {
    pthread_mutex_lock(&s->lock);
    int rc = follow(s, err);
    if (rc == 0) *ret = ids_noted(s, entity, outcome);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

int note_store_groups(NoteStore *s, json_t **ret, Error *err) {
    pthread_mutex_lock(&s->lock);
    int rc = follow(s, err);
    if (rc == 0) *ret = json_deep_copy(s->groups);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

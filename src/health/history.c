/* history.c: see history.h. The file is replaced as a whole when something changed; that is seldom. */
#include "health/history.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <string.h>

#define KEPT_US   (INT64_C(30) * 86400 * USEC_PER_SEC)
#define KEPT_ROWS 2000

struct StateHistory {
    char *path, *by;
    json_t *rows;
};

/* A list in any case: one that cannot be read begins again. */
static json_t *read_rows(const char *path) {
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(error_clear) Error ignored = {0};
    json_t *rows = file_exists(path) && file_read(path, &text, &ignored) == 0 ? json_loadb(text.data, text.len, 0, NULL) : NULL;
    if (json_is_array(rows)) return rows;
    json_decref(rows);
    return json_array();
}

StateHistory *state_history_new(const char *path, const char *by) {
    StateHistory *h = xcalloc(1, sizeof *h);
    *h = (StateHistory){.path = xstrdup(path), .by = xstrdup(by), .rows = read_rows(path)};
    return h;
}

void state_history_free(StateHistory *h) {
    json_decref(h->rows);
    free(h->path);
    free(h->by);
    free(h);
}

static bool has_text(const json_t *row, const char *key, const char *value) {
    const char *text = json_string_value(json_object_get(row, key));
    return text != NULL && value != NULL && strcmp(text, value) == 0;
}

/* The last change of a part that this process saw; NULL: none. */
static const json_t *last_of(const StateHistory *h, const char *name) {
    for (size_t i = json_array_size(h->rows); i-- > 0;) {
        const json_t *row = json_array_get(h->rows, i);
        if (has_text(row, "name", name) && has_text(row, "by", h->by)) return row;
    }
    return NULL;
}

/* Whether the part was added. */
static bool note_part(StateHistory *h, json_t *part, json_t *at) {
    const char *name = json_string_value(json_object_get(part, "name")), *state = json_string_value(json_object_get(part, "state"));
    const json_t *last = last_of(h, name);
    bool is_new = last == NULL || !has_text(last, "state", state);
    json_t *before = last != NULL ? json_object_get(last, "state") : NULL;
    if (is_new)
        json_array_append_new(h->rows, json_pack("{sO ss sO sO sO sO? sO}", "at", at, "by", h->by, "name", json_object_get(part, "name"),
                                                 "title", json_object_get(part, "title"), "state", json_object_get(part, "state"), "before",
                                                 before, "detail", json_object_get(part, "detail")));
    json_object_set(part, "since", json_object_get(last_of(h, name), "at"));
    return is_new;
}

static bool is_old(const json_t *row, int64_t now_us) {
    int64_t at_us = 0;
    const char *text = json_string_value(json_object_get(row, "at"));
    return text == NULL || clock_read((Span){text, strlen(text)}, &at_us) != CLOCK_READ || at_us < now_us - KEPT_US;
}

/* The first rows, when they are old; but the last one of each part says since when it is as it is. */
static void forget_old(StateHistory *h) {
    int64_t now_us = clock_wall_us();
    for (size_t i = 0; i < json_array_size(h->rows);) {
        const json_t *row = json_array_get(h->rows, i);
        bool is_last = last_of(h, json_string_value(json_object_get(row, "name"))) == row;
        if (!is_last && (is_old(row, now_us) || json_array_size(h->rows) > KEPT_ROWS))
            json_array_remove(h->rows, i);
        else
            i++;
    }
}

static void store(const StateHistory *h) {
    CLEANUP(free_text) char *text = json_text(h->rows);
    CLEANUP(error_clear) Error err = {0};
    if (file_write_atomic(h->path, text, strlen(text), &err) != 0) log_debug("health", "%s", err.text);
}

/* Another process may have written meanwhile. */
static void read_again(StateHistory *h) {
    json_decref(h->rows);
    h->rows = read_rows(h->path);
}

static bool differs(const StateHistory *h, const json_t *parts) {
    size_t i;
    const json_t *part;
    json_array_foreach(parts, i, part) {
        const json_t *last = last_of(h, json_string_value(json_object_get(part, "name")));
        if (last == NULL || !has_text(last, "state", json_string_value(json_object_get(part, "state")))) return true;
    }
    return false;
}

void state_history_note(StateHistory *h, json_t *report) {
    json_t *parts = json_object_get(report, "components"), *at = json_object_get(report, "checked_at"), *part;
    size_t i, added = 0;
    if (differs(h, parts) && file_exists(h->path)) read_again(h);
    json_array_foreach(parts, i, part) added += note_part(h, part, at);
    if (added == 0) return;
    forget_old(h);
    store(h);
}

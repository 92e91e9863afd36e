/* reader.c: see reader.h. Places form a list from the value up to the document, so that the path is only built when something is wrong. */
#include "contract/reader.h"

#include "base/buf.h"
#include "base/document.h"
#include "base/memory.h"
#include <math.h>
#include <stdarg.h>
#include <string.h>

/* ---- strings ---- */

struct Strings {
    void **kept;
    size_t count;
};

Strings *strings_new(void) {
    return xcalloc(1, sizeof(Strings));
}

void strings_free(Strings *s) {
    for (size_t i = 0; i < s->count; i++) free(s->kept[i]);
    free(s->kept);
    free(s);
}

void *strings_adopt(Strings *s, void *memory) {
    s->kept = xrealloc(s->kept, s->count + 1, sizeof *s->kept);
    s->kept[s->count++] = memory;
    return memory;
}

const char *strings_keep(Strings *s, const char *text) {
    return strings_adopt(s, xstrdup(text));
}

const char *strings_format(Strings *s, const char *fmt, ...) {
    va_list args;
    char *text = NULL;
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0) BUG("vasprintf");
    va_end(args);
    return strings_adopt(s, text);
}

/* ---- places ---- */

Place place_root(const char *file, json_t *document) {
    return (Place){.file = file, .value = document};
}

Place place_key(const Place *parent, const char *key) {
    return (Place){.file = parent->file, .parent = parent, .key = key, .value = json_object_get(parent->value, key)};
}

Place place_at(const Place *parent, size_t index) {
    return (Place){.file = parent->file, .parent = parent, .index = index, .value = json_array_get(parent->value, index)};
}

bool place_exists(const Place *p) {
    return p->value != NULL && !json_is_null(p->value);
}

static void add_path(Buf *out, const Place *p) {
    if (p->parent == NULL) return;
    add_path(out, p->parent);
    if (p->key == NULL)
        buf_addf(out, "[%zu]", p->index);
    else
        buf_addf(out, "%s%s", out->len > 0 ? "." : "", p->key);
}

char *place_path(const Place *p) {
    Buf path = {0};
    add_path(&path, p);
    return buf_take(&path);
}

static void add_value(Buf *out, const json_t *value) {
    enum { SHOWN = 60 };
    if (json_is_object(value)) {
        buf_add_str(out, "an object");
        return;
    }
    if (json_is_array(value)) {
        buf_add_str(out, "a list");
        return;
    }
    CLEANUP(free_text) char *text = json_text(value);
    size_t len = strlen(text);
    buf_add(out, text, len > SHOWN ? SHOWN : len);
    if (len > SHOWN) buf_add_str(out, "...");
}

int place_fail(const Place *p, Error *err, const char *fmt, ...) {
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(free_text) char *path = place_path(p);
    CLEANUP(free_text) char *what = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&what, fmt, args) < 0) BUG("vasprintf");
    va_end(args);
    buf_addf(&text, "%s: %s", p->file, path[0] != '\0' ? path : "the document");
    if (p->value == NULL)
        buf_add_str(&text, " is missing");
    else {
        buf_add_str(&text, " is ");
        add_value(&text, p->value);
    }
    return error_set(err, ERR_CONFIG, "%s: %s", text.data, what);
}

/* ---- members ---- */

int read_text(const Place *at, const char *key, bool needed, const char **ret, Error *err) {
    Place p = place_key(at, key);
    if (!place_exists(&p)) return needed ? place_fail(&p, err, "a text is needed here") : 0;
    if (!json_is_string(p.value)) return place_fail(&p, err, "expected a text");
    if (needed && json_string_length(p.value) == 0) return place_fail(&p, err, "must not be empty");
    *ret = json_string_value(p.value);
    return 0;
}

int read_bool(const Place *at, const char *key, bool *ret, Error *err) {
    Place p = place_key(at, key);
    if (!place_exists(&p)) return 0;
    if (!json_is_boolean(p.value)) return place_fail(&p, err, "expected true or false");
    *ret = json_is_true(p.value);
    return 0;
}

int read_integer(const Place *at, const char *key, int64_t least, int64_t most, int64_t *ret, Error *err) {
    Place p = place_key(at, key);
    if (!place_exists(&p)) return 0;
    if (!json_is_integer(p.value) || json_integer_value(p.value) < least || json_integer_value(p.value) > most)
        return place_fail(&p, err, "expected a whole number from %lld to %lld", (long long)least, (long long)most);
    *ret = json_integer_value(p.value);
    return 0;
}

int read_object(const Place *at, const char *key, bool needed, Place *ret, Error *err) {
    Place p = place_key(at, key);
    if (!place_exists(&p) && !needed)
        p.value = NULL;
    else if (!json_is_object(p.value))
        return place_fail(&p, err, "expected an object");
    *ret = p;
    return 0;
}

int read_array(const Place *at, const char *key, bool needed, Place *ret, Error *err) {
    Place p = place_key(at, key);
    if (!place_exists(&p) && !needed)
        p.value = NULL;
    else if (!json_is_array(p.value))
        return place_fail(&p, err, "expected a list");
    *ret = p;
    return 0;
}

static char *join(const char *const *names, size_t n) {
    Buf out = {0};
    for (size_t i = 0; i < n; i++) buf_addf(&out, "%s%s", i > 0 ? ", " : "", names[i]);
    return buf_take(&out);
}

static bool is_one_of(const char *text, const char *const *names, size_t n, size_t *ret) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(text, names[i]) != 0) continue;
        *ret = i;
        return true;
    }
    return false;
}

int read_known_keys(const Place *at, const char *const *known, size_t n, Error *err) {
    const char *key;
    json_t *value;
    size_t index;
    if (!json_is_object(at->value)) return place_fail(at, err, "expected an object");
    json_object_foreach(at->value, key, value) {
        if (is_one_of(key, known, n, &index)) continue;
        Place p = place_key(at, key);
        CLEANUP(free_text) char *list = join(known, n);
        return place_fail(&p, err, "smelt does not know this key; known here: %s", list);
    }
    return 0;
}

int read_choice(const Place *p, const char *const *names, size_t n, size_t *ret, Error *err) {
    if (json_is_string(p->value) && is_one_of(json_string_value(p->value), names, n, ret)) return 0;
    CLEANUP(free_text) char *list = join(names, n);
    return place_fail(p, err, "expected one of: %s", list);
}

int read_number(const Place *p, Strings *strings, const char **ret, Error *err) {
    if (json_is_integer(p->value)) {
        *ret = strings_format(strings, "%lld", (long long)json_integer_value(p->value));
        return 0;
    }
    double v = json_real_value(p->value);
    if (!json_is_real(p->value) || !isfinite(v) || fabs(v) >= 1e15) return place_fail(p, err, "expected a number");
    for (int decimals = 1; decimals <= 9; decimals++) {
        CLEANUP(free_text) char *text = xasprintf("%.*f", decimals, v);
        if (strtod(text, NULL) != v) continue;
        *ret = strings_keep(strings, text);
        return 0;
    }
    return place_fail(p, err, "expected a number with at most 9 decimals");
}

int check_name(const Place *p, Error *err) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz", rest[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    const char *name = json_string_value(p->value);
    if (name == NULL || strchr(letters, name[0]) == NULL || name[0] == '\0' || strspn(name, rest) != strlen(name) || strlen(name) > 63)
        return place_fail(p, err, "expected a name of small letters, digits and _, at most 63 long, that starts with a letter");
    return 0;
}

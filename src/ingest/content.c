/* content.c: see content.h. Each value is written with its kind and length in front, so that different values never look the same; the
 * members of an object in the order of their keys. */
#include "ingest/content.h"

#include "base/memory.h"
#include <string.h>
#include <yyjson.h>

#define DEPTH_MAX 100
#define BYTES_MAX ((size_t)16 << 20)

static void add(Buf *out, char kind, const char *bytes, size_t n) {
    buf_addf(out, "%c%zu:", kind, n);
    buf_add(out, bytes, n);
}

void content_add_text(Buf *out, Span text) {
    if (text.at == NULL)
        buf_add_char(out, '-');
    else
        add(out, 't', text.at, text.len);
}

/* Equal keys keep their order: values lie in memory as they came. */
static int compare_keys(const void *left, const void *right) {
    yyjson_val *a = *(yyjson_val *const *)left, *b = *(yyjson_val *const *)right;
    size_t a_len = yyjson_get_len(a), b_len = yyjson_get_len(b), n = a_len < b_len ? a_len : b_len;
    int order = memcmp(yyjson_get_str(a), yyjson_get_str(b), n);
    if (order != 0) return order;
    if (a_len != b_len) return a_len < b_len ? -1 : 1;
    return a < b ? -1 : a > b;
}

static bool add_value(Buf *out, yyjson_val *value, int depth, const ContentSkip *skip);

static bool is_skipped(const ContentSkip *skip, yyjson_val *key, int level) {
    if (skip->names == NULL || skip->level != level) return false;
    const char *const *name = skip->names;
    while (*name != NULL && !yyjson_equals_str(key, *name)) name++;
    return *name != NULL;
}

static bool add_object(Buf *out, yyjson_val *object, int depth, const ContentSkip *skip) {
    size_t count = yyjson_obj_size(object), i = 0;
    yyjson_val **keys = xcalloc(count + 1, sizeof *keys), *key;
    yyjson_obj_iter iter = yyjson_obj_iter_with(object);
    while ((key = yyjson_obj_iter_next(&iter)) != NULL) keys[i++] = key;
    qsort(keys, count, sizeof *keys, compare_keys);
    bool done = true;
    buf_add_char(out, '{');
    for (i = 0; i < count && done; i++) {
        if (is_skipped(skip, keys[i], depth - 1)) continue;
        add(out, 'k', yyjson_get_str(keys[i]), yyjson_get_len(keys[i]));
        done = add_value(out, yyjson_obj_iter_get_val(keys[i]), depth, skip);
    }
    buf_add_char(out, '}');
    free(keys);
    return done;
}

static bool add_array(Buf *out, yyjson_val *array, int depth, const ContentSkip *skip) {
    yyjson_arr_iter iter = yyjson_arr_iter_with(array);
    yyjson_val *element;
    bool done = true;
    buf_add_char(out, '[');
    while (done && (element = yyjson_arr_iter_next(&iter)) != NULL) done = add_value(out, element, depth, skip);
    buf_add_char(out, ']');
    return done;
}

/* False: it is nested too deep. */
static bool add_value(Buf *out, yyjson_val *value, int depth, const ContentSkip *skip) {
    if (depth == DEPTH_MAX) return false;
    switch (yyjson_get_type(value)) {
    case YYJSON_TYPE_OBJ: return add_object(out, value, depth + 1, skip);
    case YYJSON_TYPE_ARR: return add_array(out, value, depth + 1, skip);
    case YYJSON_TYPE_STR: add(out, 's', yyjson_get_str(value), yyjson_get_len(value)); return true;
    case YYJSON_TYPE_RAW: add(out, 'n', yyjson_get_raw(value), yyjson_get_len(value)); return true;
    case YYJSON_TYPE_BOOL: buf_add_str(out, yyjson_get_bool(value) ? "true" : "false"); return true;
    default: buf_add_str(out, "null"); return true;
    }
}

void content_add_json(Buf *out, Span json) {
    content_add_json_without(out, json, (ContentSkip){0});
}

void content_add_json_without(Buf *out, Span json, ContentSkip skip) {
    size_t before = out->len;
    yyjson_doc *doc = json.at != NULL && json.len <= BYTES_MAX
                          ? yyjson_read_opts((char *)(uintptr_t)json.at, json.len, YYJSON_READ_NUMBER_AS_RAW, NULL, NULL)
                          : NULL;
    if (doc == NULL || !add_value(out, yyjson_doc_get_root(doc), 0, &skip)) {
        out->len = before;
        content_add_text(out, json);
    }
    yyjson_doc_free(doc);
}

/* unique.c: see unique.h. Each element is written in the one form that all values equal to it have; sorting these puts equal
 * ones next to each other. So it takes n log n steps whatever the elements are. The judge's limits bound depth and size. */
#include "judge/unique.h"

#include "base/memory.h"
#include "judge/number.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void add_value(const Judge *j, yyjson_val *value, Buf *out);

static void add_text(yyjson_val *text, Buf *out) {
    buf_addf(out, "%zu:", yyjson_get_len(text));
    buf_add(out, yyjson_get_str(text), yyjson_get_len(text));
}

static void add_number(const Judge *j, yyjson_val *value, Buf *out) {
    Number n = number_read(message_number(&j->message, value));
    const char *at = n.first;
    if (n.negative) buf_add_char(out, '-');
    for (size_t left = n.digits; left > 0; at++) {
        if (*at == '.') continue;
        buf_add_char(out, *at);
        left--;
    }
    buf_addf(out, "e%" PRId64 ";", n.digits > 0 ? n.exponent : 0);
}

/* ---- parts in order ---- */

static int compare_parts(const void *a, const void *b) {
    const Span *x = a, *y = b;
    int order = memcmp(x->at, y->at, x->len < y->len ? x->len : y->len);
    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

/* Where parts end in a text that begins at `base`. */
typedef struct Parts {
    size_t base, count, *ends; /* ends: owned */
} Parts;

static Parts parts_of(const Buf *out, size_t most) {
    return (Parts){.base = out->len, .ends = xcalloc(most + 1, sizeof(size_t))};
}

static void end_part(Parts *p, const Buf *out) {
    p->ends[p->count++] = out->len;
}

/* The parts in order, as spans of `text`, which begins where they do; the caller frees. */
static Span *sorted_parts(const Parts *p, const char *text) {
    Span *spans = xcalloc(p->count + 1, sizeof *spans);
    for (size_t i = 0, from = p->base; i < p->count; from = p->ends[i++]) spans[i] = (Span){text + (from - p->base), p->ends[i] - from};
    qsort(spans, p->count, sizeof *spans, compare_parts);
    return spans;
}

static void sort_in_place(const Parts *p, Buf *out) {
    if (p->count < 2) return;
    char *copy = xmalloc(out->len - p->base);
    memcpy(copy, out->data + p->base, out->len - p->base);
    out->len = p->base;
    Span *spans = sorted_parts(p, copy);
    for (size_t i = 0; i < p->count; i++) buf_add(out, spans[i].at, spans[i].len);
    free(spans);
    free(copy);
}

/* ---- objects and arrays ---- */

static void add_object(const Judge *j, yyjson_val *object, Buf *out) {
    Parts members = parts_of(out, yyjson_obj_size(object));
    yyjson_obj_iter i;
    yyjson_obj_iter_init(object, &i);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&i)) != NULL;) {
        add_text(key, out);
        add_value(j, yyjson_obj_iter_get_val(key), out);
        end_part(&members, out);
    }
    sort_in_place(&members, out);
    free(members.ends);
}

static void add_array(const Judge *j, yyjson_val *array, Buf *out) {
    yyjson_arr_iter i;
    yyjson_arr_iter_init(array, &i);
    for (yyjson_val *element; (element = yyjson_arr_iter_next(&i)) != NULL;) add_value(j, element, out);
}

static void add_value(const Judge *j, yyjson_val *value, Buf *out) {
    switch (yyjson_get_type(value)) {
    case YYJSON_TYPE_NULL: buf_add_char(out, '0'); return;
    case YYJSON_TYPE_BOOL: buf_add_char(out, yyjson_get_bool(value) ? 't' : 'f'); return;
    case YYJSON_TYPE_STR:
        buf_add_char(out, 's');
        add_text(value, out);
        return;
    case YYJSON_TYPE_OBJ:
        buf_add_char(out, '{');
        add_object(j, value, out);
        buf_add_char(out, '}');
        return;
    case YYJSON_TYPE_ARR:
        buf_add_char(out, '[');
        add_array(j, value, out);
        buf_add_char(out, ']');
        return;
    default: add_number(j, value, out); return;
    }
}

bool elements_are_unique(const Judge *j, yyjson_val *array) {
    CLEANUP(buf_done) Buf text = {0};
    Parts elements = parts_of(&text, yyjson_arr_size(array));
    yyjson_arr_iter i;
    bool unique = true;
    yyjson_arr_iter_init(array, &i);
    for (yyjson_val *element; (element = yyjson_arr_iter_next(&i)) != NULL;) {
        add_value(j, element, &text);
        end_part(&elements, &text);
    }
    Span *spans = sorted_parts(&elements, text.data);
    for (size_t k = 1; k < elements.count && unique; k++) unique = compare_parts(&spans[k - 1], &spans[k]) != 0;
    free(spans);
    free(elements.ends);
    return unique;
}

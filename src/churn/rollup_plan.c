/* rollup_plan.c: a plan from its text. */
#include "churn/rollup_internal.h"

#include "base/document.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

enum { FIRST_COLUMN = 3 }; /* after entity, day and known */

void rollup_plan_free(RollupPlan *p) {
    for (size_t i = 0; i < p->count; i++) {
        free(p->measures[i].name);
        free(p->measures[i].type);
    }
    for (size_t i = 0; i < p->part_count; i++) free(p->parts[i].name);
    free(p->measures);
    free(p->parts);
    free(p);
}

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static size_t number_of(const json_t *object, const char *key) {
    return (size_t)json_integer_value(json_object_get(object, key));
}

static bool find_kind(const char *name, RollupKind *ret) {
    static const char *const kinds[] = {
        [ROLLUP_SUM] = "sum", [ROLLUP_MIN] = "min", [ROLLUP_MAX] = "max", [ROLLUP_LAST] = "last", [ROLLUP_DAYS] = "days"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i], name) == 0) *ret = (RollupKind)i;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i], name) == 0) return true;
    return false;
}

static size_t words_of(const RollupPlan *p, const RollupMeasure *m) {
    size_t last = p->by_window ? ROLLUP_SEEN_WORDS : ROLLUP_LAST_WORDS;
    return m->kind == ROLLUP_LAST ? last : m->kind == ROLLUP_DAYS ? (m->width + 63) / 64 : 1;
}

static bool read_measures(RollupPlan *p, const json_t *all) {
    size_t i, column = FIRST_COLUMN;
    json_t *one;
    p->measures = xcalloc(json_array_size(all) + 1, sizeof *p->measures);
    json_array_foreach(all, i, one) {
        RollupMeasure *m = &p->measures[p->count++];
        *m = (RollupMeasure){.name = xstrdup(text_of(one, "name")), .type = xstrdup(text_of(one, "type"))};
        if (!find_kind(text_of(one, "kind"), &m->kind)) return false;
        m->text = strcmp(m->type, "VARCHAR") == 0;
        m->time = strcmp(m->type, "TIMESTAMP") == 0;
        m->by_day = json_is_true(json_object_get(one, "by_day"));
        m->of = number_of(one, "of");
        m->width = number_of(one, "width");
        m->column = column;
        m->word = p->words;
        column += m->kind == ROLLUP_LAST ? 4 : 1;
        p->words += words_of(p, m);
    }
    for (i = 0; i < p->count && i < ROLLUP_MEASURES; i++)
        if (p->measures[i].kind != ROLLUP_LAST && !p->measures[i].time) p->plain |= UINT64_C(1) << i;
    return p->count > 0 && p->count <= ROLLUP_MEASURES;
}

/* ---- parts ---- */

static int by_number(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool add_window(RollupPlan *p, int64_t days) {
    for (size_t i = 0; i < p->window_count; i++)
        if (p->windows[i] == days) return true;
    if (p->window_count == ROLLUP_WINDOWS) return false;
    p->windows[p->window_count++] = days;
    qsort(p->windows, p->window_count, sizeof *p->windows, by_number);
    return true;
}

static size_t count_windows(const RollupPlan *p, int64_t days) {
    size_t n = 0;
    while (n < p->window_count && p->windows[n] <= days) n++;
    return days > 0 ? n : p->window_count + 1;
}

/* Days are a set of their own: their parts divide no windows. */
static bool add_part(RollupPlan *p, const json_t *one) {
    RollupPart *part = &p->parts[p->part_count++];
    *part = (RollupPart){.name = xstrdup(text_of(one, "name")),
                         .of = number_of(one, "of"),
                         .days = json_integer_value(json_object_get(one, "days")),
                         .gap = json_is_true(json_object_get(one, "gap"))};
    if (part->of >= p->count) return false;
    const RollupMeasure *m = &p->measures[part->of];
    if (m->kind == ROLLUP_DAYS) return part->days > 0 && (size_t)part->days <= m->width;
    return part->days == 0 || add_window(p, part->days);
}

static bool read_parts(RollupPlan *p, const json_t *all) {
    size_t i;
    json_t *one;
    p->parts = xcalloc(json_array_size(all) + 1, sizeof *p->parts);
    json_array_foreach(all, i, one) {
        if (!add_part(p, one)) return false;
    }
    for (i = 0; i < p->part_count; i++) p->parts[i].windows = count_windows(p, p->parts[i].days);
    return true;
}

int rollup_plan_read(const char *text, RollupPlan **ret, Error *err) {
    CLEANUP(json_freep) json_t *json = NULL;
    CLEANUP(rollup_plan_freep) RollupPlan *p = xcalloc(1, sizeof *p);
    if (json_parse(text, strlen(text), "model_declared", &json, err) != 0) return -1;
    p->by_window = json_array_size(json_object_get(json, "parts")) > 0;
    if (!read_measures(p, json_object_get(json, "measures")) || !read_parts(p, json_object_get(json, "parts")))
        return error_set(err, ERR_BUG, "model_declared has no plan of merging");
    *ret = TAKE(p);
    return 0;
}

/* segments.c: the same figures for the rows of each plan, each city: a model that is good on average may be useless for one of them.
 *
 * A figure of few rows is noise, and a list of a thousand cities is not read: values with few rows, and those beyond the largest, are put
 * together. Invariant: the rows of the groups of a segment sum to those of the input. */
#include "evaluate/segments.h"

#include "base/counted.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "model/metrics.h"
#include <stdlib.h>
#include <string.h>

typedef struct Member {
    const char *value; /* NULL: not known */
    float probability, label;
} Member;

/* Members that follow each other: of one value, of several that are put together, or of none. */
typedef struct Group {
    const Member *members;
    size_t rows, values;
} Group;

/* ---- dividing ---- */

static int by_value(const void *a, const void *b) {
    const char *x = ((const Member *)a)->value, *y = ((const Member *)b)->value;
    return x != NULL && y != NULL ? strcmp(x, y) : (x == NULL) - (y == NULL);
}

/* The largest first, those of equal size by value; those that are not known at the end. */
static int by_rows(const void *a, const void *b) {
    const Group *x = a, *y = b;
    if (x->values != y->values) return x->values > y->values ? -1 : 1;
    if (x->rows != y->rows) return x->rows > y->rows ? -1 : 1;
    return by_value(x->members, y->members);
}

/* Groups of `n` sorted members, in the order of by_rows; how many. */
static size_t divide(const Member *members, size_t n, Group *ret) {
    size_t count = 0;
    for (size_t at = 0, end; at < n; at = end) {
        for (end = at; end < n && by_value(members + end, members + at) == 0;) end++;
        ret[count++] = (Group){.members = members + at, .rows = end - at, .values = members[at].value != NULL};
    }
    qsort(ret, count, sizeof *ret, by_rows);
    return count;
}

/* How many of the `count` groups stand for themselves: the others are put together, unless it is one. */
static size_t own_groups(const Group *groups, size_t count) {
    size_t own = 0;
    while (own < count && own < REPORT_GROUPS && groups[own].rows >= REPORT_GROUP_ROWS) own++;
    return count - own == 1 ? count : own;
}

/* ---- figures ---- */

static void copy_group(const Group *g, float *p, float *y) {
    for (size_t i = 0; i < g->rows; i++) {
        p[i] = g->members[i].probability;
        y[i] = g->members[i].label;
    }
}

static double mean_of(const float *values, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)values[i];
    return sum / (double)n;
}

/* The figures of the `count` groups as one. `p`, `y`: space for their rows. */
static json_t *group_json(const Group *groups, size_t count, float *p, float *y) {
    size_t n = 0, values = 0;
    for (size_t i = 0; i < count; i++) {
        copy_group(&groups[i], p + n, y + n);
        n += groups[i].rows;
        values += groups[i].values;
    }
    Metrics m = metrics_of(p, y, n);
    bool enough = m.positives >= REPORT_MIN_POSITIVES && n - m.positives >= REPORT_MIN_POSITIVES;
    json_t *group = json_pack("{s:s?, s:I, s:I, s:I, s:o, s:o, s:o}", "value", count == 1 ? groups->members->value : NULL, "values",
                              (json_int_t)values, "rows", (json_int_t)n, "positives", (json_int_t)m.positives, "rate", number(m.base_rate),
                              "mean_probability", number(mean_of(p, n)), "auc", number(enough ? m.auc : NAN));
    BUG_IF(group == NULL);
    return group;
}

static json_t *groups_json(const Group *groups, size_t count, size_t rows) {
    json_t *list = json_array();
    float *p = xcalloc(rows + 1, sizeof *p), *y = xcalloc(rows + 1, sizeof *y);
    size_t known = count;
    while (known > 0 && groups[known - 1].values == 0) known--;
    size_t own = own_groups(groups, known);
    for (size_t i = 0; i < own; i++) json_array_append_new(list, group_json(&groups[i], 1, p, y));
    if (own < known) json_array_append_new(list, group_json(groups + own, known - own, p, y));
    if (known < count) json_array_append_new(list, group_json(groups + known, 1, p, y));
    free(y);
    free(p);
    return list;
}

static json_t *segment_json(const ReportInput *in, const ReportSegment *segment) {
    Member *members = xcalloc(in->rows + 1, sizeof *members);
    Group *groups = xcalloc(in->rows + 1, sizeof *groups);
    for (size_t i = 0; i < in->rows; i++)
        members[i] = (Member){.value = segment->values[i], .probability = in->probabilities[i], .label = in->labels[i]};
    qsort(members, in->rows, sizeof *members, by_value);
    json_t *list = groups_json(groups, divide(members, in->rows, groups), in->rows);
    free(groups);
    free(members);
    return list;
}

json_t *segments_json(const ReportInput *in) {
    json_t *segments = json_object();
    for (size_t i = 0; i < in->segment_count; i++) json_object_set_new(segments, in->segments[i].name, segment_json(in, &in->segments[i]));
    return segments;
}

/* ---- words ---- */

static char *group_name(const json_t *group) {
    const char *value = json_string_value(json_object_get(group, "value"));
    long long values = json_integer_value(json_object_get(group, "values"));
    if (value != NULL) return terminal_value(value);
    return values > 0 ? xasprintf("%lld %s", values, counted(values, "other", "others")) : xstrdup("not known");
}

static void add_group(const json_t *group, Buf *ret) {
    const json_t *auc = json_object_get(group, "auc");
    CLEANUP(free_text) char *name = group_name(group);
    buf_addf(ret, "    %-28s %8lld   %6.1f%%  %8.1f%%   ", name, (long long)json_integer_value(json_object_get(group, "rows")),
             100 * json_number_value(json_object_get(group, "rate")), 100 * json_number_value(json_object_get(group, "mean_probability")));
    if (json_is_number(auc))
        buf_addf(ret, "%.3f\n", json_number_value(auc));
    else
        buf_add_str(ret, "too few\n");
}

void segments_words(const json_t *segments, Buf *ret) {
    const char *name;
    json_t *list, *group;
    size_t i;
    json_object_foreach((json_t *)(uintptr_t)segments, name, list) {
        CLEANUP(free_text) char *title = xasprintf("by %s", name);
        buf_addf(ret, "  %-30s %8s   %7s  %9s   AUC\n", title, "rows", "churned", "predicted");
        json_array_foreach(list, i, group) add_group(group, ret);
    }
}

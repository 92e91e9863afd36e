/* model_features.c: see model_features.h.
 *
 * Nothing is about all time: such a value grows with the age of the history, so a model that has learned it is wrong a month later. Every
 * feature has windows; recency, last and ratio have none and look back as far as the widest window of the model. */
#include "contract/model_features.h"

#include "base/memory.h"
#include "contract/feature.h"
#include "contract/gold_columns.h"
#include "contract/names.h"
#include "contract/reader.h"
#include "contract/text.h"
#include "contract/windows.h"
#include <string.h>

#define SEGMENTS_MAX 8
#define RATIO_KEYS   "name, title, unit, description, aggregate, of, per_day"

static bool has_windows(const Feature *f) {
    return f->aggregate != AGGREGATE_RECENCY && f->aggregate != AGGREGATE_LAST && f->aggregate != AGGREGATE_RATIO;
}

static bool is_column(const Feature *f, const char *name, int *ret_window) {
    if (has_windows(f) && strcmp(f->name, name) == 0) return false; /* without a window there is no such column */
    return feature_has_column(f, name, ret_window);
}

bool model_column_find(const Entity *e, const char *name, size_t *ret, int *ret_window) {
    for (size_t i = 0; i < e->feature_count; i++) {
        *ret = i;
        if (is_column(&e->features[i], name, ret_window)) return true;
    }
    return false;
}

/* ---- one feature ---- */

static int read_ratio_part(const Entity *e, const DocNode *list, size_t part, Feature *f, Error *err) {
    DocNode node = node_item(list, part);
    const char *name = json_string_value(node.value);
    if (name == NULL || !model_column_find(e, name, &f->of[part], &f->of_days[part]))
        return e->features_missing ? -1 : REFUSE(&node, err, "expected a column of a feature of the model above, as total_events_7d");
    return e->features[f->of[part]].aggregate != AGGREGATE_LAST ? 0 : REFUSE(&node, err, "expected a feature that is a number");
}

static int read_ratio(Pipeline *p, const Entity *e, const DocNode *at, Feature *f, Error *err) {
    DocNode of;
    f->line = node_line(at);
    f->aggregate = AGGREGATE_RATIO;
    f->window_count = 0;
    f->unit = "";
    int rc = check_keys(at, RATIO_KEYS, err);
    rc |= gold_names_read(p, e, at, &(GoldNames){&f->name, &f->title, &f->description}, err);
    rc |= read_bool(at, "per_day", &f->per_day, err);
    if (read_list(at, "of", true, &of, err) != 0) return -1;
    if (json_array_size(of.value) != 2) return REFUSE(&of, err, "expected two columns: what is divided, and by what");
    rc |= read_ratio_part(e, &of, 0, f, err);
    rc |= read_ratio_part(e, &of, 1, f, err);
    return rc;
}

/* {feature: total_events, windows: [7d, 30d]} */
static int read_copy(Pipeline *p, const Entity *e, const DocNode *at, Feature *f, Error *err) {
    DocNode name = node_member(at, "feature");
    int *windows = f->windows;
    size_t i = 0, count = f->window_count;
    if (check_keys(at, "feature, windows", err) != 0) return -1;
    while (i < e->feature_count && (!json_is_string(name.value) || strcmp(e->features[i].name, json_string_value(name.value)) != 0)) i++;
    if (i == e->feature_count) return e->features_missing ? -1 : REFUSE(&name, err, "expected the name of a feature of %s", e->name);
    *f = e->features[i];
    f->windows = windows;
    f->window_count = count;
    return windows_read(p, at, &f->windows, &f->window_count, err);
}

static int read_one(Pipeline *p, const Entity *of, const Entity *e, const DocNode *at, Feature *f, Error *err) {
    const char *aggregate = json_string_value(json_object_get(at->value, "aggregate"));
    int rc;
    if (json_object_get(at->value, "feature") != NULL)
        rc = read_copy(p, of, at, f, err);
    else if (aggregate != NULL && strcmp(aggregate, aggregate_names[AGGREGATE_RATIO]) == 0)
        rc = read_ratio(p, e, at, f, err);
    else
        rc = feature_read(p, e, at, FEATURE_KEYS, MODEL_AGGREGATE_NAMES - 1, f, err);
    if (!has_windows(f)) f->window_count = 0;
    if (rc == 0 && has_windows(f) && f->window_count == 0)
        rc = REFUSE(at, err, "a feature of a model is over windows; expected one or more");
    return rc;
}

/* ---- all of them ---- */

static int check_new(const Entity *e, const DocNode *at, const Feature *f, Error *err) {
    size_t index;
    int window;
    DocNode name = node_member(at, json_object_get(at->value, "feature") != NULL ? "feature" : "name");
    for (size_t i = 0; i < f->window_count || i == 0; i++) {
        CLEANUP(free_text) char *column = f->window_count > 0 ? xasprintf("%s_%dd", f->name, f->windows[i]) : xasprintf("%s", f->name);
        if (model_column_find(e, column, &index, &window)) return REFUSE(&name, err, "the model has the column %s already", column);
    }
    return 0;
}

static void add(Pipeline *p, Entity *e, const Feature *f) {
    e->features = strings_grow(p->strings, e->features, e->feature_count, sizeof *e->features);
    e->features[e->feature_count++] = *f;
}

static void add_all(Pipeline *p, const Entity *of, Entity *e, const Feature *initial) {
    for (size_t i = 0; i < of->feature_count; i++) {
        Feature f = of->features[i];
        f.windows = initial->windows;
        f.window_count = has_windows(&f) ? initial->window_count : 0;
        add(p, e, &f);
    }
}

int model_features_read(Pipeline *p, const DocNode *model, const Entity *of, Forecast *ret, Error *err) {
    static int initial_windows[] = {7, 14, 30, 90};
    DocNode list;
    Entity *e = &ret->features;
    Feature initial = {.windows = initial_windows, .window_count = ARRAY_LEN(initial_windows)};
    *e = *of;
    e->features = NULL;
    e->feature_count = 0;
    int rc = windows_read(p, model, &initial.windows, &initial.window_count, err);
    if (read_list(model, "features", false, &list, err) != 0) return -1;
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        DocNode node = node_item(&list, i);
        Feature f = initial;
        if (read_one(p, of, e, &node, &f, err) != 0 || check_new(e, &node, &f, err) != 0) {
            e->features_missing = true;
            rc = -1;
            continue;
        }
        add(p, e, &f);
    }
    if (json_array_size(list.value) == 0) add_all(p, of, e, &initial);
    return rc == 0 ? windows_collect(p, e, &list, err) : -1;
}

/* ---- segments ---- */

static int read_segment(const DocNode *node, Forecast *f, Error *err) {
    const Entity *e = &f->features;
    const char *name = json_string_value(node->value);
    size_t i = 0;
    while (i < e->feature_count && (name == NULL || e->features[i].aggregate != AGGREGATE_LAST || strcmp(e->features[i].name, name) != 0))
        i++;
    if (i == e->feature_count)
        return e->features_missing ? -1 : REFUSE(node, err, "expected the name of a feature of the model with the aggregate last");
    for (size_t k = 0; k < f->segment_count; k++)
        if (f->segments[k] == i) return REFUSE(node, err, "it is named twice; leave one out");
    f->segments[f->segment_count++] = i;
    return 0;
}

int model_segments_read(Pipeline *p, const DocNode *model, Forecast *ret, Error *err) {
    DocNode list;
    int rc = 0;
    if (read_list(model, "segments", false, &list, err) != 0) return -1;
    size_t n = json_array_size(list.value);
    if (n > SEGMENTS_MAX) return REFUSE(&list, err, "expected at most %d features", SEGMENTS_MAX);
    ret->segments = strings_array(p->strings, n + 1, sizeof *ret->segments);
    for (size_t i = 0; i < n; i++) {
        DocNode node = node_item(&list, i);
        rc |= read_segment(&node, ret, err);
    }
    return rc;
}

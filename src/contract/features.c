/* features.c: see features.h. */
#include "contract/features.h"

#include "base/memory.h"
#include "contract/columns.h"
#include "contract/conditions.h"
#include "contract/gold_columns.h"
#include "contract/labels.h"
#include "contract/names.h"
#include "contract/reader.h"
#include "contract/text.h"
#include "contract/windows.h"

#define DECIMALS_MAX 9

/* ---- one feature ---- */

static int check_aggregate(const Pipeline *p, const DocNode *column, const Feature *f, Error *err) {
    bool number = f->column.type == VALUE_INTEGER || f->column.type == VALUE_DECIMAL;
    bool ordered = number || f->column.type == VALUE_DATE || f->column.type == VALUE_TIMESTAMP;
    switch (f->aggregate) {
    case AGGREGATE_SUM:
    case AGGREGATE_AVG:
        return number ? column_check_sum(p, column, f, err)
                      : REFUSE(column, err, "only numbers can be summed; expected a column of numbers");
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        return ordered ? 0
                       : REFUSE(column, err, "a column of this type has no %s; expected one of numbers, dates or timestamps",
                                aggregate_names[f->aggregate]);
    default: return 0;
    }
}

static int read_feature_column(Pipeline *p, const DocNode *feature, Feature *f, Error *err) {
    DocNode column = node_member(feature, "column");
    if (f->aggregate == AGGREGATE_COUNT)
        return node_exists(&column) ? REFUSE(&column, err, "count counts events; leave this out, and use `where` for some of them") : 0;
    if (column_find(p, &column, json_string_value(column.value), &f->column, err) != 0) return -1;
    return check_aggregate(p, &column, f, err);
}

static int read_round(const DocNode *feature, Feature *f, Error *err) {
    DocNode node = node_member(feature, "round");
    int64_t round = 2;
    if (f->aggregate != AGGREGATE_AVG && node_exists(&node))
        return REFUSE(&node, err, "only an avg is rounded, the others are exact; leave this out");
    if (read_integer(feature, "round", 0, DECIMALS_MAX, &round, err) != 0) return -1;
    f->round = (int)round;
    return 0;
}

static int read_feature(Pipeline *p, const DocNode *feature, Feature *f, Error *err) {
    DocNode aggregate = node_member(feature, "aggregate");
    size_t chosen;
    f->line = node_line(feature);
    int rc = check_keys(feature, "name, description, aggregate, column, where, round, windows", err);
    if (!json_is_object(feature->value)) return -1;
    rc |= gold_names_read(p, feature, &f->name, &f->description, err);
    if (read_choice(&aggregate, aggregate_names, AGGREGATE_NAMES, &chosen, err) == 0) {
        f->aggregate = (Aggregate)chosen;
        rc |= read_round(feature, f, err);
        rc |= read_feature_column(p, feature, f, err);
    } else {
        rc = -1;
    }
    rc |= conditions_read(p, feature, f, err);
    return rc | windows_read(p, feature, &f->windows, &f->window_count, err);
}

/* ---- the document ---- */

static int check_new_columns(const Pipeline *p, const DocNode *feature, const Feature *f, Error *err) {
    if (gold_check_new_column(p, feature, f->name, err) != 0) return -1;
    for (size_t i = 0; i < f->window_count; i++) {
        CLEANUP(free_text) char *column = xasprintf("%s_%dd", f->name, f->windows[i]);
        if (gold_check_new_column(p, feature, column, err) != 0) return -1;
    }
    return 0;
}

static int read_all(Pipeline *p, const DocNode *document, Error *err) {
    DocNode list;
    Feature initial = {0};
    int rc = windows_read(p, document, &initial.windows, &initial.window_count, err);
    if (read_list(document, "features", true, &list, err) != 0 || json_array_size(list.value) == 0) p->features_missing = true;
    if (!json_is_array(list.value)) return -1;
    if (json_array_size(list.value) == 0) return REFUSE(&list, err, "expected one or more features");
    p->features = strings_array(p->strings, json_array_size(list.value), sizeof *p->features);
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        DocNode node = node_item(&list, i);
        Feature f = initial;
        if (read_feature(p, &node, &f, err) != 0 || check_new_columns(p, &node, &f, err) != 0) {
            p->features_missing = true;
            rc = -1;
            continue;
        }
        p->features[p->feature_count++] = f;
    }
    return rc == 0 ? windows_collect(p, &list, err) : -1;
}

int features_read(Pipeline *p, const DocNode *document, Error *err) {
    DocNode version = node_member(document, "version");
    p->minimum_events = 1;
    int rc = check_keys(document, "version, minimum_events, windows, features, labels", err);
    if (!json_is_object(document->value)) return -1;
    if (!json_is_integer(version.value) || json_integer_value(version.value) != 1) rc |= REFUSE(&version, err, "expected 1");
    rc |= read_integer(document, "minimum_events", 1, INT32_MAX, &p->minimum_events, err);
    rc |= read_all(p, document, err);
    return rc | labels_read(p, document, err);
}

/* features.c: see features.h. */
#include "contract/features.h"

#include "base/memory.h"
#include "contract/columns.h"
#include "contract/conditions.h"
#include "contract/entities.h"
#include "contract/gold_columns.h"
#include "contract/labels.h"
#include "contract/names.h"
#include "contract/prediction.h"
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
    if (f->aggregate == AGGREGATE_COUNT || (f->aggregate >= AGGREGATE_RECENCY && f->aggregate != AGGREGATE_DISTINCT))
        return node_exists(&column) ? REFUSE(&column, err, "%s counts events; leave this out, and use `where` for some of them",
                                             aggregate_names[f->aggregate])
                                    : 0;
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

static int read_unit(Pipeline *p, const DocNode *feature, Feature *f, Error *err) {
    const char *unit = "";
    if (read_text(feature, "unit", false, &unit, err) != 0) return -1;
    f->unit = strings_keep(p->strings, unit);
    return 0;
}

int feature_read(Pipeline *p, const Entity *e, const DocNode *feature, const char *keys, size_t aggregates, Feature *f, Error *err) {
    DocNode aggregate = node_member(feature, "aggregate");
    size_t chosen;
    f->line = node_line(feature);
    int rc = check_keys(feature, keys, err);
    if (!json_is_object(feature->value)) return -1;
    rc |= gold_names_read(p, e, feature, &(GoldNames){&f->name, &f->title, &f->description}, err);
    rc |= read_unit(p, feature, f, err);
    if (read_choice(&aggregate, aggregate_names, aggregates, &chosen, err) == 0) {
        f->aggregate = (Aggregate)chosen;
        rc |= read_round(feature, f, err);
        rc |= read_feature_column(p, feature, f, err);
    } else {
        rc = -1;
    }
    rc |= conditions_read(p, feature, f, err);
    return rc | windows_read(p, feature, &f->windows, &f->window_count, err);
}

/* ---- an entity ---- */

static int check_new_columns(const Entity *e, const DocNode *feature, const Feature *f, Error *err) {
    if (gold_check_new_column(e, feature, f->name, err) != 0) return -1;
    for (size_t i = 0; i < f->window_count; i++) {
        CLEANUP(free_text) char *column = xasprintf("%s_%dd", f->name, f->windows[i]);
        if (gold_check_new_column(e, feature, column, err) != 0) return -1;
    }
    return 0;
}

static int read_features(Pipeline *p, Entity *e, const DocNode *at, Error *err) {
    DocNode list;
    Feature initial = {0};
    int rc = windows_read(p, at, &initial.windows, &initial.window_count, err);
    if (read_list(at, "features", true, &list, err) != 0 || json_array_size(list.value) == 0) e->features_missing = true;
    if (!json_is_array(list.value)) return -1;
    if (json_array_size(list.value) == 0) return REFUSE(&list, err, "expected one or more features");
    e->features = strings_array(p->strings, json_array_size(list.value), sizeof *e->features);
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        DocNode node = node_item(&list, i);
        Feature f = initial;
        if (feature_read(p, e, &node, FEATURE_KEYS, AGGREGATE_NAMES, &f, err) != 0 || check_new_columns(e, &node, &f, err) != 0) {
            e->features_missing = true;
            rc = -1;
            continue;
        }
        e->features[e->feature_count++] = f;
    }
    return rc == 0 ? windows_collect(p, e, &list, err) : -1;
}

static int read_entity(Pipeline *p, const DocNode *at, bool first, Error *err) {
    Entity e = {.minimum_events = 1, .line = node_line(at)};
    int rc = entity_read_head(p, at, first, &e, err);
    rc |= read_integer(at, "minimum_events", 1, INT32_MAX, &e.minimum_events, err);
    rc |= read_features(p, &e, at, err);
    rc |= labels_read(p, &e, at, err);
    rc |= entity_read_list(p, at, &e, err);
    p->entities = strings_grow(p->strings, p->entities, p->entity_count, sizeof *p->entities);
    p->entities[p->entity_count++] = e;
    return rc;
}

/* ---- the document ---- */

#define ENTITY_KEYS "entity, key, plural, title, title_plural, description, minimum_events, windows, list, features, labels"

static int read_others(Pipeline *p, const DocNode *document, Error *err) {
    DocNode list;
    int rc = 0;
    if (read_list(document, "entities", false, &list, err) != 0) return -1;
    if (json_array_size(list.value) >= ENTITIES_MAX) return REFUSE(&list, err, "expected at most %d more entities", ENTITIES_MAX - 1);
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        DocNode node = node_item(&list, i);
        rc |= check_keys(&node, ENTITY_KEYS, err);
        rc |= json_is_object(node.value) ? read_entity(p, &node, false, err) : -1;
    }
    return rc;
}

int features_read(Pipeline *p, const DocNode *document, Error *err) {
    DocNode version = node_member(document, "version");
    int rc = check_keys(document, "version, " ENTITY_KEYS ", entities, model", err);
    if (!json_is_object(document->value)) return -1;
    if (!json_is_integer(version.value) || json_integer_value(version.value) != 1) rc |= REFUSE(&version, err, "expected 1");
    rc |= read_entity(p, document, true, err);
    rc |= prediction_read(p, document, err);
    return rc | read_others(p, document, err);
}

/* features.c: see features.h. */
#include "contract/features.h"

#include "base/memory.h"
#include "contract/entities.h"
#include "contract/feature.h"
#include "contract/gold_columns.h"
#include "contract/labels.h"
#include "contract/names.h"
#include "contract/prediction.h"
#include "contract/reader.h"
#include "contract/text.h"
#include "contract/windows.h"

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
    rc |= entity_read_place(at, &e, err);
    p->entities = strings_grow(p->strings, p->entities, p->entity_count, sizeof *p->entities);
    p->entities[p->entity_count++] = e;
    return rc;
}

/* ---- the document ---- */

#define ENTITY_KEYS "entity, key, plural, title, title_plural, description, minimum_events, windows, list, place, features, labels"

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
    rc |= read_others(p, document, err);
    return rc | prediction_read(p, document, err);
}

/* prediction.c: see prediction.h. One model, of one of the entities: scores are kept by the ids of that one. */
#include "contract/prediction.h"

#include "base/buf.h"
#include "base/memory.h"
#include "contract/outcomes.h"
#include "contract/reader.h"
#include "contract/text.h"
#include <string.h>

#define DEFAULT_LABEL "churn_label"

static const Label *find_label(const Entity *e, const char *name) {
    for (const Label *l = e->labels; l < e->labels + e->label_count; l++)
        if (strcmp(l->name, name) == 0) return l;
    return NULL;
}

/* Without a name the first one that has the label: only labels of one entity have the same name. */
static size_t entity_with_label(const Pipeline *p, const char *label) {
    for (size_t i = 0; label != NULL && i < p->entity_count; i++)
        if (find_label(&p->entities[i], label) != NULL || outcome_find(&p->entities[i], label) != NULL) return i;
    return 0;
}

static char *entity_names(const Pipeline *p) {
    Buf names = {0};
    for (size_t i = 0; i < p->entity_count; i++) buf_addf(&names, "%s%s", i > 0 ? ", " : "", p->entities[i].name);
    return buf_take(&names);
}

static int read_entity(const Pipeline *p, const DocNode *model, Prediction *ret, Error *err) {
    DocNode entity = node_member(model, "entity");
    const char *name = json_string_value(entity.value);
    ret->entity = entity_with_label(p, json_string_value(json_object_get(model->value, "label")));
    if (!node_exists(&entity)) return 0;
    for (size_t i = 0; name != NULL && i < p->entity_count; i++) {
        if (strcmp(p->entities[i].name, name) != 0) continue;
        ret->entity = i;
        return 0;
    }
    CLEANUP(free_text) char *names = entity_names(p);
    return REFUSE(&entity, err, "expected the name of an entity: %s", names);
}

/* ---- which label ---- */

/* "heavy, quiet"; empty: the entity has none. */
static void add_label_names(const Entity *e, Buf *out) {
    for (const Label *l = e->labels; l < e->labels + e->label_count; l++) buf_addf(out, "%s%s", out->len > 0 ? ", " : "", l->name);
    for (const OutcomeLabel *o = e->outcomes; o < e->outcomes + e->outcome_count; o++)
        buf_addf(out, "%s%s", out->len > 0 ? ", " : "", o->name);
}

#define LABEL_EXAMPLE "labels: [{name: leaves, inactivity: {silence: 30d, horizon: 30d}}]"

static int refuse_label(const Entity *e, const DocNode *node, Error *err) {
    CLEANUP(buf_done) Buf names = {0};
    add_label_names(e, &names);
    if (names.len == 0) return REFUSE(node, err, "%s has no label; expected one beside its features, like " LABEL_EXAMPLE, e->name);
    return REFUSE(node, err, "expected the name of a label of %s: %s", e->name, names.data);
}

/* A file with labels and without `model`: nothing is learned, and that may not be what was meant. */
static void advise(Pipeline *p, const DocNode *document) {
    for (const Entity *e = p->entities; e < p->entities + p->entity_count; e++) {
        CLEANUP(buf_done) Buf names = {0};
        add_label_names(e, &names);
        if (names.len == 0) continue;
        p->prediction.advice = strings_format(p->strings,
                                              "%s has the labels %s, none is called " DEFAULT_LABEL
                                              ", and no `model` says which one is learned: add the line model: {label: %.*s}",
                                              e->name, names.data, (int)strcspn(names.data, ","), names.data);
        p->prediction.advice_file = strings_keep(p->strings, document_name(document->document));
        p->prediction.advice_line = e->line;
        return;
    }
}

static int read_rule(const Entity *e, const DocNode *model, const char *key, Prediction *ret, Error *err) {
    DocNode node = node_member(model, key);
    const char *name = json_string_value(node.value);
    const Label *label = name != NULL ? find_label(e, name) : NULL;
    if (label == NULL && name != NULL && e->features_missing) return -1; /* it may be of what could not be read */
    if (label == NULL) return refuse_label(e, &node, err);
    ret->label = label->name;
    return 0;
}

#define FORECAST_KEYS "until_then, as_of, population, cuts, windows, features, segments"

/* A rule, or an outcome with the rule that serves until enough is known to learn it. */
static int read_label(Pipeline *p, const Entity *e, const DocNode *model, Prediction *ret, Error *err) {
    DocNode until_then = node_member(model, "until_then");
    const OutcomeLabel *outcome = outcome_find(e, json_string_value(json_object_get(model->value, "label")));
    if (outcome == NULL) {
        int rc = check_keys(model, "entity, label, title, value", err);
        return rc | read_rule(e, model, "label", ret, err);
    }
    int rc = check_keys(model, "entity, label, title, value, " FORECAST_KEYS, err);
    ret->label = NULL;
    if (node_exists(&until_then)) rc |= read_rule(e, model, "until_then", ret, err);
    return rc | forecast_read(p, model, e, outcome, &ret->forecast, err);
}

static bool has_feature(const Entity *e, const char *name) {
    for (const Feature *f = e->features; f < e->features + e->feature_count; f++)
        if (strcmp(f->name, name) == 0 &&
            (f->aggregate == AGGREGATE_COUNT || f->column.type == VALUE_INTEGER || f->column.type == VALUE_DECIMAL))
            return true;
    return false;
}

/* {feature, name, title, unit} */
static int read_value(Pipeline *p, const Entity *e, const DocNode *model, Prediction *ret, Error *err) {
    DocNode value;
    if (read_object(model, "value", &value, err) != 0) return -1;
    if (value.value == NULL) return 0;
    DocNode feature = node_member(&value, "feature"), name = node_member(&value, "name");
    const char *title = "", *unit = "";
    int rc = check_keys(&value, "feature, name, title, unit", err);
    rc |= read_name(&feature, p->strings, &ret->value, err);
    if (ret->value != NULL && !has_feature(e, ret->value) && !e->features_missing)
        rc |= REFUSE(&feature, err, "expected the name of a numeric feature");
    rc |= read_name(&name, p->strings, &ret->value_name, err);
    rc |= read_text(&value, "title", true, &title, err);
    rc |= read_text(&value, "unit", false, &unit, err);
    ret->value_title = strings_keep(p->strings, title);
    ret->value_unit = strings_keep(p->strings, unit);
    return rc;
}

int prediction_read(Pipeline *p, const DocNode *document, Error *err) {
    const Label *otherwise = find_label(&p->entities[0], DEFAULT_LABEL);
    Prediction *ret = &p->prediction;
    const char *title = "risk";
    DocNode model;
    if (otherwise != NULL) ret->label = otherwise->name;
    ret->title = title;
    if (read_object(document, "model", &model, err) != 0) return -1;
    if (model.value == NULL) {
        if (otherwise == NULL) advise(p, document);
        return 0;
    }
    int rc = read_entity(p, &model, ret, err);
    const Entity *e = &p->entities[ret->entity];
    rc |= read_label(p, e, &model, ret, err);
    rc |= read_text(&model, "title", false, &title, err);
    ret->title = strings_keep(p->strings, title);
    return rc | read_value(p, e, &model, ret, err);
}

/* prediction.c: see prediction.h. Scores are kept by the ids of the first entity (sql/migrations/0001_base.sql), so a model is of that one.
 */
#include "contract/prediction.h"

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

static int read_entity(const Entity *e, const DocNode *model, Error *err) {
    DocNode entity = node_member(model, "entity");
    if (!node_exists(&entity) || (json_is_string(entity.value) && strcmp(json_string_value(entity.value), e->name) == 0)) return 0;
    return REFUSE(&entity, err, "a model is of the first entity; expected %s, or leave this out", e->name);
}

static int read_rule(const Entity *e, const DocNode *model, const char *key, Prediction *ret, Error *err) {
    DocNode node = node_member(model, key);
    const char *name = json_string_value(node.value);
    const Label *label = name != NULL ? find_label(e, name) : NULL;
    if (label == NULL && name != NULL && e->features_missing) return -1; /* it may be of what could not be read */
    if (label == NULL) return REFUSE(&node, err, "expected the name of a label of %s", e->name);
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
    return rc | forecast_read(p, model, outcome, &ret->forecast, err);
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
    const Entity *e = &p->entities[0];
    const Label *otherwise = find_label(e, DEFAULT_LABEL);
    Prediction *ret = &p->prediction;
    const char *title = "risk";
    DocNode model;
    if (otherwise != NULL) ret->label = otherwise->name;
    ret->title = title;
    if (read_object(document, "model", &model, err) != 0) return -1;
    if (model.value == NULL) return 0;
    int rc = read_entity(e, &model, err);
    rc |= read_label(p, e, &model, ret, err);
    rc |= read_text(&model, "title", false, &title, err);
    ret->title = strings_keep(p->strings, title);
    return rc | read_value(p, e, &model, ret, err);
}

/* explain.c: the declarations as JSON, and their fingerprints: SHA-256 of that JSON without the parts that do not affect the data. */
#include "contract/explain.h"

#include "base/checksum.h"
#include "base/document.h"
#include "base/memory.h"
#include "contract/names.h"
#include "contract/origins.h"
#include "contract/pipeline.h"
#include <string.h>

static const char *check_name(const Check *c) {
    static const char *const names[] = {[CHECK_MINIMUM] = "minimum",         [CHECK_MAXIMUM] = "maximum",
                                        [CHECK_ABOVE] = "exclusive_minimum", [CHECK_BELOW] = "exclusive_maximum",
                                        [CHECK_MIN_LENGTH] = "min_length",   [CHECK_MAX_LENGTH] = "max_length",
                                        [CHECK_NOT_VALUES] = "not_values",   [CHECK_PRESENT] = "present",
                                        [CHECK_PATTERN] = "pattern",         [CHECK_VALUES] = "values",
                                        [CHECK_AHEAD] = "ahead_us",          [CHECK_MULTIPLE] = "multiple_of",
                                        [CHECK_FORMAT] = "format",           [CHECK_MIN_ITEMS] = "min_items",
                                        [CHECK_MAX_ITEMS] = "max_items",     [CHECK_UNIQUE_ITEMS] = "unique_items",
                                        [CHECK_MEMBER] = "member",           [CHECK_ZONE] = "timezone"};
    return names[c->kind];
}

static json_t *texts(const char *const *values, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(list, json_string(values[i]));
    return list;
}

static json_t *explain_check(const Check *c) {
    json_t *value;
    if (c->kind == CHECK_VALUES || c->kind == CHECK_NOT_VALUES)
        value = texts(c->values, c->value_count);
    else if (c->text != NULL)
        value = json_string(c->text);
    else
        value = json_integer(c->number);
    return json_pack("{ss so so*}", "rule", c->rule, check_name(c), value, "counted",
                     c->counted > 0 ? json_integer((json_int_t)c->counted) : NULL);
}

static json_t *explain_field(const Field *f) {
    json_t *checks = json_array(), *properties = f->property_count > 0 ? json_array() : NULL;
    for (size_t i = 0; i < f->check_count; i++) json_array_append_new(checks, explain_check(&f->checks[i]));
    for (size_t i = 0; i < f->property_count; i++) json_array_append_new(properties, explain_field(&f->properties[i]));
    const char *form = f->time_form != TIME_ISO8601 ? time_form_names[f->time_form] : NULL;
    return json_pack("{ss ss* ss ss ss* so* so* sb ss* so so* so*}", "name", f->name, "column", f->column, "type", f->sql_type, "kind",
                     value_type_name(f->type), "form", form, "zone_s", f->zone_s != 0 ? json_integer(f->zone_s) : NULL, "array",
                     f->array ? json_true() : NULL, "required", f->required, "required_rule", f->required_rule, "checks", checks,
                     "properties", properties, "items", f->items != NULL ? explain_field(f->items) : NULL);
}

static json_t *explain_if_listed(const Field *f) {
    return f->name != NULL ? explain_field(f) : NULL;
}

static json_t *explain_measure(const QualityMeasure *m) {
    return json_pack("{si si sf sf sb sb ss ss so}", "metric", (int)m->metric, "operator", (int)m->op, "low", m->low, "high", m->high,
                     "percent", m->percent, "warning", m->warning, "rule", m->rule, "field", m->field, "columns",
                     texts(m->columns, m->column_count));
}

static json_t *explain_measures(const Contract *c) {
    json_t *measures = json_array();
    for (size_t i = 0; i < c->measure_count; i++) json_array_append_new(measures, explain_measure(&c->measures[i]));
    return measures;
}

static json_t *unenforced_paths(const Contract *c) {
    json_t *paths = json_array();
    for (size_t i = 0; i < c->unenforced_count; i++) json_array_append_new(paths, json_string(c->unenforced[i].path));
    return paths;
}

/* What is not enforced belongs to it: when that changes, it is named again. */
static json_t *explain_contract(const Contract *c) {
    json_t *fields = json_array();
    for (size_t i = 0; i < c->field_count; i++) json_array_append_new(fields, explain_field(&c->fields[i]));
    json_t *contract = json_pack("{ss ss* sb so* so so* so}", "event_type", c->event_type, "topic", c->topic, "upper_subscriber",
                                 c->upper_entity, "subscriber", explain_if_listed(&c->entity), "timestamp", explain_field(&c->timestamp),
                                 "quality", explain_if_listed(&c->quality), "fields", fields);
    if (c->measure_count > 0) json_object_set_new(contract, "measures", explain_measures(c));
    if (c->unenforced_count > 0) json_object_set_new(contract, "unenforced", unenforced_paths(c));
    return contract;
}

static json_t *explain_windows(const int *windows, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(list, json_integer(windows[i]));
    return list;
}

static json_t *explain_feature(const Feature *f) {
    json_t *where = json_array();
    for (size_t i = 0; i < f->where_count; i++)
        json_array_append_new(where, json_pack("{ss ss so}", "column", f->where[i].column.name, "comparison",
                                               comparison_names[f->where[i].comparison], "values",
                                               texts(f->where[i].values, f->where[i].value_count)));
    return json_pack("{ss ss ss? ss? si so so}", "name", f->name, "aggregate", aggregate_names[f->aggregate], "column", f->column.name,
                     "type", f->column.sql_type, "round", f->round, "windows", explain_windows(f->windows, f->window_count), "where",
                     where);
}

static json_t *explain_label(const Label *l) {
    json_t *terms = json_array();
    for (size_t i = 0; i < l->term_count; i++)
        json_array_append_new(terms, json_pack("{sI si ss ss}", "feature", (json_int_t)l->terms[i].feature, "window", l->terms[i].window,
                                               "comparison", comparison_names[l->terms[i].comparison], "number", l->terms[i].number));
    return json_pack("{ss sb so}", "name", l->name, "all", l->all, "terms", terms);
}

static json_t *contracts_meaning(const Pipeline *p) {
    json_t *list = json_array();
    for (size_t i = 0; i < p->contract_count; i++) json_array_append_new(list, explain_contract(&p->contracts[i]));
    return list;
}

static json_t *explain_entity(const Entity *e) {
    json_t *features = json_array(), *labels = json_array();
    for (size_t i = 0; i < e->feature_count; i++) json_array_append_new(features, explain_feature(&e->features[i]));
    for (size_t i = 0; i < e->label_count; i++) json_array_append_new(labels, explain_label(&e->labels[i]));
    return json_pack("{sI so so}", "minimum_events", (json_int_t)e->minimum_events, "features", features, "labels", labels);
}

static json_t *explain_named_entity(const Entity *e) {
    json_t *entity = explain_entity(e);
    json_object_set_new(entity, "entity", json_string(e->name));
    json_object_set_new(entity, "key", json_string(e->key.name));
    return entity;
}

static json_t *explain_others(const Pipeline *p, json_t *(*explain)(const Entity *e)) {
    json_t *entities = json_array();
    for (size_t i = 1; i < p->entity_count; i++) json_array_append_new(entities, explain(&p->entities[i]));
    return entities;
}

/* A pipeline of one entity has the digest that it had before there could be several. */
static json_t *features_meaning(const Pipeline *p) {
    json_t *meaning = p->entity_count > 0 ? explain_entity(&p->entities[0]) : json_object();
    if (p->entity_count > 1) json_object_set_new(meaning, "entities", explain_others(p, explain_named_entity));
    return meaning;
}

/* ---- complete: with descriptions, files and the rules that are not enforced ---- */

static void describe_fields(json_t *fields, const Contract *c) {
    for (size_t i = 0; i < c->field_count; i++)
        json_object_set_new(json_array_get(fields, i), "description", json_string(c->fields[i].description));
}

static void describe_features(json_t *features, const Entity *e) {
    for (size_t i = 0; i < e->feature_count; i++) {
        json_t *feature = json_array_get(features, i);
        json_object_set_new(feature, "title", json_string(e->features[i].title));
        json_object_set_new(feature, "unit", json_string(e->features[i].unit));
        json_object_set_new(feature, "description", json_string(e->features[i].description));
        if (e->features[i].worse != NULL) json_object_set_new(feature, "worse", json_string(e->features[i].worse));
    }
}

static json_t *describe_place(const EntityPlace *place) {
    return place->x == NULL
               ? json_null()
               : json_pack("{ss ss}", place->on_earth ? "longitude" : "x", place->x, place->on_earth ? "latitude" : "y", place->y);
}

/* With all that is for people. */
static json_t *describe_entity(const Entity *e) {
    json_t *entity = explain_named_entity(e), *list = json_array();
    describe_features(json_object_get(entity, "features"), e);
    json_object_set_new(entity, "plural", json_string(e->plural));
    json_object_set_new(entity, "title", json_string(e->title));
    json_object_set_new(entity, "title_plural", json_string(e->title_plural));
    json_object_set_new(entity, "description", json_string(e->description));
    for (size_t i = 0; i < e->list_count; i++) json_array_append_new(list, json_string(e->features[e->list[i]].name));
    json_object_set_new(entity, "list", list);
    json_object_set_new(entity, "place", describe_place(&e->place));
    return entity;
}

static json_t *explain_prediction(const Pipeline *p) {
    const Prediction *m = &p->prediction;
    if (m->label == NULL) return json_null();
    return json_pack("{ss ss ss ss? ss? ss? ss?}", "entity", p->entities[m->entity].name, "label", m->label, "title", m->title, "value",
                     m->value, "value_name", m->value_name, "value_title", m->value_title, "value_unit", m->value_unit);
}

json_t *pipeline_explain(const Pipeline *p) {
    json_t *contracts = contracts_meaning(p), *all = p->entity_count > 0 ? describe_entity(&p->entities[0]) : json_object();
    for (size_t i = 0; i < p->contract_count; i++) {
        const Contract *c = &p->contracts[i];
        json_t *entry = json_array_get(contracts, i);
        json_object_set_new(entry, "id", json_string(c->id));
        json_object_set_new(entry, "version", json_string(c->version));
        json_object_set_new(entry, "file", json_string(c->file));
        json_object_set_new(entry, "description", json_string(c->description));
        json_object_set_new(entry, "unenforced", unenforced_paths(c));
        describe_fields(json_object_get(entry, "fields"), c);
    }
    json_object_set_new(all, "entities", explain_others(p, describe_entity));
    json_object_set_new(all, "model", explain_prediction(p));
    json_object_set_new(all, "contracts", contracts);
    json_object_set_new(all, "envelopes", pipeline_envelopes(p));
    json_object_set_new(all, "contracts_sha256", json_string(p->contracts_sha256));
    json_object_set_new(all, "features_sha256", json_string(p->features_sha256));
    return all;
}

static void fingerprint(json_t *meaning, char hex[65]) {
    CLEANUP(free_text) char *text = json_dumps(meaning, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL) BUG("declarations that are not valid JSON");
    sha256_hex(text, strlen(text), hex);
    json_decref(meaning);
}

void pipeline_fingerprint(Pipeline *p) {
    fingerprint(contracts_meaning(p), p->contracts_sha256);
    fingerprint(features_meaning(p), p->features_sha256);
}

json_t *pipeline_notes(const Pipeline *p, NoteKind kind) {
    json_t *all = json_array();
    for (size_t i = 0; kind == NOTE_WARNING && i < p->unread_count; i++)
        json_array_append_new(all, json_pack("{ss si ss ss}", "file", p->unread[i], "line", 0, "path", "", "text",
                                             "it is not read: contracts are the files *.yaml and *.yml of this folder"));
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        for (const Note *n = c->notes; n < c->notes + c->note_count; n++)
            if (n->kind == kind)
                json_array_append_new(all, json_pack("{ss si ss ss}", "file", c->file, "line", n->line, "path", n->path, "text", n->text));
    const Prediction *m = &p->prediction;
    if (kind == NOTE_READ_AS && m->advice != NULL)
        json_array_append_new(
            all, json_pack("{ss si ss ss}", "file", m->advice_file, "line", m->advice_line, "path", "labels", "text", m->advice));
    return all;
}

json_t *pipeline_unenforced(const Pipeline *p) {
    json_t *all = json_array();
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        for (const Unenforced *u = c->unenforced; u < c->unenforced + c->unenforced_count; u++)
            json_array_append_new(all,
                                  json_pack("{ss si ss so}", "file", c->file, "line", u->line, "path", u->path, "text",
                                            u->why == NULL ? json_string("is not enforced") : json_sprintf("is not enforced: %s", u->why)));
    return all;
}

/* diff.c: see diff.h. Walks both sides; the rules of a field, what counts events and the envelope have files of their own
 * (diff_internal.h). tests/unit/contract/test_diff.c changes each member of the declarations, so that none is forgotten here. */
#include "contract/diff.h"

#include "base/memory.h"
#include "contract/diff_internal.h"
#include "contract/origins.h"
#include "contract/pipeline.h"
#include <string.h>

/* ---- fields ---- */

static void compare_fields(const Diff *d, const char *parent, const Field *before, size_t n, const Field *after, size_t m);

static const Field *find_field(const Field *fields, size_t n, const char *name) {
    for (const Field *f = fields; f < fields + n; f++)
        if (strcmp(f->name, name) == 0) return f;
    return NULL;
}

/* Events that had it before the contract did passed whatever it was. */
static bool has_rules(const Field *f) {
    for (size_t i = 0; i < f->check_count; i++)
        if (f->checks[i].counted == 0) return true;
    for (size_t i = 0; i < f->property_count; i++)
        if (f->properties[i].required || has_rules(&f->properties[i])) return true;
    return f->items != NULL && (f->items->required || has_rules(f->items));
}

/* The same without what it demands. */
static Field without_rules(const Field *f) {
    Field plain = *f;
    plain.required = false;
    plain.check_count = plain.property_count = 0;
    plain.items = NULL;
    return plain;
}

static const char *words_of(const Field *f) {
    return f->type != VALUE_JSON ? f->sql_type : f->array ? "a list" : "an object";
}

static void compare_value(const Diff *d, const char *path, const Field *before, const Field *after) {
    bool columns = before->column != NULL && after->column != NULL;
    if (strcmp(before->sql_type, after->sql_type) != 0 || before->array != after->array || before->type != after->type ||
        before->precision != after->precision || before->scale != after->scale)
        diff_add(d, columns ? diff_rebuild : diff_tightens, path, "is %s, and was %s", words_of(after), words_of(before));
    else if (before->time_form != after->time_form)
        diff_add(d, diff_tightens, path, "is written as %s, and was %s", time_form_names[after->time_form],
                 time_form_names[before->time_form]);
    if (columns && strcmp(before->column, after->column) != 0)
        diff_add(d, diff_rebuild, path, "is the column %s, and was %s", after->column, before->column);
    if (after->required != before->required)
        diff_add(d, after->required ? diff_tightens : diff_loosens, path, after->required ? "is required" : "is optional");
    if (before->unit != NULL && after->unit != NULL && strcmp(before->unit, after->unit) != 0)
        diff_add(d, diff_tightens, path, "is in %s, and was in %s: values that are written as before mean something else", after->unit,
                 before->unit);
}

static void compare_field(const Diff *d, const char *path, const Field *before, const Field *after);

static void compare_items(const Diff *d, const char *path, const Field *before, const Field *after) {
    CLEANUP(free_text) char *items = xasprintf("%s[]", path);
    if (after == NULL) {
        if (before != NULL) diff_add(d, diff_loosens, items, "may be anything, and was %s", words_of(before));
        return;
    }
    Field plain = without_rules(after);
    if (before == NULL) diff_add(d, diff_tightens, items, "is %s, and was anything", words_of(after));
    compare_field(d, items, before != NULL ? before : &plain, after);
}

static void compare_field(const Diff *d, const char *path, const Field *before, const Field *after) {
    compare_value(d, path, before, after);
    diff_rules(d, path, before, after);
    compare_fields(d, path, before->properties, before->property_count, after->properties, after->property_count);
    compare_items(d, path, before->items, after->items);
}

/* The property that had the column of `f`, and has it no longer. */
static const Field *find_column(const Diff *d, const Field *f) {
    for (const Field *old = d->before->fields; f->column != NULL && old < d->before->fields + d->before->field_count; old++)
        if (strcmp(old->column, f->column) == 0) return old;
    return NULL;
}

static void add_field(const Diff *d, const char *path, const Field *f) {
    const Field *other = find_column(d, f);
    const char *effect = f->required || has_rules(f) ? diff_tightens : diff_adds;
    diff_add(d, effect, path,
             f->required           ? "is new, and required"
             : effect == diff_adds ? "is new"
                                   : "is new, and has rules: before, events passed whatever it was");
    if (other != NULL) diff_add(d, diff_rebuild, path, "is the column %s, which was of %s", f->column, other->name);
}

static void compare_fields(const Diff *d, const char *parent, const Field *before, size_t n, const Field *after, size_t m) {
    for (const Field *f = after; f < after + m; f++) {
        CLEANUP(free_text) char *path = xasprintf("%s%s%s", parent, parent[0] != '\0' ? "." : "", f->name);
        const Field *old = find_field(before, n, f->name);
        if (old != NULL)
            compare_field(d, path, old, f);
        else
            add_field(d, path, f);
    }
    for (const Field *f = before; f < before + n; f++) {
        CLEANUP(free_text) char *path = xasprintf("%s%s%s", parent, parent[0] != '\0' ? "." : "", f->name);
        if (find_field(after, m, f->name) == NULL) diff_add(d, diff_loosens, path, "is no longer in the contract");
    }
}

/* ---- contracts ---- */

static bool is_same_text(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const Contract *find_exactly(const Pipeline *p, const Contract *like) {
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        if (strcmp(c->event_type, like->event_type) == 0 && is_same_text(c->topic, like->topic)) return c;
    return NULL;
}

/* That of the same type and topic, else one of the type whose topic the other side does not have. */
static const Contract *find_contract(const Pipeline *p, const Pipeline *other, const Contract *like) {
    const Contract *found = find_exactly(p, like);
    for (const Contract *c = p->contracts; found == NULL && c < p->contracts + p->contract_count; c++)
        if (strcmp(c->event_type, like->event_type) == 0 && find_exactly(other, c) == NULL) found = c;
    return found;
}

static bool is_listed(const Field *f) {
    return f->name != NULL && f->sql_type != NULL;
}

/* A part of the envelope that a contract may leave out. */
static void compare_part(const Diff *d, const Field *before, const Field *after) {
    Field then = is_listed(after) ? without_rules(after) : *after, now = is_listed(before) ? without_rules(before) : *before;
    if (is_listed(before)) then = *before;
    if (is_listed(after)) now = *after;
    if (is_listed(&now)) compare_field(d, now.name, &then, &now);
}

static const char *topic_words(const Contract *c) {
    return c->topic != NULL ? c->topic : "any topic";
}

static void compare_entity(const Diff *d, const Contract *before, const Contract *after) {
    const char *field = after->entity.name != NULL ? after->entity.name : before->entity.name;
    if (before->upper_entity != after->upper_entity)
        diff_add(d, diff_rebuild, field, after->upper_entity ? "is in capitals" : "is no longer in capitals");
    if (is_same_text(before->entity_name, after->entity_name)) return;
    if (before->entity_name == NULL)
        diff_add(d, diff_adds, field, "is the id of the first entity, %s", after->entity_name);
    else
        diff_add(d, diff_rebuild, field, "is %s%s, and was that of %s: Gold's tables have other names",
                 after->entity_name != NULL ? "the id of the first entity, " : "no id of an entity",
                 after->entity_name != NULL ? after->entity_name : "", before->entity_name);
}

static void compare_contracts(Diff *d) {
    const Contract *before = d->before, *after = d->after;
    if (!is_same_text(before->topic, after->topic))
        diff_add(d, after->topic != NULL ? diff_tightens : diff_loosens, "", "is of messages of %s, and was of %s", topic_words(after),
                 topic_words(before));
    diff_measures_begin(d);
    compare_entity(d, before, after);
    compare_part(d, &before->entity, &after->entity);
    compare_part(d, &before->timestamp, &after->timestamp);
    compare_part(d, &before->quality, &after->quality);
    compare_fields(d, "", before->fields, before->field_count, after->fields, after->field_count);
    diff_measures_end(d);
}

/* The envelope belongs to the topic: its changes are listed with the first of its contracts. */
static bool is_first_of_topic(const Pipeline *p, const Contract *c) {
    for (const Contract *other = p->contracts; other < c; other++)
        if (is_same_text(other->topic, c->topic)) return false;
    return true;
}

json_t *contracts_diff(const Pipeline *before, const Pipeline *after) {
    Diff d = {.changes = json_array()};
    for (const Contract *c = after->contracts; c < after->contracts + after->contract_count; c++) {
        d.event_type = c->event_type;
        d.before = find_contract(before, after, c);
        d.after = c;
        if (d.before == NULL) {
            diff_add(&d, diff_loosens, "", "is new: its events were in quarantine (unknown_type)");
            continue;
        }
        compare_contracts(&d);
        if (is_first_of_topic(after, c))
            diff_envelope(&d, pipeline_envelope_for(before, d.before->topic), pipeline_envelope_for(after, c->topic));
    }
    for (const Contract *c = before->contracts; c < before->contracts + before->contract_count; c++) {
        d.event_type = c->event_type;
        if (find_contract(after, before, c) == NULL)
            diff_add(&d, diff_tightens, "", "has no contract any more: its events go to quarantine (unknown_type)");
    }
    return d.changes;
}

/* diff.c: see diff.h. */
#include "contract/diff.h"

#include "base/buf.h"
#include "base/memory.h"
#include "contract/words.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char loosens[] = "loosens", tightens[] = "tightens", adds[] = "adds", rebuild[] = "rebuild";

/* What is being compared. */
typedef struct Diff {
    json_t *changes;
    const char *event_type;
} Diff;

static void PRINTF_LIKE(4, 5) add(const Diff *d, const char *effect, const char *field, const char *fmt, ...) {
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0) BUG("vasprintf");
    va_end(args);
    json_array_append_new(d->changes,
                          json_pack("{ss ss ss ss}", "effect", effect, "event_type", d->event_type, "field", field, "text", text));
    free(text);
}

/* ---- checks ---- */

static bool has_value(const Check *c, const char *value) {
    for (size_t i = 0; i < c->value_count; i++)
        if (strcmp(c->values[i], value) == 0) return true;
    return false;
}

/* How many values of `a` are not in `b`. */
static size_t count_missing(const Check *a, const Check *b) {
    size_t n = 0;
    for (size_t i = 0; i < a->value_count; i++) n += !has_value(b, a->values[i]);
    return n;
}

static double limit_of(const Check *c) {
    return c->text != NULL && c->number == 0 ? strtod(c->text, NULL) : (double)c->number;
}

static bool is_upper_end(const Check *c) {
    return c->kind == CHECK_MAXIMUM || c->kind == CHECK_BELOW || c->kind == CHECK_MAX_LENGTH || c->kind == CHECK_AHEAD ||
           c->kind == CHECK_MAX_ITEMS;
}

static const char *effect_of(const Check *before, const Check *after) {
    if (before->kind == CHECK_NOT_VALUES) return count_missing(after, before) > 0 ? tightens : loosens;
    if (before->kind == CHECK_VALUES) return count_missing(before, after) > 0 ? tightens : loosens;
    if (before->kind == CHECK_PATTERN || before->kind == CHECK_FORMAT || before->kind == CHECK_MULTIPLE) return tightens; /* it may */
    return (limit_of(after) < limit_of(before)) == is_upper_end(before) ? tightens : loosens;
}

static bool is_same(const Check *a, const Check *b) {
    if (a->kind != b->kind || (a->counted == 0) != (b->counted == 0) || a->number != b->number || a->value_count != b->value_count)
        return false;
    if (a->kind == CHECK_VALUES || a->kind == CHECK_NOT_VALUES) return count_missing(a, b) == 0 && count_missing(b, a) == 0;
    return (a->text == NULL) == (b->text == NULL) && (a->text == NULL || strcmp(a->text, b->text) == 0);
}

static const Check *find_check(const Field *f, const Check *like, bool same) {
    for (const Check *c = f->checks; c < f->checks + f->check_count; c++)
        if (same ? is_same(c, like) : c->kind == like->kind && c->counted == 0) return c;
    return NULL;
}

static void compare_checks(const Diff *d, const char *path, const Field *before, const Field *after) {
    for (const Check *c = after->checks; c < after->checks + after->check_count; c++) {
        CLEANUP(buf_done) Buf now = {0};
        CLEANUP(buf_done) Buf then = {0};
        if (c->counted > 0 || find_check(before, c, true) != NULL) continue;
        const Check *old = find_check(before, c, false);
        check_words(c, &now);
        if (old != NULL) check_words(old, &then);
        if (old == NULL)
            add(d, tightens, path, "%s", now.data);
        else
            add(d, effect_of(old, c), path, "%s; before: %s", now.data, then.data);
    }
    for (const Check *c = before->checks; c < before->checks + before->check_count; c++) {
        CLEANUP(buf_done) Buf then = {0};
        if (c->counted > 0 || find_check(after, c, false) != NULL) continue;
        check_words(c, &then);
        add(d, loosens, path, "no longer: %s", then.data);
    }
}

/* ---- fields ---- */

static void compare_fields(const Diff *d, const char *parent, const Field *before, size_t n, const Field *after, size_t m);

static const Field *find_field(const Field *fields, size_t n, const char *name) {
    for (const Field *f = fields; f < fields + n; f++)
        if (strcmp(f->name, name) == 0) return f;
    return NULL;
}

static void compare_field(const Diff *d, const char *path, const Field *before, const Field *after) {
    bool columns = before->column != NULL && after->column != NULL;
    if (strcmp(before->sql_type, after->sql_type) != 0 || before->array != after->array)
        add(d, columns ? rebuild : tightens, path, "is %s, and was %s", after->sql_type, before->sql_type);
    if (columns && strcmp(before->column, after->column) != 0)
        add(d, rebuild, path, "is the column %s, and was %s", after->column, before->column);
    if (after->required != before->required)
        add(d, after->required ? tightens : loosens, path, after->required ? "is required" : "is optional");
    compare_checks(d, path, before, after);
    compare_fields(d, path, before->properties, before->property_count, after->properties, after->property_count);
    if (before->items == NULL || after->items == NULL) return;
    CLEANUP(free_text) char *items = xasprintf("%s[]", path);
    compare_field(d, items, before->items, after->items);
}

static void compare_fields(const Diff *d, const char *parent, const Field *before, size_t n, const Field *after, size_t m) {
    for (const Field *f = after; f < after + m; f++) {
        CLEANUP(free_text) char *path = xasprintf("%s%s%s", parent, parent[0] != '\0' ? "." : "", f->name);
        const Field *old = find_field(before, n, f->name);
        if (old != NULL)
            compare_field(d, path, old, f);
        else
            add(d, f->required ? tightens : adds, path, f->required ? "is new, and required" : "is new");
    }
    for (const Field *f = before; f < before + n; f++) {
        CLEANUP(free_text) char *path = xasprintf("%s%s%s", parent, parent[0] != '\0' ? "." : "", f->name);
        if (find_field(after, m, f->name) == NULL) add(d, loosens, path, "is no longer in the contract");
    }
}

/* ---- contracts ---- */

static const Contract *find_contract(const Pipeline *p, const char *event_type) {
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        if (strcmp(c->event_type, event_type) == 0) return c;
    return NULL;
}

/* A part of the envelope that a contract may leave out. */
static void compare_part(const Diff *d, const Field *before, const Field *after) {
    if (before->sql_type != NULL && after->sql_type != NULL && before->name != NULL && after->name != NULL)
        compare_field(d, after->name, before, after);
}

static void compare_contracts(const Diff *d, const Contract *before, const Contract *after) {
    if (before->upper_entity != after->upper_entity)
        add(d, rebuild, after->entity.name, after->upper_entity ? "is in capitals" : "is no longer in capitals");
    compare_part(d, &before->entity, &after->entity);
    compare_part(d, &before->timestamp, &after->timestamp);
    compare_part(d, &before->quality, &after->quality);
    compare_fields(d, "", before->fields, before->field_count, after->fields, after->field_count);
}

json_t *contracts_diff(const Pipeline *before, const Pipeline *after) {
    Diff d = {.changes = json_array()};
    for (const Contract *c = after->contracts; c < after->contracts + after->contract_count; c++) {
        const Contract *old = find_contract(before, c->event_type);
        d.event_type = c->event_type;
        if (old != NULL)
            compare_contracts(&d, old, c);
        else
            add(&d, loosens, "", "is new: its events were in quarantine (unknown_type)");
    }
    for (const Contract *c = before->contracts; c < before->contracts + before->contract_count; c++) {
        d.event_type = c->event_type;
        if (find_contract(after, c->event_type) == NULL)
            add(&d, tightens, "", "has no contract any more: its events go to quarantine (unknown_type)");
    }
    return d.changes;
}

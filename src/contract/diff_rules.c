/* diff_rules.c: the checks of one field before and after. Ends are compared as numbers, so that it does not matter how they are written or
 * which of several checks sets them; all others by what they are. */
#include "base/buf.h"
#include "contract/diff_internal.h"
#include "contract/ends.h"
#include "contract/words.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Checks of a field: those that decide (0), or those of one measure. */
typedef struct Checks {
    const Field *field;
    size_t counted;
} Checks;

/* A warning refuses nothing. */
static const char *effect_of(const Diff *d, const Checks *after, bool tightens) {
    if (!tightens) return diff_loosens;
    return after->counted > 0 && d->after->measures[after->counted - 1].warning ? diff_adds : diff_tightens;
}

static void add_change(const Diff *d, const char *effect, const char *path, const Check *now, const Check *then, bool counted) {
    CLEANUP(buf_done) Buf text = {0};
    buf_add_str(&text, now == NULL ? "no longer: " : "");
    check_words(now != NULL ? now : then, &text);
    if (now != NULL && then != NULL) {
        buf_add_str(&text, "; before: ");
        check_words(then, &text);
    }
    diff_add(d, effect, path, "%s%s", counted ? "counted: " : "", text.data);
}

/* ---- ends ---- */

/* An end: absent, a number, or everything but this number. */
typedef struct End {
    const Check *check;
    long double limit;
    bool open;
} End;

/* 1: `after` lets less pass; -1: more; 0: the same. `low`: of a least. */
static int compare_ends(const End *before, const End *after, bool low) {
    if (before->check == NULL || after->check == NULL) return (after->check != NULL) - (before->check != NULL);
    if (before->limit < after->limit) return low ? 1 : -1;
    if (before->limit > after->limit) return low ? -1 : 1;
    return after->open - before->open;
}

static void compare_end(const Diff *d, const char *path, const Checks *after, const End *then, const End *now, bool low) {
    int order = compare_ends(then, now, low);
    if (order != 0) add_change(d, effect_of(d, after, order > 0), path, now->check, then->check, after->counted > 0);
}

static void compare_range(const Diff *d, const char *path, const Checks *before, const Checks *after, EndsOf of) {
    Ends then = ends_of(before->field, of, before->counted), now = ends_of(after->field, of, after->counted);
    compare_end(d, path, after, &(End){then.low, then.least, then.above}, &(End){now.low, now.least, now.above}, true);
    compare_end(d, path, after, &(End){then.high, then.most, then.below}, &(End){now.high, now.most, now.below}, false);
}

/* ---- other checks ---- */

static bool is_end_kind(CheckKind kind) {
    return kind <= CHECK_MAX_LENGTH || kind == CHECK_AHEAD || kind == CHECK_MIN_ITEMS || kind == CHECK_MAX_ITEMS;
}

static bool is_number(const Field *field) {
    return field->type == VALUE_INTEGER || field->type == VALUE_DECIMAL;
}

/* 1 and 1.0 are the same number. */
static bool is_same_text(const Field *field, const char *a, const char *b) {
    long double x = is_number(field) ? strtold(a, NULL) : 0, y = is_number(field) ? strtold(b, NULL) : 0;
    return is_number(field) ? !(x < y) && !(x > y) : strcmp(a, b) == 0;
}

/* How many values of `a` are not in `b`. */
static size_t count_missing(const Field *field, const Check *a, const Check *b) {
    size_t n = 0;
    for (size_t i = 0; i < a->value_count; i++) {
        size_t k = 0;
        while (k < b->value_count && !is_same_text(field, a->values[i], b->values[k])) k++;
        n += k == b->value_count;
    }
    return n;
}

static bool is_same(const Field *field, const Check *a, const Check *b) {
    if (a->kind != b->kind || a->number != b->number || (a->text == NULL) != (b->text == NULL)) return false;
    if (a->text != NULL && !is_same_text(field, a->text, b->text)) return false;
    return count_missing(field, a, b) == 0 && count_missing(field, b, a) == 0;
}

static bool has_same(const Checks *in, const Check *like) {
    for (const Check *c = in->field->checks; c < in->field->checks + in->field->check_count; c++)
        if (c->counted == in->counted && is_same(in->field, c, like)) return true;
    return false;
}

/* One of this kind that the other side does not have. */
static const Check *find_unlike(const Checks *in, const Checks *other, CheckKind kind) {
    for (const Check *c = in->field->checks; c < in->field->checks + in->field->check_count; c++)
        if (c->counted == in->counted && c->kind == kind && !has_same(other, c)) return c;
    return NULL;
}

/* A pattern or a format may let less pass. */
static bool is_tighter(const Field *field, const Check *before, const Check *after) {
    if (before->kind == CHECK_NOT_VALUES) return count_missing(field, after, before) > 0;
    if (before->kind == CHECK_VALUES) return count_missing(field, before, after) > 0;
    if (before->kind != CHECK_MULTIPLE) return true;
    return fmodl(strtold(before->text, NULL), strtold(after->text, NULL)) > 0; /* each multiple of 10 is one of 5 */
}

static void compare_others(const Diff *d, const char *path, const Checks *before, const Checks *after) {
    for (const Check *c = after->field->checks; c < after->field->checks + after->field->check_count; c++) {
        if (c->counted != after->counted || is_end_kind(c->kind) || has_same(before, c)) continue;
        const Check *old = find_unlike(before, after, c->kind);
        add_change(d, effect_of(d, after, old == NULL || is_tighter(after->field, old, c)), path, c, old, after->counted > 0);
    }
    for (const Check *c = before->field->checks; c < before->field->checks + before->field->check_count; c++) {
        if (c->counted != before->counted || is_end_kind(c->kind) || has_same(after, c)) continue;
        if (find_unlike(after, before, c->kind) == NULL) add_change(d, diff_loosens, path, NULL, c, after->counted > 0);
    }
}

static void compare(const Diff *d, const char *path, const Checks *before, const Checks *after) {
    for (EndsOf of = 0; of < ENDS; of++) compare_range(d, path, before, after, of);
    compare_others(d, path, before, after);
}

/* ---- all checks of a field ---- */

static bool is_decided(const Field *field, const Check *c) {
    return c->kind == CHECK_PRESENT ? field->required : has_same(&(Checks){field, 0}, c);
}

/* The measures that count what decides on the other side. */
static void note_decided(MeasurePair *pairs, const Field *counting, const Field *deciding) {
    for (const Check *c = counting->checks; c < counting->checks + counting->check_count; c++)
        if (c->counted > 0 && is_decided(deciding, c)) pairs[c->counted - 1].decides = true;
}

void diff_rules(const Diff *d, const char *path, const Field *before, const Field *after) {
    Field untyped = {.type = after->type}; /* rules for another type say nothing about this one */
    if (before->type != after->type) before = &untyped;
    note_decided(d->after_pairs, after, before);
    note_decided(d->before_pairs, before, after);
    compare(d, path, &(Checks){before, 0}, &(Checks){after, 0});
    for (size_t i = 0; i < d->after->measure_count; i++)
        if (d->after_pairs[i].other > 0) compare(d, path, &(Checks){before, d->after_pairs[i].other}, &(Checks){after, i + 1});
}

/* diff_measures.c: rules about many events before and after, and promises in time. A rule is known by its name, what it counts and where;
 * one that only got another name is the same. */
#include "base/buf.h"
#include "base/memory.h"
#include "contract/diff_internal.h"
#include "contract/words.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- pairs ---- */

static bool is_of_same(const QualityMeasure *a, const QualityMeasure *b) {
    return a->metric == b->metric && strcmp(a->field, b->field) == 0;
}

static bool is_same_rule(const QualityMeasure *a, const QualityMeasure *b) {
    return is_of_same(a, b) && strcmp(a->rule, b->rule) == 0;
}

static void pair(const Diff *d, bool (*fits)(const QualityMeasure *a, const QualityMeasure *b)) {
    for (size_t i = 0; i < d->after->measure_count; i++)
        for (size_t k = 0; k < d->before->measure_count && d->after_pairs[i].other == 0; k++) {
            if (d->before_pairs[k].other > 0 || !fits(&d->after->measures[i], &d->before->measures[k])) continue;
            d->after_pairs[i].other = k + 1;
            d->before_pairs[k].other = i + 1;
        }
}

void diff_measures_begin(Diff *d) {
    d->after_pairs = xcalloc(d->after->measure_count + 1, sizeof *d->after_pairs);
    d->before_pairs = xcalloc(d->before->measure_count + 1, sizeof *d->before_pairs);
    pair(d, is_same_rule);
    pair(d, is_of_same);
}

/* ---- what an operator allows ---- */

/* The counts from `low` to `high`, or all others. */
typedef struct Allowed {
    double low, high;
    bool above, below; /* the end itself is not in it */
    bool others;
} Allowed;

static Allowed allowed_by(const QualityMeasure *m) {
    switch (m->op) {
    case MUST_BE: return (Allowed){m->low, m->low, false, false, false};
    case MUST_NOT_BE: return (Allowed){m->low, m->low, false, false, true};
    case MUST_BE_ABOVE: return (Allowed){m->low, INFINITY, true, false, false};
    case MUST_BE_AT_LEAST: return (Allowed){m->low, INFINITY, false, false, false};
    case MUST_BE_BELOW: return (Allowed){0, m->low, false, true, false};
    case MUST_BE_AT_MOST: return (Allowed){0, m->low, false, false, false};
    case MUST_BE_BETWEEN: return (Allowed){m->low, m->high, false, false, false};
    case MUST_NOT_BE_BETWEEN: return (Allowed){m->low, m->high, false, false, true};
    case MEASURE_OPERATORS: break;
    }
    BUG("an operator that is none");
}

static bool is_inside(const Allowed *a, const Allowed *b) {
    bool low = a->low > b->low || (!(a->low < b->low) && (a->above || !b->above));
    bool high = a->high < b->high || (!(a->high > b->high) && (a->below || !b->below));
    return low && high;
}

/* Whether `b` allows all that `a` does, as far as this can be told. */
static bool allows_all(const QualityMeasure *a, const QualityMeasure *b) {
    Allowed x = allowed_by(a), y = allowed_by(b);
    if (a->percent != b->percent || x.others != y.others) return false;
    return x.others ? is_inside(&y, &x) : is_inside(&x, &y);
}

static bool has_same_columns(const QualityMeasure *a, const QualityMeasure *b) {
    if (a->column_count != b->column_count) return false;
    for (size_t i = 0; i < a->column_count; i++)
        if (strcmp(a->columns[i], b->columns[i]) != 0) return false;
    return true;
}

/* ---- changes ---- */

static void add_words(const QualityMeasure *m, Buf *out) {
    measure_words(m, out);
    for (size_t i = 0; i < m->column_count; i++) buf_addf(out, "%s%s", i == 0 ? ", of " : " and ", m->columns[i]);
    if (m->warning) buf_add_str(out, " (a warning)");
}

static const char *effect_of(const QualityMeasure *before, const QualityMeasure *after) {
    if (after->warning) return before->warning && !allows_all(before, after) ? diff_adds : diff_loosens;
    if (before->warning || !has_same_columns(before, after)) return diff_tightens;
    return allows_all(before, after) ? diff_loosens : diff_tightens;
}

static void compare_measures(const Diff *d, const QualityMeasure *before, const QualityMeasure *after) {
    CLEANUP(buf_done) Buf now = {0};
    CLEANUP(buf_done) Buf then = {0};
    add_words(after, &now);
    add_words(before, &then);
    bool same =
        before->warning == after->warning && has_same_columns(before, after) && allows_all(before, after) && allows_all(after, before);
    if (!same) diff_add(d, effect_of(before, after), after->field, "%s; before: %s", now.data, then.data);
}

static void add_measure(const Diff *d, const QualityMeasure *m, const char *effect, const char *what) {
    CLEANUP(buf_done) Buf words = {0};
    add_words(m, &words);
    diff_add(d, effect, m->field, "%s%s", what, words.data);
}

/* ---- what is promised in time ---- */

static void compare_promise(const Diff *d, const char *name, int64_t before, int64_t after) {
    if (before == after) return;
    if (after == 0)
        diff_add(d, diff_loosens, "", "no longer promises %s", name);
    else if (before == 0)
        diff_add(d, diff_tightens, "", "promises %s: %" PRId64 " s at most", name, after);
    else
        diff_add(d, after < before ? diff_tightens : diff_loosens, "", "promises %s: %" PRId64 " s at most; before: %" PRId64 " s", name,
                 after, before);
}

void diff_measures_end(Diff *d) {
    for (size_t i = 0; i < d->after->measure_count; i++) {
        const QualityMeasure *m = &d->after->measures[i];
        const MeasurePair *pair = &d->after_pairs[i];
        if (pair->other > 0)
            compare_measures(d, &d->before->measures[pair->other - 1], m);
        else if (!pair->decides)
            add_measure(d, m, m->warning ? diff_adds : diff_tightens, "is measured: ");
    }
    for (size_t i = 0; i < d->before->measure_count; i++)
        if (d->before_pairs[i].other == 0 && !d->before_pairs[i].decides)
            add_measure(d, &d->before->measures[i], diff_loosens, "is no longer measured: ");
    compare_promise(d, "freshness", d->before->freshness_s, d->after->freshness_s);
    compare_promise(d, "latency", d->before->latency_s, d->after->latency_s);
    compare_promise(d, "retention", d->before->retention_s, d->after->retention_s);
    free(d->after_pairs);
    free(d->before_pairs);
}

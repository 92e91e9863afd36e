/* measures.c: see measures.h. */
#include "contract/measures.h"

#include "contract/column_names.h"
#include "contract/reader.h"
#include "contract/text.h"
#include "contract/unenforced.h"
#include <math.h>
#include <string.h>

/* ---- what a rule allows ---- */

static const char *const operators[MEASURE_OPERATORS] = {
    [MUST_BE] = "mustBe",
    [MUST_NOT_BE] = "mustNotBe",
    [MUST_BE_ABOVE] = "mustBeGreaterThan",
    [MUST_BE_AT_LEAST] = "mustBeGreaterOrEqualTo",
    [MUST_BE_BELOW] = "mustBeLessThan",
    [MUST_BE_AT_MOST] = "mustBeLessOrEqualTo",
    [MUST_BE_BETWEEN] = "mustBeBetween",
    [MUST_NOT_BE_BETWEEN] = "mustNotBeBetween",
};

/* Whether there is a count from 0 on, or a percentage from 0 to 100, that is what the rule asks for. */
static bool can_hold(const RuleBound *b) {
    double most = b->percent ? 100 : HUGE_VAL;
    switch (b->op) {
    case MUST_BE: return b->low >= 0 && (b->percent || floor(b->low) >= b->low);
    case MUST_BE_ABOVE: return b->low < most;
    case MUST_BE_BELOW: return b->low > 0;
    case MUST_BE_AT_MOST: return b->low >= 0;
    case MUST_BE_BETWEEN: return b->high >= 0 && (b->percent || floor(b->high) >= b->low);
    case MUST_NOT_BE_BETWEEN: return b->low > 0 || b->high < most;
    default: return true;
    }
}

static int read_operator(const DocNode *value, MeasureOperator op, RuleBound *ret, Error *err) {
    bool pair = op == MUST_BE_BETWEEN || op == MUST_NOT_BE_BETWEEN;
    const json_t *low = pair ? json_array_get(value->value, 0) : value->value, *high = pair ? json_array_get(value->value, 1) : low;
    if (!json_is_number(low) || !json_is_number(high))
        return pair ? REFUSE(value, err, "expected two numbers") : REFUSE(value, err, "expected a number");
    *ret = (RuleBound){true, op, json_number_value(low), json_number_value(high), ret->percent, ret->warning};
    if (ret->low > ret->high) return REFUSE(value, err, "expected the lower number first");
    if (ret->percent && (ret->low < 0 || ret->high > 100)) return REFUSE(value, err, "expected a percentage from 0 to 100");
    return can_hold(ret) ? 0 : REFUSE(value, err, "no %s can be that, so the rule never holds", ret->percent ? "percentage" : "count");
}

int rule_bound_read(const Contract *c, const DocNode *rule, RuleBound *ret, Error *err) {
    static const char *const units[] = {"rows", "percent"};
    size_t unit = 0;
    DocNode written = node_member(rule, "unit");
    const char *severity = json_string_value(json_object_get(rule->value, "severity"));
    const char *first = NULL;
    *ret = (RuleBound){.warning = severity != NULL && strcmp(severity, "error") != 0};
    if (node_exists(&written) && read_choice(&written, units, ARRAY_LEN(units), &unit, err) != 0) return -1;
    ret->percent = unit == 1;
    for (MeasureOperator op = 0; op < MEASURE_OPERATORS; op++) {
        DocNode value = node_member(rule, operators[op]);
        if (!node_exists(&value)) continue;
        if (first != NULL) return REFUSE(&value, err, "the rule has %s already; expected one of them, or two rules", first);
        first = operators[op];
        if (read_operator(&value, op, ret, err) != 0) return -1;
    }
    if (first == NULL && c->v3_0) ret->given = true; /* mustBe: 0 */
    return 0;
}

bool rule_bound_is_none(const RuleBound *bound) {
    bool zero = !(bound->low < 0) && !(bound->low > 0);
    return ((bound->op == MUST_BE || bound->op == MUST_BE_AT_MOST) && zero) ||
           (bound->op == MUST_BE_BELOW && !bound->percent && bound->low <= 1);
}

int metric_read(const Contract *c, const DocNode *rule, const char **ret, Error *err) {
    static const char *const old[][2] = {{"nullCheck", "nullValues"},
                                         {"uniqueCheck", "duplicateValues"},
                                         {"duplicateCount", "duplicateValues"},
                                         {"validValues", "invalidValues"},
                                         {"countCheck", "rowCount"}};
    if (json_object_get(rule->value, "metric") != NULL || !c->v3_0) return read_text(rule, "metric", true, ret, err);
    if (read_text(rule, "rule", true, ret, err) != 0) return -1;
    for (size_t i = 0; i < ARRAY_LEN(old); i++)
        if (strcmp(old[i][0], *ret) == 0) *ret = old[i][1];
    return 0;
}

const char *rule_name_of(Pipeline *p, const DocNode *rule, const char *initial) {
    const char *name = json_string_value(json_object_get(rule->value, "name"));
    if (name == NULL) return initial;
    return is_name(name) ? strings_keep(p->strings, name) : column_name_of(p, name);
}

/* ---- measures ---- */

static bool has_measure(const Contract *c, MeasureMetric metric, const char *rule, const char *field) {
    for (const QualityMeasure *m = c->measures; m < c->measures + c->measure_count; m++)
        if (m->metric == metric && strcmp(m->rule, rule) == 0 && strcmp(m->field, field) == 0) return true;
    return false;
}

/* Each has its own row of quality_state: null_values, null_values_2. */
static const char *own_name(Pipeline *p, const Contract *c, MeasureMetric metric, const char *rule, const char *field) {
    const char *name = rule;
    for (int n = 2; has_measure(c, metric, name, field); n++) name = strings_format(p->strings, "%s_%d", rule, n);
    return name;
}

static QualityMeasure *add(Pipeline *p, Contract *c, const RuleBound *bound, MeasureMetric metric, const char *rule, const char *field) {
    const char *name = own_name(p, c, metric, rule, field);
    c->measures = strings_grow(p->strings, c->measures, c->measure_count, sizeof *c->measures);
    QualityMeasure *m = &c->measures[c->measure_count++];
    *m = (QualityMeasure){.metric = metric,
                          .op = bound->op,
                          .low = bound->low,
                          .high = bound->high,
                          .percent = bound->percent,
                          .warning = bound->warning,
                          .rule = name,
                          .field = field};
    return m;
}

size_t measure_add(Pipeline *p, Contract *c, const RuleBound *bound, MeasureMetric metric, const char *rule, const char *field) {
    add(p, c, bound, metric, rule, field);
    return c->measure_count;
}

void measure_duplicates(Pipeline *p, Contract *c, const RuleBound *bound, const char *rule, const Field *field) {
    QualityMeasure *m = add(p, c, bound, MEASURE_DUPLICATES, rule, field->name);
    m->columns = strings_array(p->strings, 1, sizeof *m->columns);
    m->columns[0] = field->column;
    m->column_count = 1;
}

static const char *find_column(const Contract *c, const char *name) {
    for (const Field *f = c->fields; name != NULL && f < c->fields + c->field_count; f++)
        if (strcmp(f->name, name) == 0) return f->column;
    return NULL;
}

/* arguments: {properties: [a, b]} */
static int read_duplicates(Pipeline *p, Contract *c, const DocNode *rule, const RuleBound *bound, Error *err) {
    DocNode arguments = node_member(rule, "arguments"), names = node_member(&arguments, "properties");
    size_t n = json_array_size(names.value);
    int rc = 0;
    if (n == 0) return REFUSE(&names, err, "expected the properties that are unique together");
    const char **columns = strings_array(p->strings, n, sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        DocNode name = node_item(&names, i);
        columns[i] = find_column(c, json_string_value(name.value));
        if (columns[i] == NULL && !p->columns_missing) rc |= REFUSE(&name, err, "there is no such property; expected one of the payload's");
        if (columns[i] == NULL) rc = -1;
    }
    if (rc != 0) return -1;
    QualityMeasure *m = add(p, c, bound, MEASURE_DUPLICATES, rule_name_of(p, rule, "duplicate_values"), "");
    m->columns = columns;
    m->column_count = n;
    return 0;
}

static int read_rule(Pipeline *p, Contract *c, const DocNode *rule, Error *err) {
    const char *metric = NULL, *type = json_string_value(json_object_get(rule->value, "type"));
    RuleBound bound;
    int rc = checks_known_keys(p, c, rule, c->v3_0 ? quality_keys_v3_0 : quality_keys, err);
    if (!json_is_object(rule->value)) return -1;
    if (type != NULL && strcmp(type, "library") != 0) {
        checks_note_why(p, c, rule, "rules of the type %s are for other tools", type);
        return rc;
    }
    if (metric_read(c, rule, &metric, err) != 0 || rule_bound_read(c, rule, &bound, err) != 0) return -1;
    if (bound.given && strcmp(metric, "rowCount") == 0)
        measure_add(p, c, &bound, MEASURE_ROWS, rule_name_of(p, rule, "row_count"), "");
    else if (bound.given && strcmp(metric, "duplicateValues") == 0)
        rc |= read_duplicates(p, c, rule, &bound, err);
    else if (bound.given)
        checks_note_why(p, c, rule, "an event type has no metric %s; expected rowCount or duplicateValues", metric);
    else
        checks_note_why(p, c, rule, "it has no operator, like mustBe: 0");
    return rc;
}

int measures_read(Pipeline *p, Contract *c, const DocNode *object, Error *err) {
    DocNode quality;
    int rc = 0;
    if (read_list(object, "quality", false, &quality, err) != 0) return -1;
    for (size_t i = 0; i < json_array_size(quality.value); i++) {
        DocNode rule = node_item(&quality, i);
        rc |= read_rule(p, c, &rule, err);
    }
    return rc;
}

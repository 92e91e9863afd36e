/* checks.c: reads the rules of one property: `logicalTypeOptions` (the rules range, length and pattern) and `quality` (named rules).
 *
 * Invariant: a key with a meaning is enforced, measured, refused, or listed as not enforced; it is never silently ignored. */
#include "contract/checks.h"

#include "base/clock.h"
#include "contract/measures.h"
#include "contract/missing.h"
#include "contract/names.h"
#include "contract/reader.h"
#include "contract/text.h"
#include "contract/words.h"
#include <string.h>

/* A key of logicalTypeOptions, of `implementation` or of `arguments`. */
typedef struct CheckKey {
    const char *name, *rule; /* rule: the name of a check in logicalTypeOptions */
    CheckKind kind;
} CheckKey;

static const CheckKey check_keys_known[] = {
    {"minimum", "range", CHECK_MINIMUM},
    {"maximum", "range", CHECK_MAXIMUM},
    {"exclusiveMinimum", "range", CHECK_ABOVE},
    {"exclusiveMaximum", "range", CHECK_BELOW},
    {"minLength", "length", CHECK_MIN_LENGTH},
    {"maxLength", "length", CHECK_MAX_LENGTH},
    {"pattern", "pattern", CHECK_PATTERN},
    {"validValues", "allowed_values", CHECK_VALUES},
    {"maximumAhead", "range", CHECK_AHEAD},
    {"multipleOf", "multiple", CHECK_MULTIPLE},
    {"minItems", "items", CHECK_MIN_ITEMS},
    {"maxItems", "items", CHECK_MAX_ITEMS},
    {"minProperties", "properties", CHECK_MIN_ITEMS},
    {"maxProperties", "properties", CHECK_MAX_ITEMS},
    {"uniqueItems", "unique_items", CHECK_UNIQUE_ITEMS},
};

static const CheckKey *find_check_key(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(check_keys_known); i++)
        if (strcmp(check_keys_known[i].name, name) == 0) return &check_keys_known[i];
    return NULL;
}

/* ---- values of checks ---- */

/* "{{" begins a placeholder of the compiled SQL. */
static int refuse_braces(const DocNode *node, Error *err) {
    return strstr(json_string_value(node->value), "{{") != NULL ? REFUSE(node, err, "expected a text without \"{{\"") : 0;
}

static int read_limit(Pipeline *p, const DocNode *node, const Field *field, Check *check, Error *err) {
    const char *text = json_string_value(node->value);
    Error ignored = {0};
    if (field->type == VALUE_INTEGER || field->type == VALUE_DECIMAL) return read_number(node, p->strings, &check->text, err);
    if (field->type == VALUE_TIME) {
        if (text == NULL || clock_read_time((Span){text, strlen(text)}, &check->number) != CLOCK_READ)
            return REFUSE(node, err, "expected a time of day like \"10:15:00\"");
        check->text = strings_keep(p->strings, text);
        return 0;
    }
    if (field->type != VALUE_DATE && field->type != VALUE_TIMESTAMP)
        return REFUSE(node, err, "a value of type %s has no minimum or maximum; leave this out", value_type_name(field->type));
    if (text == NULL || clock_parse(text, &check->number, &ignored) != 0) {
        error_clear(&ignored);
        return REFUSE(node, err, "expected a time like \"2026-11-24T10:15:00Z\" or a date like \"2026-11-24\"");
    }
    check->text = strings_keep(p->strings, text);
    return 0;
}

static int read_length(const DocNode *node, const Field *field, Check *check, Error *err) {
    if (field->type != VALUE_TEXT) return REFUSE(node, err, "only a text has a length; leave this out");
    if (!node_exists(node)) return REFUSE(node, err, "expected a length in characters");
    return read_integer(node->parent, node->key, 0, INT32_MAX, &check->number, err);
}

static int read_pattern(Pipeline *p, const DocNode *node, const Field *field, Check *check, Error *err) {
    if (field->type != VALUE_TEXT) return REFUSE(node, err, "only a text has a pattern; leave this out");
    if (!json_is_string(node->value)) return REFUSE(node, err, "expected a regular expression, in quotes");
    if (refuse_braces(node, err) != 0) return -1;
    check->text = strings_keep(p->strings, json_string_value(node->value));
    CLEANUP(error_clear) Error why = {0};
    if (p->check_pattern == NULL || p->check_pattern(check->text, NULL, &why) >= 0) return 0;
    return REFUSE(node, err, "this is not a regular expression: %s", why.text);
}

int check_read_value(Pipeline *p, const DocNode *node, const Field *field, const char **ret, Error *err) {
    if (field->type != VALUE_TEXT) return read_number(node, p->strings, ret, err);
    if (!json_is_string(node->value)) return REFUSE(node, err, "expected a text, in quotes where it looks like something else");
    if (refuse_braces(node, err) != 0) return -1;
    *ret = strings_keep(p->strings, json_string_value(node->value));
    return 0;
}

static int read_values(Pipeline *p, const DocNode *node, const Field *field, Check *check, Error *err) {
    if (field->type != VALUE_TEXT && field->type != VALUE_INTEGER && field->type != VALUE_DECIMAL)
        return REFUSE(node, err, "only texts and numbers have a list of valid values; leave this out");
    if (json_array_size(node->value) == 0) return REFUSE(node, err, "expected a list of one or more values");
    check->value_count = json_array_size(node->value);
    check->values = strings_array(p->strings, check->value_count, sizeof *check->values);
    int rc = 0;
    size_t n = check->value_count;
    check->value_count = 0;
    for (size_t i = 0; i < n; i++) {
        DocNode value = node_item(node, i);
        if (!json_is_null(value.value))
            rc |= check_read_value(p, &value, field, &check->values[check->value_count++], err); /* null is no value */
    }
    return rc;
}

static int read_ahead(const DocNode *node, const Field *field, Check *check, Error *err) {
    enum { DAYS_MAX = 3660 };
    const char *text = json_string_value(node->value);
    int64_t ms = 0;
    Error ignored = {0};
    if (field->type != VALUE_TIMESTAMP) return REFUSE(node, err, "only a timestamp can be ahead of the broker's; leave this out");
    if (text == NULL || duration_parse_ms(text, &ms, &ignored) != 0 || ms > DAYS_MAX * INT64_C(86400000)) {
        error_clear(&ignored);
        return REFUSE(node, err, "expected a duration like 1d or 12h, at most %dd", DAYS_MAX);
    }
    check->number = ms * 1000;
    return 0;
}

static int read_multiple(Pipeline *p, const DocNode *node, const Field *field, Check *check, Error *err) {
    if (field->type != VALUE_INTEGER && field->type != VALUE_DECIMAL)
        return REFUSE(node, err, "only a number is a multiple; leave this out");
    if (!json_is_number(node->value) || !(json_number_value(node->value) > 0)) return REFUSE(node, err, "expected a number above 0");
    return read_number(node, p->strings, &check->text, err);
}

/* Of elements, or of members: the key says of which. */
static int read_count(const DocNode *node, const Field *field, Check *check, Error *err) {
    check->of_array = strstr(node->key, "Items") != NULL;
    if (field->type != VALUE_JSON || field->array != check->of_array)
        return REFUSE(node, err, "only %s has this; leave it out", check->of_array ? "an array" : "an object");
    if (!node_exists(node)) return REFUSE(node, err, "expected a count");
    return read_integer(node->parent, node->key, 0, INT32_MAX, &check->number, err);
}

/* *ret: the check is asked for. */
static int read_unique_items(const DocNode *node, const Field *field, bool *ret, Error *err) {
    if (!json_is_boolean(node->value)) return REFUSE(node, err, "expected true or false");
    *ret = json_is_true(node->value);
    return *ret && !(field->type == VALUE_JSON && field->array) ? REFUSE(node, err, "only an array has elements; leave this out") : 0;
}

void check_add(Pipeline *p, Check check, Field *field) {
    field->checks = strings_grow(p->strings, field->checks, field->check_count, sizeof *field->checks);
    field->checks[field->check_count++] = check;
}

static int read_check(Pipeline *p, const DocNode *node, const CheckKey *key, const char *rule, size_t counted, Field *field, Error *err) {
    Check check = {.kind = key->kind, .rule = rule != NULL ? rule : key->rule, .counted = counted};
    int rc = 0;
    bool wanted = true;
    switch (key->kind) {
    case CHECK_MINIMUM:
    case CHECK_MAXIMUM:
    case CHECK_ABOVE:
    case CHECK_BELOW: rc = read_limit(p, node, field, &check, err); break;
    case CHECK_MIN_LENGTH:
    case CHECK_MAX_LENGTH: rc = read_length(node, field, &check, err); break;
    case CHECK_PATTERN: rc = read_pattern(p, node, field, &check, err); break;
    case CHECK_VALUES: rc = read_values(p, node, field, &check, err); break;
    case CHECK_AHEAD: rc = read_ahead(node, field, &check, err); break;
    case CHECK_MULTIPLE: rc = read_multiple(p, node, field, &check, err); break;
    case CHECK_MIN_ITEMS:
    case CHECK_MAX_ITEMS: rc = read_count(node, field, &check, err); break;
    case CHECK_UNIQUE_ITEMS: rc = read_unique_items(node, field, &wanted, err); break;
    case CHECK_FORMAT:
    case CHECK_NOT_VALUES:
    case CHECK_PRESENT: BUG("no key of a rule");
    }
    if (rc != 0) return -1;
    if (wanted) check_add(p, check, field);
    return 0;
}

/* ---- logicalTypeOptions ---- */

/* The range of an integer of another system: i16, u8. False: it is none. */
static bool read_width(Pipeline *p, const char *text, Field *field) {
    static const struct {
        const char *name, *least, *most;
    } widths[] = {{"i8", "-128", "127"},
                  {"i16", "-32768", "32767"},
                  {"i32", "-2147483648", "2147483647"},
                  {"i64", "-9223372036854775808", "9223372036854775807"},
                  {"u8", "0", "255"},
                  {"u16", "0", "65535"},
                  {"u32", "0", "4294967295"},
                  {"u64", "0", NULL}};
    for (size_t i = 0; field->type == VALUE_INTEGER && i < ARRAY_LEN(widths); i++) {
        if (strcmp(widths[i].name, text) != 0) continue;
        check_add(p, (Check){.kind = CHECK_MINIMUM, .rule = "format", .text = widths[i].least}, field);
        if (widths[i].most != NULL) check_add(p, (Check){.kind = CHECK_MAXIMUM, .rule = "format", .text = widths[i].most}, field);
        return true;
    }
    return false;
}

/* Other formats are for other tools: of a date or a number, how they are shown. */
static void read_format(Pipeline *p, Contract *c, const DocNode *node, Field *field) {
    const char *text = json_string_value(node->value);
    if (text != NULL && read_width(p, text, field)) return;
    for (int i = 0; text != NULL && field->type == VALUE_TEXT && i < TEXT_FORMATS; i++) {
        if (strcmp(text_format_names[i], text) != 0 && !(i == FORMAT_URI && strcmp(text, "url") == 0)) continue;
        check_add(p, (Check){.kind = CHECK_FORMAT, .rule = "format", .number = i}, field);
        return;
    }
    checks_note_unenforced(p, c, node);
}

static bool is_informational(const char *key) {
    static const char *const keys[] = {"timezone", "defaultTimezone", "required"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strcmp(keys[i], key) == 0) return true;
    return false;
}

/* In v3.0 `exclusiveMinimum: true` makes `minimum` exclusive. */
static bool is_switch(const Contract *c, const char *key, const json_t *value) {
    return c->v3_0 && json_is_boolean(value) && (strcmp(key, "exclusiveMinimum") == 0 || strcmp(key, "exclusiveMaximum") == 0);
}

static const CheckKey *find_option(const Contract *c, const DocNode *options, const char *key) {
    const char *exclusive = strcmp(key, "minimum") == 0 ? "exclusiveMinimum" : strcmp(key, "maximum") == 0 ? "exclusiveMaximum" : key;
    bool switched = c->v3_0 && json_is_true(json_object_get(options->value, exclusive));
    return find_check_key(switched ? exclusive : key);
}

#define OPTIONS                                                                                                                            \
    "minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern, format, timezone, "                  \
    "defaultTimezone, minItems, maxItems, uniqueItems, minProperties, maxProperties, required"

static int read_options(Pipeline *p, Contract *c, const DocNode *property, Field *field, Error *err) {
    DocNode options;
    const char *key;
    json_t *value;
    int rc = 0;
    if (read_object(property, "logicalTypeOptions", &options, err) != 0) return -1;
    json_object_foreach(options.value, key, value) {
        DocNode option = node_member(&options, key);
        const CheckKey *known = find_option(c, &options, key);
        if (is_switch(c, key, value)) continue;
        if (is_informational(key))
            checks_note_unenforced(p, c, &option);
        else if (strcmp(key, "format") == 0)
            read_format(p, c, &option, field);
        else if (known == NULL || known->kind == CHECK_VALUES || known->kind == CHECK_AHEAD)
            rc |= REFUSE(&option, err, "the standard has no such option; expected one of: " OPTIONS);
        else
            rc |= read_check(p, &option, known, NULL, 0, field, err);
    }
    return rc;
}

/* ---- quality ---- */

#define RULE_CHECKS                                                                                                                        \
    "minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern, validValues, minItems, maxItems, "   \
    "uniqueItems, minProperties, maxProperties, maximumAhead"

/* Whether a rule of the standard has one of these checks. What else is in its arguments is for other tools. */
static bool has_check(const DocNode *arguments) {
    const char *key;
    json_t *value;
    json_object_foreach(arguments->value, key, value) if (find_check_key(key) != NULL) return true;
    return json_object_size(arguments->value) == 0; /* which is a mistake */
}

/* Each key of `arguments` or `implementation` is a check with the rule's name. */
static int read_rule_checks(Pipeline *p, Contract *c, const DocNode *from, const char *rule, size_t counted, Field *field, Error *err) {
    const char *key;
    json_t *value;
    int rc = 0;
    if (json_object_size(from->value) == 0) return REFUSE(from, err, "expected an object with one or more of: " RULE_CHECKS);
    json_object_foreach(from->value, key, value) {
        DocNode check = node_member(from, key);
        const CheckKey *known = find_check_key(key);
        bool arguments = from->key == NULL || strcmp(from->key, "arguments") == 0; /* v3.0: they stand in the rule itself */
        if (known == NULL && arguments) {
            if (from->key != NULL) checks_note_unenforced(p, c, &check);
            continue;
        }
        rc |= known == NULL ? REFUSE(&check, err, "there is no such check; expected one of: " RULE_CHECKS)
                            : read_check(p, &check, known, rule, counted, field, err);
    }
    return rc;
}

/* v3.0 has `validValues` beside the rule. */
static DocNode find_arguments(const Contract *c, const DocNode *rule) {
    static const char *const keys[] = {"validValues", "pattern"};
    for (size_t i = 0; c->v3_0 && i < ARRAY_LEN(keys); i++)
        if (json_object_get(rule->value, keys[i]) != NULL) return *rule;
    return node_member(rule, "arguments");
}

static const char *path_of(const Field *field) {
    return field->path != NULL ? field->path : field->name;
}

/* A rule that no event may break decides about each event; with another severity than error, or with a tolerance, it is counted. */
static size_t count_if_due(Pipeline *p, Contract *c, const RuleBound *bound, MeasureMetric metric, const char *rule, const Field *field) {
    bool decides = rule_bound_is_none(bound) && !bound->warning;
    return decides ? 0 : measure_add(p, c, bound, metric, rule, path_of(field));
}

/* A rule of the library that is not known, or not known here. */
static void note_unknown_rule(Pipeline *p, Contract *c, const DocNode *rule, bool known, const char *metric, bool bound) {
    if (!known)
        checks_note_why(p, c, rule, "a property has no metric %s; expected nullValues, missingValues, invalidValues or duplicateValues",
                        metric);
    else if (!bound)
        checks_note_why(p, c, rule, "it has no operator, like mustBe: 0");
    else
        checks_note_why(p, c, rule, "inside objects and arrays there is no column");
}

static int read_library_rule(Pipeline *p, Contract *c, const DocNode *rule, Field *field, Error *err) {
    static const struct {
        const char *metric, *name;
        MeasureMetric measure;
    } metrics[] = {{"nullValues", "null_values", MEASURE_NULLS},
                   {"missingValues", "missing_values", MEASURE_MISSING},
                   {"invalidValues", "allowed_values", MEASURE_INVALID},
                   {"duplicateValues", "duplicate_values", MEASURE_DUPLICATES}};
    const char *metric = NULL;
    RuleBound bound;
    size_t i = 0;
    if (metric_read(c, rule, &metric, err) != 0 || rule_bound_read(c, rule, &bound, err) != 0) return -1;
    while (i < ARRAY_LEN(metrics) && strcmp(metrics[i].metric, metric) != 0) i++;
    if (i == ARRAY_LEN(metrics) || !bound.given || (metrics[i].measure == MEASURE_DUPLICATES && field->column == NULL)) {
        note_unknown_rule(p, c, rule, i < ARRAY_LEN(metrics), metric, bound.given);
        return 0;
    }
    const char *own = rule_name_of(p, rule, NULL), *name = own != NULL ? own : metrics[i].name;
    if (metrics[i].measure == MEASURE_DUPLICATES) {
        measure_duplicates(p, c, &bound, name, field);
        return 0;
    }
    DocNode arguments = find_arguments(c, rule);
    if (metrics[i].measure == MEASURE_INVALID && !has_check(&arguments)) {
        checks_note_why(p, c, rule, "its arguments have none of " RULE_CHECKS);
        return 0;
    }
    size_t counted = count_if_due(p, c, &bound, metrics[i].measure, name, field);
    if (metrics[i].measure == MEASURE_INVALID) return read_rule_checks(p, c, &arguments, name, counted, field, err);
    if (metrics[i].measure == MEASURE_MISSING) return missing_read(p, c, &arguments, name, own, counted, field, err);
    check_require(p, name, own, counted, field);
    return 0;
}

static int read_custom_rule(Pipeline *p, Contract *c, const DocNode *rule, Field *field, Error *err) {
    const char *engine = NULL;
    RuleBound bound;
    DocNode implementation = node_member(rule, "implementation"), name = node_member(rule, "name");
    if (read_text(rule, "engine", true, &engine, err) != 0) return -1;
    if (strcmp(engine, "smelt") != 0) {
        checks_note_why(p, c, rule, "it is for the engine %s", engine);
        return 0;
    }
    const char *text = NULL;
    if (read_name(&name, p->strings, &text, err) != 0 || rule_bound_read(c, rule, &bound, err) != 0) return -1;
    return read_rule_checks(p, c, &implementation, text, count_if_due(p, c, &bound, MEASURE_INVALID, text, field), field, err);
}

static int read_rule(Pipeline *p, Contract *c, const DocNode *rule, Field *field, Error *err) {
    enum { LIBRARY, CUSTOM };
    static const char *const types[] = {[LIBRARY] = "library", [CUSTOM] = "custom", "text", "sql"};
    size_t type = LIBRARY;
    DocNode written = node_member(rule, "type");
    int rc = checks_known_keys(p, c, rule, c->v3_0 ? quality_keys_v3_0 : quality_keys, err);
    size_t noted = c->unenforced_count;
    if (!json_is_object(rule->value) || (node_exists(&written) && read_choice(&written, types, ARRAY_LEN(types), &type, err) != 0))
        return -1;
    if (type == LIBRARY)
        rc |= read_library_rule(p, c, rule, field, err);
    else if (type == CUSTOM)
        rc |= read_custom_rule(p, c, rule, field, err);
    else
        checks_note_why(p, c, rule, "rules of the type %s are for other tools", types[type]);
    if (c->unenforced_count == noted) checks_note_keys(p, c, rule, "schedule, scheduler, query");
    return rc;
}

int checks_read(Pipeline *p, Contract *c, const DocNode *property, Field *field, Error *err) {
    DocNode quality;
    int rc = read_options(p, c, property, field, err);
    if (read_list(property, "quality", false, &quality, err) != 0) return -1;
    for (size_t i = 0; i < json_array_size(quality.value); i++) {
        DocNode rule = node_item(&quality, i);
        rc |= read_rule(p, c, &rule, field, err);
    }
    return rc;
}

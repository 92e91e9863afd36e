/* checks.c: the rules of one property: `logicalTypeOptions` (rules range, length, pattern) and `quality` (rules with names of their own).
 *
 * Invariant: a key that means something is enforced, refused, or noted as not enforced; never silently dropped. */
#include "contract/internal.h"

#include "base/clock.h"
#include "base/memory.h"
#include <string.h>

/* A key of logicalTypeOptions, of `implementation` or of `arguments`. */
typedef struct CheckKey {
    const char *name, *rule; /* rule: when the check has no name of its own */
    CheckKind kind;
} CheckKey;

static const CheckKey check_keys[] = {
    {"minimum", "range", CHECK_MINIMUM},        {"maximum", "range", CHECK_MAXIMUM},
    {"exclusiveMinimum", "range", CHECK_ABOVE}, {"exclusiveMaximum", "range", CHECK_BELOW},
    {"minLength", "length", CHECK_MIN_LENGTH},  {"maxLength", "length", CHECK_MAX_LENGTH},
    {"pattern", "pattern", CHECK_PATTERN},      {"validValues", "allowed_values", CHECK_VALUES},
    {"maximumAhead", "range", CHECK_AHEAD},
};

static const CheckKey *find_check_key(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(check_keys); i++)
        if (strcmp(check_keys[i].name, name) == 0) return &check_keys[i];
    return NULL;
}

static void note_unenforced(Pipeline *p, Contract *c, const Place *place) {
    c->unenforced = grow(p->strings, c->unenforced, c->unenforced_count, sizeof *c->unenforced);
    c->unenforced[c->unenforced_count++] = strings_adopt(p->strings, place_path(place));
}

/* ---- values of checks ---- */

/* Placeholders of the compiled SQL look like this. */
static int check_braces(const Place *place, Error *err) {
    return strstr(json_string_value(place->value), "{{") != NULL ? place_fail(place, err, "must not contain \"{{\"") : 0;
}

static int read_limit(Pipeline *p, const Place *place, const Field *field, Check *check, Error *err) {
    if (field->type == VALUE_INTEGER || field->type == VALUE_DECIMAL) return read_number(place, p->strings, &check->text, err);
    if (field->type != VALUE_DATE && field->type != VALUE_TIMESTAMP)
        return place_fail(place, err, "a %s has no limits", value_type_name(field->type));
    Error time = {0};
    if (!json_is_string(place->value) || clock_parse(json_string_value(place->value), &check->number, &time) != 0) {
        error_clear(&time);
        return place_fail(place, err, "expected a time as \"2026-11-24T10:15:00Z\"");
    }
    check->text = strings_keep(p->strings, json_string_value(place->value));
    return 0;
}

static int read_length(const Place *place, const Field *field, Check *check, Error *err) {
    if (field->type != VALUE_TEXT) return place_fail(place, err, "only a string has a length");
    return read_integer(place->parent, place->key, 0, INT32_MAX, &check->number, err);
}

static int read_pattern(Pipeline *p, const Place *place, const Field *field, Check *check, Error *err) {
    if (field->type != VALUE_TEXT) return place_fail(place, err, "only a string has a pattern");
    if (!json_is_string(place->value)) return place_fail(place, err, "expected a regular expression");
    if (check_braces(place, err) != 0) return -1;
    check->text = strings_keep(p->strings, json_string_value(place->value));
    return 0;
}

static int read_value(Pipeline *p, const Place *place, const Field *field, const char **ret, Error *err) {
    if (field->type != VALUE_TEXT) return read_number(place, p->strings, ret, err);
    if (!json_is_string(place->value)) return place_fail(place, err, "expected a text, in quotes if it looks like something else");
    if (check_braces(place, err) != 0) return -1;
    *ret = strings_keep(p->strings, json_string_value(place->value));
    return 0;
}

static int read_values(Pipeline *p, const Place *place, const Field *field, Check *check, Error *err) {
    if (field->type != VALUE_TEXT && field->type != VALUE_INTEGER && field->type != VALUE_DECIMAL)
        return place_fail(place, err, "only strings and numbers have allowed values");
    if (!json_is_array(place->value) || json_array_size(place->value) == 0) return place_fail(place, err, "expected a list of values");
    check->value_count = json_array_size(place->value);
    check->values = strings_adopt(p->strings, xcalloc(check->value_count, sizeof *check->values));
    for (size_t i = 0; i < check->value_count; i++) {
        Place value = place_at(place, i);
        if (read_value(p, &value, field, &check->values[i], err) != 0) return -1;
    }
    return 0;
}

static int read_ahead(const Place *place, const Field *field, Check *check, Error *err) {
    enum { DAYS_MAX = 3660 };
    int64_t ms = 0;
    Error bad = {0};
    if (field->type != VALUE_TIMESTAMP) return place_fail(place, err, "only a timestamp can be ahead of the broker's");
    if (!json_is_string(place->value) || duration_parse_ms(json_string_value(place->value), &ms, &bad) != 0 ||
        ms > DAYS_MAX * INT64_C(86400000)) {
        error_clear(&bad);
        return place_fail(place, err, "expected a duration as \"1d\" or \"12h\"");
    }
    check->number = ms * 1000;
    return 0;
}

static int read_check(Pipeline *p, const Place *place, const CheckKey *key, const char *rule, Field *field, Error *err) {
    Check check = {.kind = key->kind, .rule = rule != NULL ? rule : key->rule};
    int rc = 0;
    switch (key->kind) {
    case CHECK_MINIMUM:
    case CHECK_MAXIMUM:
    case CHECK_ABOVE:
    case CHECK_BELOW: rc = read_limit(p, place, field, &check, err); break;
    case CHECK_MIN_LENGTH:
    case CHECK_MAX_LENGTH: rc = read_length(place, field, &check, err); break;
    case CHECK_PATTERN: rc = read_pattern(p, place, field, &check, err); break;
    case CHECK_VALUES: rc = read_values(p, place, field, &check, err); break;
    case CHECK_AHEAD: rc = read_ahead(place, field, &check, err); break;
    }
    if (rc != 0) return -1;
    field->checks = grow(p->strings, field->checks, field->check_count, sizeof *field->checks);
    field->checks[field->check_count++] = check;
    return 0;
}

/* ---- logicalTypeOptions ---- */

static bool is_informational(const char *key) {
    static const char *const keys[] = {"format",   "timezone", "defaultTimezone", "maxProperties", "minProperties",
                                       "required", "maxItems", "minItems",        "uniqueItems"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strcmp(keys[i], key) == 0) return true;
    return false;
}

static int read_options(Pipeline *p, Contract *c, const Place *property, Field *field, Error *err) {
    Place options;
    const char *key;
    json_t *value;
    if (read_object(property, "logicalTypeOptions", false, &options, err) != 0) return -1;
    json_object_foreach(options.value, key, value) {
        Place place = place_key(&options, key);
        const CheckKey *known = find_check_key(key);
        if (is_informational(key))
            note_unenforced(p, c, &place);
        else if (known == NULL || known->kind == CHECK_VALUES || known->kind == CHECK_AHEAD)
            return place_fail(&place, err, "smelt does not enforce this option; write a quality rule, or leave it out");
        else if (read_check(p, &place, known, NULL, field, err) != 0)
            return -1;
    }
    return 0;
}

/* ---- quality ---- */

/* Each key of `arguments` or `implementation` is a check under the rule's name. */
static int read_rule_checks(Pipeline *p, const Place *from, const char *rule, Field *field, Error *err) {
    const char *key;
    json_t *value;
    if (!json_is_object(from->value) || json_object_size(from->value) == 0)
        return place_fail(from, err,
                          "expected an object with minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength, pattern, "
                          "validValues or maximumAhead");
    json_object_foreach(from->value, key, value) {
        Place place = place_key(from, key);
        const CheckKey *known = find_check_key(key);
        if (known == NULL) return place_fail(&place, err, "smelt does not know this rule");
        if (read_check(p, &place, known, rule, field, err) != 0) return -1;
    }
    return 0;
}

static int read_rule_name(Pipeline *p, const Place *rule, const char *initial, const char **ret, Error *err) {
    Place name = place_key(rule, "name");
    if (!place_exists(&name) && initial != NULL) {
        *ret = initial;
        return 0;
    }
    if (check_name(&name, err) != 0) return -1;
    *ret = strings_keep(p->strings, json_string_value(name.value));
    return 0;
}

/* Only a metric that must be 0 says something about each single event. */
static int read_library_rule(Pipeline *p, Contract *c, const Place *rule, Field *field, Error *err) {
    const char *metric = NULL, *name = NULL;
    Place arguments = place_key(rule, "arguments"), most = place_key(rule, "mustBe");
    if (read_text(rule, "metric", true, &metric, err) != 0) return -1;
    bool none = json_is_integer(most.value) && json_integer_value(most.value) == 0;
    if (none && strcmp(metric, "nullValues") == 0)
        field->required = true;
    else if (none && strcmp(metric, "invalidValues") == 0) {
        if (read_rule_name(p, rule, "allowed_values", &name, err) != 0) return -1;
        return read_rule_checks(p, &arguments, name, field, err);
    } else
        note_unenforced(p, c, rule);
    return 0;
}

static int read_custom_rule(Pipeline *p, Contract *c, const Place *rule, Field *field, Error *err) {
    const char *engine = NULL, *name = NULL;
    Place implementation = place_key(rule, "implementation");
    if (read_text(rule, "engine", true, &engine, err) != 0) return -1;
    if (strcmp(engine, "smelt") != 0) {
        note_unenforced(p, c, rule);
        return 0;
    }
    if (read_rule_name(p, rule, NULL, &name, err) != 0) return -1;
    return read_rule_checks(p, &implementation, name, field, err);
}

static int read_rule(Pipeline *p, Contract *c, const Place *rule, Field *field, Error *err) {
    static const char *const known[] = {"id",
                                        "name",
                                        "description",
                                        "type",
                                        "metric",
                                        "arguments",
                                        "engine",
                                        "implementation",
                                        "mustBe",
                                        "mustNotBe",
                                        "mustBeGreaterThan",
                                        "mustBeGreaterOrEqualTo",
                                        "mustBeLessThan",
                                        "mustBeLessOrEqualTo",
                                        "mustBeBetween",
                                        "mustNotBeBetween",
                                        "unit",
                                        "query",
                                        "dimension",
                                        "method",
                                        "severity",
                                        "businessImpact",
                                        "customProperties",
                                        "tags",
                                        "authoritativeDefinitions",
                                        "scheduler",
                                        "schedule",
                                        "rule"};
    static const char *const types[] = {"library", "custom", "text", "sql"};
    size_t type = 0;
    Place written = place_key(rule, "type");
    if (read_known_keys(rule, known, ARRAY_LEN(known), err) != 0) return -1;
    if (place_exists(&written) && read_choice(&written, types, ARRAY_LEN(types), &type, err) != 0) return -1;
    if (type == 0) return read_library_rule(p, c, rule, field, err);
    if (type == 1) return read_custom_rule(p, c, rule, field, err);
    note_unenforced(p, c, rule);
    return 0;
}

int checks_read(Pipeline *p, Contract *c, const Place *property, Field *field, Error *err) {
    Place quality;
    if (read_options(p, c, property, field, err) != 0 || read_array(property, "quality", false, &quality, err) != 0) return -1;
    for (size_t i = 0; i < json_array_size(quality.value); i++) {
        Place rule = place_at(&quality, i);
        if (read_rule(p, c, &rule, field, err) != 0) return -1;
    }
    return 0;
}

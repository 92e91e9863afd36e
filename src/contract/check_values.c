/* check_values.c: see check_values.h. */
#include "contract/check_values.h"

#include "base/clock.h"
#include "contract/names.h"
#include "contract/reader.h"
#include "contract/text.h"
#include <string.h>

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

const CheckKey *check_key_find(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(check_keys_known); i++)
        if (strcmp(check_keys_known[i].name, name) == 0) return &check_keys_known[i];
    return NULL;
}

/* ---- values of checks ---- */

/* "{{" begins a placeholder of the compiled SQL. */
static int refuse_braces(const DocNode *node, Error *err) {
    return strstr(json_string_value(node->value), "{{") != NULL ? REFUSE(node, err, "expected a text without \"{{\"") : 0;
}

static int read_end(Pipeline *p, const DocNode *node, const Field *field, Check *check, Error *err) {
    const char *text = json_string_value(node->value);
    Error ignored = {0};
    if (field->type == VALUE_INTEGER || field->type == VALUE_DECIMAL) return read_limit(node, p->strings, &check->text, err);
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
    if (field->type != VALUE_TEXT) return read_limit(node, p->strings, ret, err);
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
    return read_step(node, p->strings, &check->text, err);
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

int check_read(Pipeline *p, const DocNode *node, const CheckKey *key, const char *rule, size_t counted, Field *field, Error *err) {
    Check check = {.kind = key->kind, .rule = rule != NULL ? rule : key->rule, .counted = counted};
    int rc = 0;
    bool wanted = true;
    switch (key->kind) {
    case CHECK_MINIMUM:
    case CHECK_MAXIMUM:
    case CHECK_ABOVE:
    case CHECK_BELOW: rc = read_end(p, node, field, &check, err); break;
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
    case CHECK_MEMBER:
    case CHECK_ZONE:
    case CHECK_PRESENT: BUG("no key of a rule");
    }
    if (rc != 0) return -1;
    if (wanted) check_add(p, check, field);
    return 0;
}

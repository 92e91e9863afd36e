/* checks.c: reads the rules of one property: `logicalTypeOptions` (the rules range, length and pattern) and `quality` (named rules).
 *
 * Invariant: a key with a meaning is enforced, measured, refused, or listed as not enforced; it is never silently ignored. */
#include "contract/checks.h"

#include "base/clock.h"
#include "base/memory.h"
#include "contract/check_values.h"
#include "contract/measures.h"
#include "contract/missing.h"
#include "contract/names.h"
#include "contract/reader.h"
#include "contract/text.h"
#include "contract/words.h"
#include <string.h>

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

/* ---- zones ---- */

/* Only of a text that is a date and a time: the event's own time is read by ingest, before there is a contract, and an epoch is UTC. */
static bool is_text_with_zone(const Contract *c, const Field *field) {
    return field->type == VALUE_TIMESTAMP && field->time_form == TIME_ISO8601 && field != &c->timestamp;
}

static int read_timezone(Pipeline *p, Contract *c, const DocNode *node, Field *field, Error *err) {
    if (!json_is_boolean(node->value)) return REFUSE(node, err, "expected true or false");
    if (is_text_with_zone(c, field))
        check_add(p, (Check){.kind = CHECK_ZONE, .rule = "timezone", .number = json_is_true(node->value)}, field);
    else if (field->type != VALUE_TIME || json_is_true(node->value)) /* a time of day has none, whatever the contract says */
        checks_note_why(p, c, node, "only a timestamp of the payload that is a text has a zone");
    return 0;
}

/* The offset of "+02:00", or of a name of UTC. */
static bool read_offset(const char *text, int *ret_s) {
    static const char *const names[] = {"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu", "Z"};
    int64_t at_us = 0;
    bool has_zone = false;
    *ret_s = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], text) == 0) return true;
    const char *moment = text[0] == '+' || text[0] == '-' ? "1970-01-02T00:00:00" : NULL;
    CLEANUP(free_text) char *whole = moment != NULL ? xasprintf("%s%s", moment, text) : NULL;
    if (whole == NULL || clock_read_in_zone((Span){whole, strlen(whole)}, 0, &at_us, &has_zone) != CLOCK_READ) return false;
    *ret_s = (int)(86400 - at_us / USEC_PER_SEC);
    return true;
}

static int read_default_timezone(Pipeline *p, Contract *c, const DocNode *node, Field *field, Error *err) {
    const char *text = json_string_value(node->value);
    int zone_s = 0;
    if (text == NULL) return REFUSE(node, err, "expected an offset from UTC, in quotes, like \"+02:00\", or UTC");
    bool known = read_offset(text, &zone_s), always = json_is_true(json_object_get(node->parent->value, "timezone"));
    if (known && is_text_with_zone(c, field))
        field->zone_s = zone_s;
    else if (!known && !always)
        checks_note_why(
            p, c, node,
            "times without an offset are read as UTC; write the offset of the zone if it always has the same, like \"+02:00\", or send one with each time (timezone: true)");
    else if (known && zone_s != 0 && field->time_form == TIME_ISO8601)
        checks_note_why(p, c, node, "only a timestamp of the payload that is a text has a zone");
    return 0;
}

/* ---- options ---- */

/* In v3.0 `exclusiveMinimum: true` makes `minimum` exclusive. */
static bool is_switch(const Contract *c, const char *key, const json_t *value) {
    return c->v3_0 && json_is_boolean(value) && (strcmp(key, "exclusiveMinimum") == 0 || strcmp(key, "exclusiveMaximum") == 0);
}

static const CheckKey *find_option(const Contract *c, const DocNode *options, const char *key) {
    const char *exclusive = strcmp(key, "minimum") == 0 ? "exclusiveMinimum" : strcmp(key, "maximum") == 0 ? "exclusiveMaximum" : key;
    bool switched = c->v3_0 && json_is_true(json_object_get(options->value, exclusive));
    return check_key_find(switched ? exclusive : key);
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
        if (strcmp(key, "timezone") == 0)
            rc |= read_timezone(p, c, &option, field, err);
        else if (strcmp(key, "defaultTimezone") == 0)
            rc |= read_default_timezone(p, c, &option, field, err);
        else if (strcmp(key, "required") == 0) {
            if (field->type != VALUE_JSON || field->array)
                checks_note_why(p, c, &option, "only an object has members"); /* fields.c reads it */
        } else if (strcmp(key, "format") == 0)
            read_format(p, c, &option, field);
        else if (known == NULL || known->kind == CHECK_VALUES || known->kind == CHECK_AHEAD)
            rc |= REFUSE(&option, err, "the standard has no such option; expected one of: " OPTIONS);
        else
            rc |= check_read(p, &option, known, NULL, 0, field, err);
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
    json_object_foreach(arguments->value, key, value) if (check_key_find(key) != NULL) return true;
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
        const CheckKey *known = check_key_find(key);
        bool arguments = from->key == NULL || strcmp(from->key, "arguments") == 0; /* v3.0: they stand in the rule itself */
        if (known == NULL && arguments) {
            if (from->key != NULL) checks_note_unenforced(p, c, &check);
            continue;
        }
        rc |= known == NULL ? REFUSE(&check, err, "there is no such check; expected one of: " RULE_CHECKS)
                            : check_read(p, &check, known, rule, counted, field, err);
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

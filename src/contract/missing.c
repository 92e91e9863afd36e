/* missing.c: see missing.h. */
#include "contract/missing.h"

#include "base/clock.h"
#include "contract/check_values.h"
#include "contract/names.h"
#include "contract/notes.h"
#include "contract/reader.h"
#include "contract/text.h"
#include "contract/unenforced.h"
#include <string.h>

void check_require(Pipeline *p, const char *rule, const char *own, size_t counted, Field *field) {
    if (counted > 0) {
        check_add(p, (Check){.kind = CHECK_PRESENT, .rule = rule, .counted = counted}, field);
        return;
    }
    if (!field->required) field->required_rule = own;
    field->required = true;
}

/* ---- values of other types than texts and numbers ---- */

static bool read_moment(TimeForm form, Span text, int64_t *ret) {
    static const int decimals[] = {[TIME_EPOCH_S] = 0, [TIME_EPOCH_MS] = 3, [TIME_EPOCH_US] = 6, [TIME_EPOCH_NS] = 9};
    if (form != TIME_ISO8601 && clock_read_epoch(text, decimals[form], ret) == CLOCK_READ) return true;
    return clock_read(text, ret) == CLOCK_READ;
}

bool listed_value_read(ValueType type, TimeForm form, const char *text, int64_t *ret) {
    Span span = {text, strlen(text)};
    int32_t day = 0;
    switch (type) {
    case VALUE_BOOLEAN: *ret = strcmp(text, "true") == 0; return *ret == 1 || strcmp(text, "false") == 0;
    case VALUE_TIME: return clock_read_time(span, ret) == CLOCK_READ;
    case VALUE_TIMESTAMP: return read_moment(form, span, ret);
    case VALUE_DATE:
        if (clock_read_date(span, &day) != CLOCK_READ) return false;
        *ret = day;
        return true;
    default: return false;
    }
}

/* A number as JSON writes it, without an exponent. */
static bool is_plain_number(const char *text, bool decimals) {
    const char *at = text + (*text == '-');
    size_t digits = strspn(at, "0123456789");
    if (digits == 0 || (digits > 1 && *at == '0')) return false;
    at += digits;
    if (*at == '.' && decimals) {
        digits = strspn(++at, "0123456789");
        at += digits;
    }
    return digits > 0 && *at == '\0';
}

/* ---- the list ---- */

/* true and 0 as text; NULL: not a scalar. */
static const char *text_of(Pipeline *p, const json_t *value) {
    if (json_is_string(value)) return strings_keep(p->strings, json_string_value(value));
    if (json_is_boolean(value)) return json_is_true(value) ? "true" : "false";
    return json_is_integer(value) ? strings_format(p->strings, "%" JSON_INTEGER_FORMAT, json_integer_value(value)) : NULL;
}

/* *ret: NULL when the field cannot have the value. */
static int read_value(Pipeline *p, const DocNode *node, const Field *field, const char **ret, Error *err) {
    bool number = field->type == VALUE_INTEGER || field->type == VALUE_DECIMAL, written = json_is_string(node->value);
    int64_t ignored;
    *ret = NULL;
    if (number ? json_is_number(node->value) : field->type == VALUE_TEXT && written) return check_read_value(p, node, field, ret, err);
    const char *text = text_of(p, node->value);
    bool fits = text != NULL &&
                (number ? written && is_plain_number(text, field->type == VALUE_DECIMAL)
                        : written != (field->type == VALUE_BOOLEAN) && listed_value_read(field->type, field->time_form, text, &ignored));
    bool epoch = text != NULL && field->type == VALUE_TIMESTAMP && field->time_form != TIME_ISO8601 && json_is_integer(node->value);
    if (fits || (epoch && listed_value_read(field->type, field->time_form, text, &ignored))) *ret = text;
    return 0;
}

/* [] and {} of a field of that kind; other lists and objects are not compared. */
static void read_inside(Pipeline *p, Contract *c, const DocNode *value, const char *rule, size_t counted, Field *field) {
    bool empty = json_is_array(value->value) ? json_array_size(value->value) == 0 : json_object_size(value->value) == 0;
    if (empty)
        check_add(p, (Check){.kind = CHECK_MIN_ITEMS, .rule = rule, .number = 1, .of_array = field->array, .counted = counted}, field);
    else
        checks_note_why(p, c, value, "a list or an object that is not empty is not compared");
}

static bool is_of_kind(const Field *field, const json_t *value) {
    return field->type == VALUE_JSON && (field->array ? json_is_array(value) : json_is_object(value));
}

static void note_other_type(Pipeline *p, Contract *c, const DocNode *value, const Field *field) {
    note_add(p, c, value, NOTE_READ_AS, "this is no %s: events with it are in quarantine by the rule type", value_type_name(field->type));
}

int missing_read(Pipeline *p, Contract *c, const DocNode *arguments, const char *rule, const char *own, size_t counted, Field *field,
                 Error *err) {
    DocNode list = node_member(arguments, "missingValues");
    Check check = {.kind = CHECK_NOT_VALUES, .rule = rule, .counted = counted, .of_texts = field->type == VALUE_TEXT};
    int rc = 0;
    if (json_array_size(list.value) == 0) return REFUSE(&list, err, "expected a list of the values that count as missing");
    check.values = strings_array(p->strings, json_array_size(list.value), sizeof *check.values);
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        DocNode value = node_item(&list, i);
        const char *text = NULL;
        if (json_is_null(value.value))
            check_require(p, rule, own, counted, field);
        else if (is_of_kind(field, value.value))
            read_inside(p, c, &value, rule, counted, field);
        else if (read_value(p, &value, field, &text, err) != 0)
            rc = -1;
        else if (text != NULL)
            check.values[check.value_count++] = text;
        else
            note_other_type(p, c, &value, field);
    }
    if (rc == 0 && check.value_count > 0) check_add(p, check, field);
    return rc;
}

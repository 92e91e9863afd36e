/* conditions.c: see conditions.h. `where` has a key for each column. Its value is one value, a list of allowed values, or an object with
 * comparisons. */
#include "contract/conditions.h"

#include "contract/columns.h"
#include "contract/names.h"
#include "contract/reader.h"
#include "contract/text.h"
#include <string.h>

static int read_value(Pipeline *p, const DocNode *node, const Column *column, const char **ret, Error *err) {
    switch (column->type) {
    case VALUE_TEXT:
        if (!json_is_string(node->value) || strstr(json_string_value(node->value), "{{") != NULL)
            return REFUSE(node, err, "expected a text without \"{{\", in quotes where it looks like something else");
        *ret = strings_keep(p->strings, json_string_value(node->value));
        return 0;
    case VALUE_BOOLEAN:
        if (!json_is_boolean(node->value)) return REFUSE(node, err, "expected true or false, as %s is a boolean", column->name);
        *ret = json_is_true(node->value) ? "true" : "false";
        return 0;
    case VALUE_INTEGER:
    case VALUE_DECIMAL: return read_number(node, p->strings, ret, err);
    default:
        return REFUSE(node, err, "%s is a %s; expected a column of texts, numbers or booleans", column->name,
                      value_type_name(column->type));
    }
}

static bool has_contract(const Pipeline *p, const char *event_type) {
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        if (strcmp(c->event_type, event_type) == 0) return true;
    return false;
}

static int read_values(Pipeline *p, const DocNode *node, Condition *c, Error *err) {
    bool list = json_is_array(node->value);
    c->value_count = list ? json_array_size(node->value) : 1;
    if (c->value_count == 0) return REFUSE(node, err, "expected one or more values");
    c->values = strings_array(p->strings, c->value_count, sizeof *c->values);
    int rc = 0;
    for (size_t i = 0; i < c->value_count; i++) {
        DocNode value = list ? node_item(node, i) : *node;
        if (read_value(p, &value, &c->column, &c->values[i], err) != 0)
            rc = -1;
        else if (strcmp(c->column.name, "event_type") == 0 && !has_contract(p, c->values[i]))
            rc |= p->columns_missing ? -1 : REFUSE(&value, err, "there is no contract for this event type; expected the name of one");
    }
    return rc;
}

static void add_condition(Pipeline *p, Feature *f, const Condition *c) {
    f->where = strings_grow(p->strings, f->where, f->where_count, sizeof *f->where);
    f->where[f->where_count++] = *c;
}

/* {less_than: 5, not_in: [a, b]}: each key is a separate condition. */
static int read_comparisons(Pipeline *p, const DocNode *node, const Column *column, Feature *f, Error *err) {
    const char *key;
    json_t *value;
    int rc = 0;
    if (check_keys(node, "in, not_in, equals, less_than, at_most, greater_than, at_least", err) != 0) return -1;
    json_object_foreach(node->value, key, value) {
        DocNode operand = node_member(node, key);
        Condition c = {.column = *column};
        while (strcmp(comparison_names[c.comparison], key) != 0) c.comparison++;
        if (json_is_array(value) && c.comparison != COMPARE_IN && c.comparison != COMPARE_NOT_IN)
            rc |= REFUSE(&operand, err, "expected one value");
        else if (read_values(p, &operand, &c, err) != 0)
            rc = -1;
        else
            add_condition(p, f, &c);
    }
    return rc;
}

int conditions_read(Pipeline *p, const DocNode *feature, Feature *f, Error *err) {
    DocNode where;
    const char *key;
    json_t *value;
    int rc = 0;
    if (read_object(feature, "where", &where, err) != 0) return -1;
    json_object_foreach(where.value, key, value) {
        DocNode node = node_member(&where, key);
        Condition c = {.comparison = COMPARE_IN};
        if (column_find(p, &node, key, &c.column, err) != 0)
            rc = -1;
        else if (json_is_object(value))
            rc |= read_comparisons(p, &node, &c.column, f, err);
        else if (read_values(p, &node, &c, err) != 0)
            rc = -1;
        else
            add_condition(p, f, &c);
    }
    return rc;
}

/* columns.c: see columns.h.
 *
 * Invariant: sums are exact. The limits of a summed column ensure that EVENTS_MAX events of one entity do not overflow 64 bits, and
 * that a mean can be rounded in 64-bit arithmetic. A column without such limits is refused. */
#include "contract/columns.h"

#include "contract/names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EVENTS_MAX 1e8 /* of one entity */

static const Column envelope_columns[] = {
    {"event_type", "VARCHAR", VALUE_TEXT, 0},
    {"source_system", "VARCHAR", VALUE_TEXT, 0},
    {"quality_score", "INTEGER", VALUE_INTEGER, 0},
};

static bool find(const Pipeline *p, const char *name, Column *ret) {
    for (size_t i = 0; i < ARRAY_LEN(envelope_columns); i++) {
        if (strcmp(envelope_columns[i].name, name) != 0) continue;
        *ret = envelope_columns[i];
        return true;
    }
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        for (const Field *f = c->fields; f < c->fields + c->field_count; f++) {
            if (strcmp(f->column, name) != 0) continue;
            *ret = (Column){f->column, f->sql_type, f->type, f->scale};
            return true;
        }
    return false;
}

/* The column of the property that has this name in messages; NULL: there is none. */
static const char *column_of_property(const Pipeline *p, const char *name) {
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        for (const Field *f = c->fields; f < c->fields + c->field_count; f++)
            if (f->name != NULL && f->column != NULL && strcasecmp(f->name, name) == 0) return f->column;
    return NULL;
}

static bool is_of_entity(const Pipeline *p, const char *name) {
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        if (c->entity.column != NULL && strcmp(c->entity.column, name) == 0) return true;
    return false;
}

static int refuse_column(const Pipeline *p, const DocNode *node, const char *name, Error *err) {
    const char *column = column_of_property(p, name);
    if (column != NULL) return REFUSE(node, err, "there is no such column; the column of the property of this name is %s", column);
    if (is_of_entity(p, name) || is_silver_column(name))
        return REFUSE(node, err,
                      "features cannot use this column of Silver; expected event_type, source_system, quality_score, or that of a "
                      "property of the payload");
    return REFUSE(node, err, "there is no such column; expected event_type, source_system, quality_score, or a physicalName of a contract");
}

int column_find(const Pipeline *p, const DocNode *node, const char *name, Column *ret, Error *err) {
    bool found = name != NULL && find(p, name, ret);
    if (!found && name != NULL && p->columns_missing) return -1; /* it may be the one that could not be read */
    if (!found && name != NULL) return refuse_column(p, node, name, err);
    if (!found) return REFUSE(node, err, "expected the name of a column of Silver");
    if (ret->type == VALUE_JSON) return REFUSE(node, err, "this column is JSON, which features cannot use; expected another one");
    if (ret->type == VALUE_TIME) return REFUSE(node, err, "this column is a time of day, which features cannot use; expected another one");
    return 0;
}

/* ---- limits ---- */

static double type_limit(const Field *f) {
    static const struct {
        const char *type;
        double limit;
    } limits[] = {{"TINYINT", 128}, {"SMALLINT", 32768}, {"INTEGER", 2147483648.0}, {"BIGINT", 9223372036854775808.0}};
    if (f->type == VALUE_DECIMAL) return pow(10, f->precision - f->scale);
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        if (strcmp(limits[i].type, f->sql_type) == 0) return limits[i].limit;
    BUG("a sum over a column that is not numeric");
}

/* The largest absolute value that passes the field's checks. */
static double largest_value(const Field *f) {
    double low = -type_limit(f), high = type_limit(f);
    for (const Check *c = f->checks; c < f->checks + f->check_count; c++) {
        if (c->counted > 0) continue; /* other values pass too */
        if (c->kind == CHECK_MINIMUM || c->kind == CHECK_ABOVE) low = fmax(low, strtod(c->text, NULL));
        if (c->kind == CHECK_MAXIMUM || c->kind == CHECK_BELOW) high = fmin(high, strtod(c->text, NULL));
    }
    return fmax(fabs(low), fabs(high));
}

static double largest_in_column(const Pipeline *p, const char *column) {
    double largest = 0;
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++) {
        if (strcmp(column, c->quality.column) == 0) largest = fmax(largest, largest_value(&c->quality));
        for (const Field *f = c->fields; f < c->fields + c->field_count; f++)
            if (strcmp(f->column, column) == 0) largest = fmax(largest, largest_value(f));
    }
    return largest;
}

int column_check_sum(const Pipeline *p, const DocNode *node, const Feature *f, Error *err) {
    int scale = f->column.scale, shift = f->round > scale ? f->round - scale : 0;
    double capacity = f->column.type == VALUE_DECIMAL ? 1e18 : 9.2e18, units = EVENTS_MAX * pow(10, scale);
    double allowed = fmin(capacity, 9.2e18 / pow(10, shift)) / units, largest = largest_in_column(p, f->column.name);
    if (largest <= allowed) return 0;
    if (p->limits_missing) return -1;
    return REFUSE(node, err,
                  "a sum over this column could overflow; expected a minimum and a maximum in its contract, at most %.0f from 0%s",
                  floor(allowed), largest <= capacity / units ? ", or a smaller round" : "");
}

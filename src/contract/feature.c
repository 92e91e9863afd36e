/* feature.c: see feature.h. */
#include "contract/feature.h"

#include "contract/columns.h"
#include "contract/conditions.h"
#include "contract/gold_columns.h"
#include "contract/names.h"
#include "contract/reader.h"
#include "contract/text.h"
#include "contract/windows.h"

#define DECIMALS_MAX  9
#define MEAN_DECIMALS 2 /* of a mean at least, when nothing is written: it has those of its column, too */

static int check_aggregate(const Pipeline *p, const DocNode *column, const Feature *f, Error *err) {
    bool number = f->column.type == VALUE_INTEGER || f->column.type == VALUE_DECIMAL;
    bool ordered = number || f->column.type == VALUE_DATE || f->column.type == VALUE_TIMESTAMP;
    switch (f->aggregate) {
    case AGGREGATE_SUM:
    case AGGREGATE_AVG:
        return number ? column_check_sum(p, column, f, err)
                      : REFUSE(column, err, "only numbers can be summed; expected a column of numbers");
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        return ordered ? 0
                       : REFUSE(column, err, "a column of this type has no %s; expected one of numbers, dates or timestamps",
                                aggregate_names[f->aggregate]);
    default: return 0;
    }
}

static int read_feature_column(Pipeline *p, const DocNode *feature, Feature *f, Error *err) {
    DocNode column = node_member(feature, "column");
    if (f->aggregate == AGGREGATE_COUNT || (f->aggregate >= AGGREGATE_RECENCY && f->aggregate != AGGREGATE_DISTINCT))
        return node_exists(&column) ? REFUSE(&column, err, "%s counts events; leave this out, and use `where` for some of them",
                                             aggregate_names[f->aggregate])
                                    : 0;
    if (column_find(p, &column, json_string_value(column.value), &f->column, err) != 0) return -1;
    if (f->round < 0) f->round = f->column.scale > MEAN_DECIMALS ? f->column.scale : MEAN_DECIMALS;
    return check_aggregate(p, &column, f, err);
}

/* -1 of a mean without it: then the column says it, which is read later. */
static int read_round(const DocNode *feature, Feature *f, Error *err) {
    DocNode node = node_member(feature, "round");
    int64_t round = f->aggregate == AGGREGATE_AVG ? -1 : MEAN_DECIMALS;
    if (f->aggregate != AGGREGATE_AVG && node_exists(&node))
        return REFUSE(&node, err, "only an avg is rounded, the others are exact; leave this out");
    if (read_integer(feature, "round", 0, DECIMALS_MAX, &round, err) != 0) return -1;
    f->round = (int)round;
    return 0;
}

static int read_unit(Pipeline *p, const DocNode *feature, Feature *f, Error *err) {
    const char *unit = "";
    if (read_text(feature, "unit", false, &unit, err) != 0) return -1;
    f->unit = strings_keep(p->strings, unit);
    return 0;
}

bool feature_is_number(const Feature *f) {
    bool value = f->aggregate == AGGREGATE_MIN || f->aggregate == AGGREGATE_MAX || f->aggregate == AGGREGATE_LAST;
    return !value || f->column.type == VALUE_INTEGER || f->column.type == VALUE_DECIMAL;
}

static int read_worse(const DocNode *feature, Feature *f, Error *err) {
    static const char *const sides[] = {"higher", "lower"};
    DocNode worse = node_member(feature, "worse");
    size_t side = 0;
    if (!node_exists(&worse)) return 0;
    if (read_choice(&worse, sides, ARRAY_LEN(sides), &side, err) != 0) return -1;
    if (!feature_is_number(f)) return REFUSE(&worse, err, "only of numbers some are worse; leave this out");
    f->worse = sides[side];
    return 0;
}

int feature_read(Pipeline *p, const Entity *e, const DocNode *feature, const char *keys, size_t aggregates, Feature *f, Error *err) {
    DocNode aggregate = node_member(feature, "aggregate");
    size_t chosen;
    f->line = node_line(feature);
    int rc = check_keys(feature, keys, err);
    if (!json_is_object(feature->value)) return -1;
    rc |= gold_names_read(p, e, feature, &(GoldNames){&f->name, &f->title, &f->description}, err);
    rc |= read_unit(p, feature, f, err);
    if (read_choice(&aggregate, aggregate_names, aggregates, &chosen, err) == 0) {
        f->aggregate = (Aggregate)chosen;
        rc |= read_round(feature, f, err);
        rc |= read_feature_column(p, feature, f, err) != 0 ? -1 : read_worse(feature, f, err);
    } else {
        rc = -1;
    }
    rc |= conditions_read(p, feature, f, err);
    return rc | windows_read(p, feature, &f->windows, &f->window_count, err);
}

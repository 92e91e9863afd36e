/* features.c: features.yaml: aggregates over Silver's columns, and labels over the features.
 *
 * Invariant: sums stay exact. A summed column has limits so narrow that EVENTS_MAX events of one subscriber cannot overflow 64 bits, and a
 * mean can still be rounded in 64-bit arithmetic; a column without such limits is refused here, not at night in production. */
#include "contract/internal.h"

#include "base/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX   1e8 /* of one subscriber */
#define WINDOW_MAX   366 /* days */
#define WINDOWS_MAX  8
#define DECIMALS_MAX 9

static const char *const aggregates[] = {[AGGREGATE_COUNT] = "count", [AGGREGATE_SUM] = "sum", [AGGREGATE_AVG] = "avg",
                                         [AGGREGATE_MIN] = "min",     [AGGREGATE_MAX] = "max", [AGGREGATE_LAST] = "last"};

const char *aggregate_name(Aggregate aggregate) {
    return aggregates[aggregate];
}

static const char *const comparisons[] = {
    [COMPARE_IN] = "in",           [COMPARE_NOT_IN] = "not_in",        [COMPARE_EQUAL] = "equals",     [COMPARE_LESS] = "less_than",
    [COMPARE_AT_MOST] = "at_most", [COMPARE_GREATER] = "greater_than", [COMPARE_AT_LEAST] = "at_least"};

const char *comparison_name(Comparison comparison) {
    return comparisons[comparison];
}

/* ---- columns ---- */

static const Column envelope_columns[] = {
    {"event_type", "VARCHAR", VALUE_TEXT, 0},
    {"source_system", "VARCHAR", VALUE_TEXT, 0},
    {"quality_score", "INTEGER", VALUE_INTEGER, 0},
};

static bool find_column(const Pipeline *p, const char *name, Column *ret) {
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

static int read_column(const Pipeline *p, const Place *place, const char *name, Column *ret, Error *err) {
    if (name == NULL || !find_column(p, name, ret))
        return place_fail(place, err,
                          "expected a column of Silver: event_type, source_system, quality_score, or a physicalName of a contract");
    if (ret->type == VALUE_JSON) return place_fail(place, err, "a column of JSON cannot be used here");
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
    BUG("a sum over something that is no number");
}

/* The largest absolute value that passes the field's checks. */
static double largest_value(const Field *f) {
    double low = -type_limit(f), high = type_limit(f);
    for (const Check *c = f->checks; c < f->checks + f->check_count; c++) {
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

static int check_limits(const Pipeline *p, const Place *place, const Feature *f, Error *err) {
    int scale = f->column.scale, shift = f->round > scale ? f->round - scale : 0;
    double capacity = f->column.type == VALUE_DECIMAL ? 1e18 : 9.2e18;
    double allowed = fmin(capacity, 9.2e18 / pow(10, shift)) / EVENTS_MAX / pow(10, scale);
    if (largest_in_column(p, f->column.name) <= allowed) return 0;
    return place_fail(place, err,
                      "a sum over this column could overflow: give it a minimum and a maximum in its contract, at most %.0f from 0",
                      floor(allowed));
}

/* ---- where ---- */

static int read_condition_value(Pipeline *p, const Place *place, const Column *column, const char **ret, Error *err) {
    switch (column->type) {
    case VALUE_TEXT:
        if (!json_is_string(place->value) || strstr(json_string_value(place->value), "{{") != NULL)
            return place_fail(place, err, "expected a text without \"{{\"");
        *ret = strings_keep(p->strings, json_string_value(place->value));
        return 0;
    case VALUE_BOOLEAN:
        if (!json_is_boolean(place->value)) return place_fail(place, err, "expected true or false");
        *ret = json_is_true(place->value) ? "true" : "false";
        return 0;
    case VALUE_INTEGER:
    case VALUE_DECIMAL: return read_number(place, p->strings, ret, err);
    default: return place_fail(place, err, "a %s cannot be compared here", value_type_name(column->type));
    }
}

static bool is_known_type(const Pipeline *p, const char *event_type) {
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        if (strcmp(c->event_type, event_type) == 0) return true;
    return false;
}

static int read_condition_values(Pipeline *p, const Place *place, Condition *c, Error *err) {
    bool list = json_is_array(place->value);
    c->value_count = list ? json_array_size(place->value) : 1;
    if (c->value_count == 0) return place_fail(place, err, "expected at least one value");
    c->values = strings_adopt(p->strings, xcalloc(c->value_count, sizeof *c->values));
    for (size_t i = 0; i < c->value_count; i++) {
        Place value = list ? place_at(place, i) : *place;
        if (read_condition_value(p, &value, &c->column, &c->values[i], err) != 0) return -1;
        if (strcmp(c->column.name, "event_type") == 0 && !is_known_type(p, c->values[i]))
            return place_fail(&value, err, "no contract has this event type");
    }
    return 0;
}

static void add_condition(Pipeline *p, Feature *f, const Condition *c) {
    f->where = grow(p->strings, f->where, f->where_count, sizeof *f->where);
    f->where[f->where_count++] = *c;
}

/* {less_than: 5, not_in: [a, b]}: each key is a condition of its own. */
static int read_comparisons(Pipeline *p, const Place *place, const Column *column, Feature *f, Error *err) {
    const char *key;
    json_t *value;
    json_object_foreach(place->value, key, value) {
        Place inner = place_key(place, key);
        Condition c = {.column = *column};
        size_t i = 0;
        while (i < ARRAY_LEN(comparisons) && strcmp(comparisons[i], key) != 0) i++;
        c.comparison = (Comparison)i;
        if (i == ARRAY_LEN(comparisons))
            return place_fail(&inner, err, "expected in, not_in, equals, less_than, at_most, greater_than or at_least");
        if (json_is_array(value) && i != COMPARE_IN && i != COMPARE_NOT_IN) return place_fail(&inner, err, "expected one value");
        if (read_condition_values(p, &inner, &c, err) != 0) return -1;
        add_condition(p, f, &c);
    }
    return 0;
}

static int read_where(Pipeline *p, const Place *feature, Feature *f, Error *err) {
    Place where;
    const char *key;
    json_t *value;
    if (read_object(feature, "where", false, &where, err) != 0) return -1;
    json_object_foreach(where.value, key, value) {
        Place place = place_key(&where, key);
        Condition c = {.comparison = COMPARE_IN};
        if (read_column(p, &place, key, &c.column, err) != 0) return -1;
        if (json_is_object(value)) {
            if (read_comparisons(p, &place, &c.column, f, err) != 0) return -1;
            continue;
        }
        if (read_condition_values(p, &place, &c, err) != 0) return -1;
        add_condition(p, f, &c);
    }
    return 0;
}

/* ---- windows ---- */

static int compare_days(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

static int read_window(const Place *place, int *ret, Error *err) {
    int days = 0, end = 0;
    const char *text = json_string_value(place->value);
    if (text == NULL || sscanf(text, "%3dd%n", &days, &end) != 1 || end == 0 || text[end] != '\0' || days < 1 || days > WINDOW_MAX)
        return place_fail(place, err, "expected whole days from 1d to %dd", WINDOW_MAX);
    *ret = days;
    return 0;
}

static int read_windows(Pipeline *p, const Place *at, int **ret, size_t *ret_count, Error *err) {
    Place list;
    if (read_array(at, "windows", false, &list, err) != 0) return -1;
    if (list.value == NULL) return 0;
    size_t n = json_array_size(list.value);
    if (n > WINDOWS_MAX) return place_fail(&list, err, "at most %d windows", WINDOWS_MAX);
    int *days = strings_adopt(p->strings, xcalloc(n + 1, sizeof *days));
    for (size_t i = 0; i < n; i++) {
        Place window = place_at(&list, i);
        if (read_window(&window, &days[i], err) != 0) return -1;
    }
    qsort(days, n, sizeof *days, compare_days);
    for (size_t i = 1; i < n; i++)
        if (days[i] == days[i - 1]) return place_fail(&list, err, "a window is there twice");
    *ret = days;
    *ret_count = n;
    return 0;
}

static bool has_window(const int *windows, size_t n, int days) {
    for (size_t i = 0; i < n; i++)
        if (windows[i] == days) return true;
    return false;
}

static int collect_windows(Pipeline *p, const Place *document, Error *err) {
    int *all = strings_adopt(p->strings, xcalloc(WINDOWS_MAX, sizeof *all));
    size_t n = 0;
    for (const Feature *f = p->features; f < p->features + p->feature_count; f++)
        for (size_t i = 0; i < f->window_count; i++) {
            if (has_window(all, n, f->windows[i])) continue;
            if (n == WINDOWS_MAX) return place_fail(document, err, "at most %d different windows over all features", WINDOWS_MAX);
            all[n++] = f->windows[i];
        }
    qsort(all, n, sizeof *all, compare_days);
    p->windows = all;
    p->window_count = n;
    return 0;
}

/* ---- features ---- */

static int check_aggregate(const Pipeline *p, const Place *place, const Feature *f, Error *err) {
    bool number = f->column.type == VALUE_INTEGER || f->column.type == VALUE_DECIMAL;
    bool ordered = number || f->column.type == VALUE_DATE || f->column.type == VALUE_TIMESTAMP;
    switch (f->aggregate) {
    case AGGREGATE_SUM:
    case AGGREGATE_AVG: return number ? check_limits(p, place, f, err) : place_fail(place, err, "only numbers can be summed");
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        return ordered ? 0 : place_fail(place, err, "only numbers, dates and times have a %s here", aggregate_name(f->aggregate));
    default: return 0;
    }
}

static int read_feature_column(Pipeline *p, const Place *feature, Feature *f, Error *err) {
    Place place = place_key(feature, "column");
    if (f->aggregate == AGGREGATE_COUNT)
        return place_exists(&place) ? place_fail(&place, err, "count counts events: use `where`, without a column") : 0;
    if (read_column(p, &place, json_string_value(place.value), &f->column, err) != 0) return -1;
    return check_aggregate(p, &place, f, err);
}

static int read_round(const Place *feature, Feature *f, Error *err) {
    Place place = place_key(feature, "round");
    int64_t round = 2;
    if (f->aggregate != AGGREGATE_AVG && place_exists(&place))
        return place_fail(&place, err, "only an avg is rounded; the others are exact");
    if (read_integer(feature, "round", 0, DECIMALS_MAX, &round, err) != 0) return -1;
    f->round = (int)round;
    return 0;
}

static int read_names(Pipeline *p, const Place *at, const char **ret_name, const char **ret_description, Error *err) {
    Place name = place_key(at, "name");
    const char *description = "";
    if (check_name(&name, err) != 0 || read_text(at, "description", false, &description, err) != 0) return -1;
    if (strcmp(json_string_value(name.value), "subscriber_id") == 0) return place_fail(&name, err, "Gold has a column of that name");
    *ret_name = strings_keep(p->strings, json_string_value(name.value));
    *ret_description = strings_keep(p->strings, description);
    return 0;
}

static int read_feature(Pipeline *p, const Place *feature, const Feature *initial, Feature *f, Error *err) {
    static const char *const known[] = {"name", "description", "aggregate", "column", "where", "round", "windows"};
    Place aggregate = place_key(feature, "aggregate");
    size_t chosen;
    *f = *initial;
    if (read_known_keys(feature, known, ARRAY_LEN(known), err) != 0 || read_names(p, feature, &f->name, &f->description, err) != 0 ||
        read_choice(&aggregate, aggregates, ARRAY_LEN(aggregates), &chosen, err) != 0)
        return -1;
    f->aggregate = (Aggregate)chosen;
    return read_round(feature, f, err) != 0 || read_feature_column(p, feature, f, err) != 0 || read_where(p, feature, f, err) != 0 ||
                   read_windows(p, feature, &f->windows, &f->window_count, err) != 0
               ? -1
               : 0;
}

/* ---- names ---- */

static bool feature_has_column(const Feature *f, const char *name, int *ret_window) {
    size_t n = strlen(f->name);
    *ret_window = 0;
    if (strcmp(f->name, name) == 0) return true;
    if (strncmp(f->name, name, n) != 0) return false;
    for (size_t i = 0; i < f->window_count; i++) {
        CLEANUP(free_text) char *suffix = xasprintf("_%dd", f->windows[i]);
        *ret_window = f->windows[i];
        if (strcmp(name + n, suffix) == 0) return true;
    }
    return false;
}

static int check_free_name(const Pipeline *p, const Place *at, const char *name, const void *self, Error *err) {
    int window;
    Place place = place_key(at, "name");
    for (const Feature *f = p->features; f < p->features + p->feature_count; f++)
        if (f != self && feature_has_column(f, name, &window)) return place_fail(&place, err, "Gold already has a column of that name");
    for (const Label *l = p->labels; l < p->labels + p->label_count; l++)
        if (l != self && strcmp(l->name, name) == 0) return place_fail(&place, err, "Gold already has a column of that name");
    return 0;
}

static int check_feature_names(const Pipeline *p, const Place *list, Error *err) {
    for (size_t i = 0; i < p->feature_count; i++) {
        Place place = place_at(list, i);
        const Feature *f = &p->features[i];
        if (check_free_name(p, &place, f->name, f, err) != 0) return -1;
        for (size_t w = 0; w < f->window_count; w++) {
            CLEANUP(free_text) char *name = xasprintf("%s_%dd", f->name, f->windows[w]);
            if (check_free_name(p, &place, name, f, err) != 0) return -1;
        }
    }
    return 0;
}

/* ---- labels ---- */

static int find_feature(const Pipeline *p, const Place *place, LabelTerm *term, Error *err) {
    const char *name = json_string_value(place->value);
    for (size_t i = 0; name != NULL && i < p->feature_count; i++) {
        if (!feature_has_column(&p->features[i], name, &term->window)) continue;
        term->feature = i;
        const Feature *f = &p->features[i];
        bool number = f->aggregate == AGGREGATE_COUNT || f->column.type == VALUE_INTEGER || f->column.type == VALUE_DECIMAL;
        return number ? 0 : place_fail(place, err, "only a feature that is a number can be compared with one");
    }
    return place_fail(place, err, "expected the name of a feature, or of one of its windows");
}

static int read_term(Pipeline *p, const Place *place, LabelTerm *term, Error *err) {
    static const char *const known[] = {"feature", "equals", "less_than", "at_most", "greater_than", "at_least"};
    Place feature = place_key(place, "feature");
    if (read_known_keys(place, known, ARRAY_LEN(known), err) != 0 || find_feature(p, &feature, term, err) != 0) return -1;
    if (json_object_size(place->value) != 2) return place_fail(place, err, "expected a feature and one comparison with a number");
    for (size_t i = COMPARE_EQUAL; i < ARRAY_LEN(comparisons); i++) {
        Place number = place_key(place, comparisons[i]);
        if (number.value == NULL) continue;
        term->comparison = (Comparison)i;
        return read_number(&number, p->strings, &term->number, err);
    }
    BUG("a term without a comparison");
}

static int read_terms(Pipeline *p, const Place *label, Label *l, Error *err) {
    Place any, all;
    if (read_array(label, "any_of", false, &any, err) != 0 || read_array(label, "all_of", false, &all, err) != 0) return -1;
    if ((any.value == NULL) == (all.value == NULL)) return place_fail(label, err, "expected any_of or all_of");
    const Place *terms = any.value != NULL ? &any : &all;
    l->all = terms == &all;
    if (json_array_size(terms->value) == 0) return place_fail(terms, err, "expected at least one comparison");
    l->term_count = json_array_size(terms->value);
    l->terms = strings_adopt(p->strings, xcalloc(l->term_count, sizeof *l->terms));
    for (size_t i = 0; i < l->term_count; i++) {
        Place term = place_at(terms, i);
        if (read_term(p, &term, &l->terms[i], err) != 0) return -1;
    }
    return 0;
}

static int read_labels(Pipeline *p, const Place *document, Error *err) {
    static const char *const known[] = {"name", "description", "any_of", "all_of"};
    Place list;
    if (read_array(document, "labels", false, &list, err) != 0) return -1;
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        Place place = place_at(&list, i);
        Label l = {0};
        if (read_known_keys(&place, known, ARRAY_LEN(known), err) != 0 || read_names(p, &place, &l.name, &l.description, err) != 0 ||
            check_free_name(p, &place, l.name, NULL, err) != 0 || read_terms(p, &place, &l, err) != 0)
            return -1;
        p->labels = grow(p->strings, p->labels, p->label_count, sizeof *p->labels);
        p->labels[p->label_count++] = l;
    }
    return 0;
}

/* ---- the document ---- */

static int read_features(Pipeline *p, const Place *document, Error *err) {
    Place list;
    Feature initial = {0};
    if (read_array(document, "features", true, &list, err) != 0 ||
        read_windows(p, document, &initial.windows, &initial.window_count, err) != 0)
        return -1;
    if (json_array_size(list.value) == 0) return place_fail(&list, err, "expected at least one feature");
    p->features = strings_adopt(p->strings, xcalloc(json_array_size(list.value), sizeof *p->features));
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        Place place = place_at(&list, i);
        if (read_feature(p, &place, &initial, &p->features[i], err) != 0) return -1;
        p->feature_count++;
    }
    return check_feature_names(p, &list, err) != 0 ? -1 : collect_windows(p, &list, err);
}

int features_read(Pipeline *p, const Place *document, Error *err) {
    static const char *const known[] = {"version", "minimum_events", "windows", "features", "labels"};
    int64_t version = 0;
    p->minimum_events = 1;
    Place place = place_key(document, "version");
    if (read_known_keys(document, known, ARRAY_LEN(known), err) != 0 || read_integer(document, "version", 1, 1, &version, err) != 0)
        return -1;
    if (version != 1) return place_fail(&place, err, "expected 1");
    return read_integer(document, "minimum_events", 1, INT32_MAX, &p->minimum_events, err) != 0 || read_features(p, document, err) != 0 ||
                   read_labels(p, document, err) != 0
               ? -1
               : 0;
}

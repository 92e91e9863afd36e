/* labels.c: see labels.h. A label combines comparisons of features with numbers by `any_of` or `all_of`. */
#include "contract/labels.h"

#include "contract/gold_columns.h"
#include "contract/names.h"
#include "contract/outcomes.h"
#include "contract/reader.h"
#include "contract/text.h"

static int find_feature(const Entity *e, const DocNode *node, LabelTerm *term, Error *err) {
    const char *name = json_string_value(node->value);
    for (size_t i = 0; name != NULL && i < e->feature_count; i++) {
        const Feature *f = &e->features[i];
        if (!feature_has_column(f, name, &term->window)) continue;
        term->feature = i;
        bool number = f->aggregate == AGGREGATE_COUNT || f->column.type == VALUE_INTEGER || f->column.type == VALUE_DECIMAL;
        return number ? 0 : REFUSE(node, err, "this feature is not numeric; expected a numeric one");
    }
    if (name != NULL && e->features_missing) return -1; /* it may be the one that could not be read */
    return REFUSE(node, err, "expected the name of a feature, or of one of its windows");
}

static int read_term(Pipeline *p, const Entity *e, const DocNode *node, LabelTerm *term, Error *err) {
    DocNode feature = node_member(node, "feature");
    int rc = check_keys(node, "feature, equals, less_than, at_most, greater_than, at_least", err);
    if (rc != 0 || find_feature(e, &feature, term, err) != 0) return -1;
    if (json_object_size(node->value) != 2) return REFUSE(node, err, "expected a feature and one comparison with a number");
    for (size_t i = COMPARE_EQUAL; i < COMPARISON_NAMES; i++) {
        DocNode number = node_member(node, comparison_names[i]);
        if (number.value == NULL) continue;
        term->comparison = (Comparison)i;
        return read_number(&number, p->strings, &term->number, err);
    }
    BUG("a term without a comparison");
}

static int read_terms(Pipeline *p, const Entity *e, const DocNode *label, Label *l, Error *err) {
    DocNode any, all;
    if (read_list(label, "any_of", false, &any, err) != 0 || read_list(label, "all_of", false, &all, err) != 0) return -1;
    if ((any.value == NULL) == (all.value == NULL)) return REFUSE(label, err, "expected either any_of or all_of");
    const DocNode *terms = any.value != NULL ? &any : &all;
    l->all = terms == &all;
    l->term_count = json_array_size(terms->value);
    if (l->term_count == 0) return REFUSE(terms, err, "expected one or more comparisons");
    l->terms = strings_array(p->strings, l->term_count, sizeof *l->terms);
    int rc = 0;
    for (size_t i = 0; i < l->term_count; i++) {
        DocNode term = node_item(terms, i);
        rc |= read_term(p, e, &term, &l->terms[i], err);
    }
    return rc;
}

static bool is_outcome(const DocNode *label) {
    return json_object_get(label->value, "inactivity") != NULL || json_object_get(label->value, "table") != NULL;
}

int labels_read(Pipeline *p, Entity *e, const DocNode *at, Error *err) {
    DocNode list;
    int rc = 0;
    if (read_list(at, "labels", false, &list, err) != 0) return -1;
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        DocNode node = node_item(&list, i);
        Label l = {.line = node_line(&node)};
        if (is_outcome(&node)) {
            if (outcome_read(p, e, &node, err) != 0) {
                e->features_missing = true; /* what names it is no mistake of its own */
                rc = -1;
            }
            continue;
        }
        if (check_keys(&node, "name, title, description, any_of, all_of", err) != 0 ||
            gold_names_read(p, e, &node, &(GoldNames){&l.name, &l.title, &l.description}, err) != 0 ||
            gold_check_new_column(e, &node, l.name, err) != 0) {
            rc = -1;
            if (!json_is_object(node.value)) continue;
        }
        rc |= read_terms(p, e, &node, &l, err);
        if (rc != 0) continue;
        e->labels = strings_grow(p->strings, e->labels, e->label_count, sizeof *e->labels);
        e->labels[e->label_count++] = l;
    }
    return rc;
}

/* forest.c: trees as flat tables. All split outcomes of a row in one tree are one 64-bit word: bit k is set when split k sends the row
 * left. A leaf has, for each distinct feature on its path, the bits that this feature decides (`mask`) and their values on the path to this
 * leaf (`expected`). The features whose bits match select a line of the leaf's table, which has the SHAP value of each feature.
 *
 * For a leaf of value v whose path has d distinct features, with o_j = 1 when feature j sends the row to this leaf (else 0) and z_j = the
 * share of the training weight that takes the path's branch at j's splits, the Shapley value of feature i is v * (o_i - z_i) * sum over S
 * subset of the others of |S|! (d-|S|-1)! / d! * prod_{j in S} o_j * prod_{j not in S} z_j.
 *
 * Invariant: for every row, the values over all leaves plus the bias sum to the model's margin. */
#include "model/forest.h"

#include "base/memory.h"
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct Split {
    uint32_t feature;
    float threshold; /* left when value < threshold */
    bool missing_left;
} Split;

typedef struct SplitCondition {
    uint64_t mask, expected;
    uint32_t feature;
} SplitCondition;

typedef struct Leaf {
    size_t first_condition, conditions;
    size_t table; /* first value: 2^conditions lines of `conditions` values */
} Leaf;

typedef struct Tree {
    size_t first_split, splits, first_leaf, leaves;
} Tree;

struct Forest {
    Tree *trees;
    size_t tree_count;
    Split *splits;
    size_t split_count;
    Leaf *leaves;
    size_t leaf_count;
    SplitCondition *conditions;
    size_t condition_count;
    float *values;
    size_t value_count;
    double *gain; /* of each feature */
    double bias;
    size_t features;
};

/* Makes space for n more after `count` elements. The arrays are small and built once, so each call grows them by n only. */
#define ADD(array, count, n) ((array) = xrealloc((array), (count) + (n) + 1, sizeof *(array)), (count) += (n), (array) + (count) - (n))

void forest_free(Forest *f) {
    free(f->trees);
    free(f->splits);
    free(f->leaves);
    free(f->conditions);
    free(f->values);
    free(f->gain);
    free(f);
}

/* ---- one leaf's table ---- */

/* The features of a path: `zero` is the z of the formula. */
typedef struct Path {
    SplitCondition conditions[FOREST_MAX_DEPTH];
    double zero[FOREST_MAX_DEPTH];
    size_t count;
} Path;

/* |S|! (d - |S| - 1)! / d! */
static double shapley_weight(size_t size, size_t d) {
    static const double factorial[FOREST_MAX_DEPTH + 1] = {1, 1, 2, 6, 24, 120, 720};
    return factorial[size] * factorial[d - size - 1] / factorial[d];
}

/* The formula's factor of v, for feature i under `pattern` (bit j: o_j). */
static double shapley_value(const Path *path, unsigned pattern, size_t i) {
    size_t d = path->count;
    double sum = 0;
    for (unsigned set = 0; set < 1u << d; set++) {
        if (set >> i & 1) continue;
        if ((set & pattern) != set) continue; /* an o_j of the product is 0 */
        double product = shapley_weight((size_t)__builtin_popcount(set), d);
        for (size_t j = 0; j < d; j++)
            if (j != i && !(set >> j & 1)) product *= path->zero[j];
        sum += product;
    }
    return sum * ((double)(pattern >> i & 1) - path->zero[i]);
}

static void add_leaf(Forest *f, const Path *path, double value) {
    size_t d = path->count, lines = (size_t)1 << d;
    Leaf leaf = {.first_condition = f->condition_count, .conditions = d, .table = f->value_count};
    memcpy(ADD(f->conditions, f->condition_count, d), path->conditions, d * sizeof *path->conditions);
    float *line = ADD(f->values, f->value_count, lines * d);
    for (unsigned pattern = 0; pattern < lines; pattern++)
        for (size_t i = 0; i < d; i++) *line++ = (float)(value * shapley_value(path, pattern, i));
    *ADD(f->leaves, f->leaf_count, 1) = leaf;
    double reached = 1;
    for (size_t i = 0; i < d; i++) reached *= path->zero[i];
    f->bias += value * reached;
}

/* ---- reading a tree ---- */

/* The arrays of one tree in the document, by the names that XGBoost gives them; all have `nodes` elements. */
typedef struct TreeDocument {
    const json_t *left_children, *right_children, *split_indices, *split_conditions, *default_left, *sum_hessian, *loss_changes;
    size_t nodes;
} TreeDocument;

static int not_a_model(const char *what, Error *err) {
    return error_set(err, ERR_DATA, "this is not a model that Smelt can read (%s)", what);
}

static int read_tree_document(const json_t *tree, TreeDocument *ret, Error *err) {
    const struct {
        const char *name;
        const json_t **target;
    } arrays[] = {{"left_children", &ret->left_children}, {"right_children", &ret->right_children},
                  {"split_indices", &ret->split_indices}, {"split_conditions", &ret->split_conditions},
                  {"default_left", &ret->default_left},   {"sum_hessian", &ret->sum_hessian},
                  {"loss_changes", &ret->loss_changes}};
    for (size_t i = 0; i < ARRAY_LEN(arrays); i++) {
        *arrays[i].target = json_object_get(tree, arrays[i].name);
        size_t nodes = json_array_size(*arrays[i].target);
        if (i == 0) ret->nodes = nodes;
        if (nodes == 0 || nodes != ret->nodes) return not_a_model(arrays[i].name, err);
    }
    return 0;
}

static double number_at(const json_t *array, size_t i) {
    return json_number_value(json_array_get(array, i));
}

static bool true_at(const json_t *array, size_t i) {
    const json_t *v = json_array_get(array, i);
    return json_is_true(v) || json_number_value(v) != 0;
}

/* Adds the left or right branch of split `bit` on `feature`. A feature that the path already has gets one more bit, not a second entry. */
static void extend_path(Path *path, uint32_t feature, size_t bit, bool is_left, double share) {
    size_t i = 0;
    while (i < path->count && path->conditions[i].feature != feature) i++;
    if (i == path->count) {
        path->conditions[path->count] = (SplitCondition){.feature = feature};
        path->zero[path->count++] = 1;
    }
    path->conditions[i].mask |= UINT64_C(1) << bit;
    if (is_left) path->conditions[i].expected |= UINT64_C(1) << bit;
    path->zero[i] *= share;
}

static int add_node(Forest *f, const TreeDocument *t, size_t first_split, size_t node, size_t depth, const Path *path, Error *err);

static int add_branch(Forest *f, const TreeDocument *t, size_t first_split, size_t node, size_t child, size_t bit, size_t depth,
                      const Path *path, Error *err) {
    Path next = *path;
    bool left = child == (size_t)number_at(t->left_children, node);
    double cover = number_at(t->sum_hessian, node);
    double share = cover > 0 ? number_at(t->sum_hessian, child) / cover : 0;
    extend_path(&next, (uint32_t)number_at(t->split_indices, node), bit, left, share);
    return add_node(f, t, first_split, child, depth + 1, &next, err);
}

static int add_node(Forest *f, const TreeDocument *t, size_t first_split, size_t node, size_t depth, const Path *path, Error *err) {
    double left = number_at(t->left_children, node), right = number_at(t->right_children, node);
    if (left < 0) {
        add_leaf(f, path, number_at(t->split_conditions, node));
        return 0;
    }
    double feature = number_at(t->split_indices, node);
    if (depth >= FOREST_MAX_DEPTH) return not_a_model("a tree is too deep", err);
    if (left >= (double)t->nodes || right < 0 || right >= (double)t->nodes) return not_a_model("a child node that does not exist", err);
    if (feature < 0 || feature >= (double)f->features) return not_a_model("a feature that does not exist", err);
    size_t bit = f->split_count - first_split;
    *ADD(f->splits, f->split_count, 1) = (Split){.feature = (uint32_t)feature,
                                                 .threshold = (float)number_at(t->split_conditions, node),
                                                 .missing_left = true_at(t->default_left, node)};
    f->gain[(size_t)feature] += number_at(t->loss_changes, node);
    if (add_branch(f, t, first_split, node, (size_t)left, bit, depth, path, err) != 0) return -1;
    return add_branch(f, t, first_split, node, (size_t)right, bit, depth, path, err);
}

static int add_tree(Forest *f, const json_t *document, Error *err) {
    TreeDocument t = {0};
    if (read_tree_document(document, &t, err) != 0) return -1;
    Tree tree = {.first_split = f->split_count, .first_leaf = f->leaf_count};
    Path path = {0};
    if (add_node(f, &t, tree.first_split, 0, 0, &path, err) != 0) return -1;
    tree.splits = f->split_count - tree.first_split;
    tree.leaves = f->leaf_count - tree.first_leaf;
    *ADD(f->trees, f->tree_count, 1) = tree;
    return 0;
}

/* ---- the forest ---- */

static const json_t *descend(const json_t *value, const char *const *names) {
    for (; *names != NULL; names++) value = json_object_get(value, *names);
    return value;
}

/* base_score is a probability, written as text ("5E-1"; newer versions "[5E-1]"). */
static int read_base_margin(const json_t *document, double *ret, Error *err) {
    static const char *const names[] = {"learner", "learner_model_param", "base_score", NULL};
    const char *text = json_string_value(descend(document, names));
    if (text == NULL) return not_a_model("no base_score", err);
    double p = strtod(text + (*text == '['), NULL);
    if (!(p > 0 && p < 1)) return not_a_model("base_score is not a probability", err);
    *ret = log(p / (1 - p));
    return 0;
}

int forest_parse(const json_t *document, size_t feature_count, Forest **ret, Error *err) {
    static const char *const names[] = {"learner", "gradient_booster", "model", "trees", NULL};
    CLEANUP(forest_freep) Forest *f = xcalloc(1, sizeof *f);
    f->features = feature_count;
    f->gain = xcalloc(feature_count + 1, sizeof *f->gain);
    const json_t *trees = descend(document, names);
    if (!json_is_array(trees)) return not_a_model("no trees", err);
    if (read_base_margin(document, &f->bias, err) != 0) return -1;
    for (size_t i = 0; i < json_array_size(trees); i++)
        if (add_tree(f, json_array_get(trees, i), err) != 0) return error_prefix(err, "tree %zu", i);
    *ret = TAKE(f);
    return 0;
}

/* ---- explaining a row ---- */

static uint64_t evaluate_splits(const Split *splits, size_t n, const float *row) {
    uint64_t outcome = 0;
    for (size_t i = 0; i < n; i++) {
        float v = row[splits[i].feature];
        bool left = isnan(v) ? splits[i].missing_left : v < splits[i].threshold;
        outcome |= (uint64_t)left << i;
    }
    return outcome;
}

static void explain_leaf(const Forest *f, const Leaf *leaf, uint64_t outcome, float *ret) {
    const SplitCondition *conditions = f->conditions + leaf->first_condition;
    size_t pattern = 0;
    for (size_t i = 0; i < leaf->conditions; i++) pattern |= (size_t)((outcome & conditions[i].mask) == conditions[i].expected) << i;
    const float *line = f->values + leaf->table + pattern * leaf->conditions;
    for (size_t i = 0; i < leaf->conditions; i++) ret[conditions[i].feature] += line[i];
}

void forest_explain(const Forest *f, const float *row, float *ret) {
    memset(ret, 0, f->features * sizeof *ret);
    ret[f->features] = (float)f->bias;
    for (size_t t = 0; t < f->tree_count; t++) {
        const Tree *tree = &f->trees[t];
        uint64_t outcome = evaluate_splits(f->splits + tree->first_split, tree->splits, row);
        for (size_t i = 0; i < tree->leaves; i++) explain_leaf(f, &f->leaves[tree->first_leaf + i], outcome, ret);
    }
}

void forest_gain(const Forest *f, double *ret) {
    double total = 0;
    for (size_t i = 0; i < f->features; i++) total += f->gain[i];
    for (size_t i = 0; i < f->features; i++) ret[i] = total > 0 ? f->gain[i] / total : 0;
}

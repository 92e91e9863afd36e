/* forest.c: trees as flat tables. All split outcomes of a row in one tree are one 64-bit word: bit k is set when split k sends the row
 * left; splits are numbered from the root down, left before right, so those of a subtree are neighbours.
 *
 * A leaf has, for each distinct feature on its path, the bits that this feature decides (`mask`) and their values on the path to this leaf
 * (`expected`). For a leaf of value v whose path has d distinct features, with o_j = 1 when feature j sends the row to this leaf (else 0)
 * and z_j = the share of the training weight that takes the path's branch at j's splits, the Shapley value of feature i is
 * v * (o_i - z_i) * sum over S subset of the others of |S|! (d-|S|-1)! / d! * prod_{j in S} o_j * prod_{j not in S} z_j.
 *
 * So the values of all leaves of a subtree depend on the outcomes of its splits and of those above it only. A block is a subtree, as large
 * as it may be, for which these are at most BLOCK_BITS: a table has the sums over its leaves for each combination of outcomes, and a row
 * adds one line of each block. A tree of depth 4 has two blocks.
 *
 * Invariant: for every row, the values over all blocks plus the bias sum to the model's margin. */
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

enum { BLOCK_BITS = 8 };

/* Which outcomes select a line: those of the splits above, from the root on, then those of its own splits, which are neighbours. */
typedef struct Block {
    uint8_t above[FOREST_MAX_DEPTH], above_count; /* bits of the outcome */
    uint8_t own_first, own_count;
    uint8_t features;
    size_t first_feature; /* of block_features */
    size_t table;         /* first value: a line for each combination, of a value for each feature */
} Block;

typedef struct Tree {
    size_t first_split, splits, first_block, blocks;
} Tree;

struct Forest {
    Tree *trees;
    size_t tree_count;
    Split *splits;
    size_t split_count;
    Block *blocks;
    size_t block_count;
    uint32_t *block_features;
    size_t block_feature_count;
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
    free(f->blocks);
    free(f->block_features);
    free(f->values);
    free(f->gain);
    free(f);
}

/* ---- leaves ---- */

/* The features of a path: `zero` is the z of the formula. */
typedef struct Path {
    SplitCondition conditions[FOREST_MAX_DEPTH];
    double zero[FOREST_MAX_DEPTH];
    size_t count;
    uint8_t bits[FOREST_MAX_DEPTH]; /* its splits */
    size_t depth;
} Path;

typedef struct Leaf {
    Path path;
    double value;
} Leaf;

enum { LEAVES_MAX = 1 << FOREST_MAX_DEPTH };

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

static unsigned pattern_of(const Path *path, uint64_t outcome) {
    unsigned pattern = 0;
    for (size_t i = 0; i < path->count; i++)
        pattern |= (unsigned)((outcome & path->conditions[i].mask) == path->conditions[i].expected) << i;
    return pattern;
}

/* ---- blocks ---- */

static size_t place_of(const Forest *f, const Block *b, uint32_t feature) {
    size_t i = 0;
    while (i < b->features && f->block_features[b->first_feature + i] != feature) i++;
    return i;
}

/* The outcome word that a combination stands for; all other bits are 0. */
static uint64_t outcome_of(const Block *b, size_t combination) {
    uint64_t outcome = (uint64_t)(combination >> b->above_count) << b->own_first;
    for (size_t i = 0; i < b->above_count; i++) outcome |= (uint64_t)(combination >> i & 1) << b->above[i];
    return outcome;
}

/* Adds the values of a leaf under all 2^d patterns to the lines whose combinations have them. */
static void add_leaf(Forest *f, const Block *b, const Leaf *leaf, double *sums) {
    const Path *path = &leaf->path;
    double values[1 << FOREST_MAX_DEPTH][FOREST_MAX_DEPTH];
    size_t places[FOREST_MAX_DEPTH];
    for (size_t i = 0; i < path->count; i++) places[i] = place_of(f, b, path->conditions[i].feature);
    for (unsigned pattern = 0; pattern < 1u << path->count; pattern++)
        for (size_t i = 0; i < path->count; i++) values[pattern][i] = leaf->value * shapley_value(path, pattern, i);
    for (size_t line = 0; line < (size_t)1 << (b->above_count + b->own_count); line++) {
        const double *value = values[pattern_of(path, outcome_of(b, line))];
        for (size_t i = 0; i < path->count; i++) sums[line * b->features + places[i]] += value[i];
    }
    double reached = leaf->value;
    for (size_t i = 0; i < path->count; i++) reached *= path->zero[i];
    f->bias += reached;
}

static void add_block_features(Forest *f, Block *b, const Leaf *leaves, size_t n) {
    b->first_feature = f->block_feature_count;
    for (const Leaf *leaf = leaves; leaf < leaves + n; leaf++)
        for (size_t i = 0; i < leaf->path.count; i++)
            if (place_of(f, b, leaf->path.conditions[i].feature) == b->features) {
                *ADD(f->block_features, f->block_feature_count, 1) = leaf->path.conditions[i].feature;
                b->features++;
            }
}

/* Of the subtree below the path `above`, with the splits [first, first + count) and n leaves. */
static void add_block(Forest *f, const Path *above, size_t first, size_t count, const Leaf *leaves, size_t n) {
    Block b = {.above_count = (uint8_t)above->depth, .own_first = (uint8_t)first, .own_count = (uint8_t)count, .table = f->value_count};
    memcpy(b.above, above->bits, sizeof b.above);
    add_block_features(f, &b, leaves, n);
    size_t values = ((size_t)1 << (b.above_count + b.own_count)) * b.features;
    double *sums = xcalloc(values + 1, sizeof *sums);
    for (size_t i = 0; i < n; i++) add_leaf(f, &b, &leaves[i], sums);
    float *table = ADD(f->values, f->value_count, values);
    for (size_t i = 0; i < values; i++) table[i] = (float)sums[i];
    free(sums);
    *ADD(f->blocks, f->block_count, 1) = b;
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
    path->bits[path->depth++] = (uint8_t)bit;
    path->conditions[i].mask |= UINT64_C(1) << bit;
    if (is_left) path->conditions[i].expected |= UINT64_C(1) << bit;
    path->zero[i] *= share;
}

/* What of a tree has been read, and is in no block yet. */
typedef struct Growing {
    const TreeDocument *document;
    size_t first_split;
    Leaf leaves[LEAVES_MAX];
    size_t count;
} Growing;

static int add_node(Forest *f, Growing *g, size_t node, const Path *path, bool *ret_whole, Error *err);

static int add_branch(Forest *f, Growing *g, size_t node, size_t child, size_t bit, const Path *path, bool *ret_whole, Error *err) {
    const TreeDocument *t = g->document;
    Path next = *path;
    bool left = child == (size_t)number_at(t->left_children, node);
    double cover = number_at(t->sum_hessian, node);
    double share = cover > 0 ? number_at(t->sum_hessian, child) / cover : 0;
    extend_path(&next, (uint32_t)number_at(t->split_indices, node), bit, left, share);
    return add_node(f, g, child, &next, ret_whole, err);
}

/* Makes a block of the branch whose leaves are those from `from` on and whose splits come from `first` to `end`. */
static void close_branch(Forest *f, Growing *g, const Path *path, size_t bit, size_t first, size_t end, size_t from, size_t to) {
    Path above = *path;
    above.bits[above.depth++] = (uint8_t)bit;
    add_block(f, &above, first, end - first, g->leaves + from, to - from);
}

/* Both branches are read, with leaves from..middle..g->count and splits bit + 1..split..: the subtree goes to the node above when a block
 * may be so large; if not, each branch that is not in blocks yet becomes one. */
static bool join_branches(Forest *f, Growing *g, const Path *path, size_t bit, size_t split, size_t from, size_t middle,
                          const bool *whole) {
    size_t end = f->split_count - g->first_split;
    if (whole[0] && whole[1] && path->depth + (end - bit) <= BLOCK_BITS) return true;
    if (whole[0]) close_branch(f, g, path, bit, bit + 1, split, from, middle);
    if (whole[1]) close_branch(f, g, path, bit, split, end, middle, g->count);
    g->count = from;
    return false;
}

/* *ret_whole: the leaves below the node are in `g` and in no block. */
static int add_node(Forest *f, Growing *g, size_t node, const Path *path, bool *ret_whole, Error *err) {
    const TreeDocument *t = g->document;
    double left = number_at(t->left_children, node), right = number_at(t->right_children, node);
    if (left < 0) {
        g->leaves[g->count++] = (Leaf){.path = *path, .value = number_at(t->split_conditions, node)};
        *ret_whole = true;
        return 0;
    }
    double feature = number_at(t->split_indices, node);
    if (path->depth >= FOREST_MAX_DEPTH) return not_a_model("a tree is too deep", err);
    if (left >= (double)t->nodes || right < 0 || right >= (double)t->nodes) return not_a_model("a child node that does not exist", err);
    if (feature < 0 || feature >= (double)f->features) return not_a_model("a feature that does not exist", err);
    size_t bit = f->split_count - g->first_split, from = g->count;
    bool whole[2];
    *ADD(f->splits, f->split_count, 1) = (Split){.feature = (uint32_t)feature,
                                                 .threshold = (float)number_at(t->split_conditions, node),
                                                 .missing_left = true_at(t->default_left, node)};
    f->gain[(size_t)feature] += number_at(t->loss_changes, node);
    if (add_branch(f, g, node, (size_t)left, bit, path, &whole[0], err) != 0) return -1;
    size_t split = f->split_count - g->first_split, middle = g->count;
    if (add_branch(f, g, node, (size_t)right, bit, path, &whole[1], err) != 0) return -1;
    *ret_whole = join_branches(f, g, path, bit, split, from, middle, whole);
    return 0;
}

static int add_tree(Forest *f, const json_t *document, Error *err) {
    TreeDocument t = {0};
    if (read_tree_document(document, &t, err) != 0) return -1;
    Tree tree = {.first_split = f->split_count, .first_block = f->block_count};
    const Path path = {0};
    Growing *g = xcalloc(1, sizeof *g);
    g->document = &t;
    g->first_split = tree.first_split;
    bool whole = false;
    int rc = add_node(f, g, 0, &path, &whole, err);
    if (rc == 0 && whole) add_block(f, &path, 0, f->split_count - tree.first_split, g->leaves, g->count);
    free(g);
    if (rc != 0) return -1;
    tree.splits = f->split_count - tree.first_split;
    tree.blocks = f->block_count - tree.first_block;
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

static void explain_block(const Forest *f, const Block *b, uint64_t outcome, float *ret) {
    size_t line = (size_t)(outcome >> b->own_first & ((UINT64_C(1) << b->own_count) - 1)) << b->above_count;
    for (size_t i = 0; i < b->above_count; i++) line |= (size_t)(outcome >> b->above[i] & 1) << i;
    const uint32_t *feature = f->block_features + b->first_feature;
    const float *value = f->values + b->table + line * b->features;
    for (size_t i = 0; i < b->features; i++) ret[feature[i]] += value[i];
}

void forest_explain(const Forest *f, const float *row, float *ret) {
    memset(ret, 0, f->features * sizeof *ret);
    ret[f->features] = (float)f->bias;
    for (size_t t = 0; t < f->tree_count; t++) {
        const Tree *tree = &f->trees[t];
        uint64_t outcome = evaluate_splits(f->splits + tree->first_split, tree->splits, row);
        for (size_t i = 0; i < tree->blocks; i++) explain_block(f, &f->blocks[tree->first_block + i], outcome, ret);
    }
}

void forest_gain(const Forest *f, double *ret) {
    double total = 0;
    for (size_t i = 0; i < f->features; i++) total += f->gain[i];
    for (size_t i = 0; i < f->features; i++) ret[i] = total > 0 ? f->gain[i] / total : 0;
}

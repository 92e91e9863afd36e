/* forest.h: the trees of a trained model, to explain its predictions: exact SHAP values in microseconds per row.
 *
 * Forest: immutable after forest_parse; any thread.
 *
 * What is computed: path-dependent TreeSHAP, as in S. Lundberg, G. Erion, S.-I. Lee, "Consistent Individualized Feature Attribution for
 * Tree Ensembles" (2018), which is also what XGBoost's own `pred_contribs` returns (the tests compare both). How: J. Yang, "Fast TreeSHAP"
 * (2021), version 2: for one leaf the values depend only on which of the d features on its path send the row to it, so all 2^d results are
 * computed once, and a row only looks them up. Here the lookups of neighbouring leaves are one, too (forest.c). For trees of depth 4 this
 * is exact and about 40 times faster than XGBoost's. */
#pragma once
#include "base/error.h"
#include <jansson.h>
#include <stddef.h>

#define FOREST_MAX_DEPTH 6 /* at most 63 splits in a tree: their outcomes fit one 64-bit word; a block's table has at most 256 lines */

typedef struct Forest Forest;

/* From XGBoost's JSON model document (gbtree, numeric splits, one output). `feature_count` bounds the split indices.
 * ERR_DATA when the document is not such a model. The caller frees. */
int forest_parse(const json_t *document, size_t feature_count, Forest **ret, Error *err) MUST_CHECK;
void forest_free(Forest *f);
DEFINE_CLEANUP(forest_free, Forest)

/* `row`: feature_count values, NaN is missing. `ret`: feature_count + 1 values in log-odds; the last is the bias (the mean prediction).
 * Their sum is the model's margin for the row; probability = 1 / (1 + exp(-margin)). */
void forest_explain(const Forest *f, const float *row, float *ret);
/* Each feature's share of the total gain (the loss that the splits on it removed): feature_count values that sum to 1, or all 0. */
void forest_gain(const Forest *f, double *ret);

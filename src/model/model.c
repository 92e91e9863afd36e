/* model.c: trains with XGBoost; explains predictions with our own copy of its trees (forest.h).
 *
 * A trained model is immediately written to XGBoost's JSON and read back, so the model that is evaluated is the document that is stored and
 * used for scoring. Invariant: booster, forest, features and document of a Model describe the same model. */
#include "model/model_internal.h"

#include "base/document.h"
#include "base/memory.h"
#include "base/stop.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define TRAINING_THREADS 2
#define TEXT_OF(macro)   #macro
#define AS_TEXT(macro)   TEXT_OF(macro)

/* Small trees and sampling: a Gold is hundreds to a few hundred thousand rows of correlated features. `hist` divides the rows between
 * its threads by their number, and sums in a fixed order: so the number is fixed, whatever cores there are, and results are reproducible.
 * max_depth must not exceed FOREST_MAX_DEPTH. */
static const struct {
    const char *name, *value;
} fixed_params[] = {
    {"booster", "gbtree"},   {"objective", "binary:logistic"},
    {"tree_method", "hist"}, {"max_depth", "4"},
    {"eta", "0.1"},          {"min_child_weight", "2"},
    {"subsample", "0.8"},    {"colsample_bytree", "0.8"},
    {"lambda", "1"},         {"nthread", AS_TEXT(TRAINING_THREADS)},
    {"verbosity", "0"},
};

void model_free(Model *m) {
    if (m->booster != NULL) m->xgb->XGBoosterFree(m->booster);
    for (size_t i = 0; i < m->feature_count; i++) free(m->features[i]);
    free(m->features);
    forest_freep(&m->forest);
    json_freep(&m->params);
    buf_done(&m->document);
    free(m);
}

void model_load_library(void) {
    const Xgb *xgb;
    Error ignored = {0};
    if (xgb_load(&xgb, &ignored) != 0) error_clear(&ignored);
}

size_t model_features(const Model *m) {
    return m->feature_count;
}

const char *model_feature(const Model *m, size_t i) {
    return m->features[i];
}

const json_t *model_params(const Model *m) {
    return m->params;
}

/* ---- training ---- */

/* XGBoost's handles of one training; training_done frees them in every case. */
typedef struct Training {
    const Xgb *xgb;
    DMatrixHandle matrix;
    BoosterHandle booster;
} Training;

static void training_done(Training *t) {
    if (t->booster != NULL) t->xgb->XGBoosterFree(t->booster);
    if (t->matrix != NULL) t->xgb->XGDMatrixFree(t->matrix);
}

static double mean_label(const float *labels, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)labels[i];
    return sum / (double)n;
}

/* All values are texts, as XGBoost expects. base_score is the mean label, so that the trees learn only the differences from it. */
static json_t *make_params(const ModelParams *params, double base_score) {
    CLEANUP(free_text) char *seed = xasprintf("%" PRId64, params->seed);
    CLEANUP(free_text) char *score = xasprintf("%.9g", base_score);
    json_t *all = json_object();
    for (size_t i = 0; i < ARRAY_LEN(fixed_params); i++) json_object_set_new(all, fixed_params[i].name, json_string(fixed_params[i].value));
    json_object_set_new(all, "seed", json_string(seed));
    json_object_set_new(all, "base_score", json_string(score));
    json_object_set_new(all, "rounds", json_integer(params->rounds));
    return all;
}

static int set_params(const Training *t, json_t *params, Error *err) {
    const char *name;
    json_t *value;
    json_object_foreach(params, name, value) {
        if (!json_is_string(value)) continue; /* "rounds" is not XGBoost's: it is the number of our calls */
        if (t->xgb->XGBoosterSetParam(t->booster, name, json_string_value(value)) != 0) return xgb_fail(t->xgb, ERR_BUG, name, err);
    }
    return 0;
}

static int boost(const Training *t, int rounds, Error *err) {
    for (int i = 0; i < rounds; i++) {
        if (stop_requested()) return error_set(err, ERR_STOPPED, "training was stopped in round %d of %d", i, rounds);
        if (t->xgb->XGBoosterUpdateOneIter(t->booster, i, t->matrix) != 0) return xgb_fail(t->xgb, ERR_DATA, "cannot train", err);
    }
    return 0;
}

static int start_training(Training *t, const Matrix *x, const float *labels, const char *const *features, Error *err) {
    /* XGBoost's prototypes lack a const here; it copies the names. */
    const char **names = (const char **)(uintptr_t)features;
    if (t->xgb->XGDMatrixCreateFromMat_omp(x->values, x->rows, x->cols, NAN, &t->matrix, TRAINING_THREADS) != 0)
        return xgb_fail(t->xgb, ERR_DATA, "cannot read the features", err);
    if (t->xgb->XGDMatrixSetFloatInfo(t->matrix, "label", labels, x->rows) != 0)
        return xgb_fail(t->xgb, ERR_DATA, "cannot read the labels", err);
    if (t->xgb->XGBoosterCreate(&t->matrix, 1, &t->booster) != 0 ||
        t->xgb->XGBoosterSetStrFeatureInfo(t->booster, "feature_name", names, x->cols) != 0)
        return xgb_fail(t->xgb, ERR_BUG, "cannot start training", err);
    return 0;
}

/* Each feature is divided into bins by one of the threads: their number changes nothing. */
static int boost_on_two(const Training *t, int rounds, Error *err) {
    xgb_use_threads(TRAINING_THREADS);
    int rc = boost(t, rounds, err);
    xgb_use_threads(1);
    return rc;
}

int model_train(const Matrix *x, const float *labels, const char *const *features, const ModelParams *params, Model **ret, Error *err) {
    CLEANUP(training_done) Training t = {0};
    if (xgb_load(&t.xgb, err) != 0 || start_training(&t, x, labels, features, err) != 0) return -1;
    CLEANUP(json_freep) json_t *all = make_params(params, mean_label(labels, x->rows));
    if (set_params(&t, all, err) != 0 || boost_on_two(&t, params->rounds, err) != 0) return -1;
    bst_ulong n;
    const char *bytes; /* XGBoost's, until its next call */
    if (t.xgb->XGBoosterSaveModelToBuffer(t.booster, "{\"format\": \"json\"}", &n, &bytes) != 0)
        return xgb_fail(t.xgb, ERR_BUG, "cannot write the model", err);
    if (model_from_document(bytes, n, ret, err) != 0) return error_prefix(err, "the model just trained");
    (*ret)->params = TAKE(all);
    return 0;
}

/* ---- from a document ---- */

/* XGBoost sets a booster up at its first prediction; afterwards any thread may predict. */
static int predict_once(const Model *m, Error *err) {
    CLEANUP(free_text) char *space = xcalloc(m->feature_count + 1, sizeof(float));
    float ignored;
    return model_predict(m, &(Matrix){.values = (float *)(void *)space, .rows = 1, .cols = m->feature_count}, &ignored, err);
}

static int read_features(Model *m, const json_t *document, Error *err) {
    const json_t *names = json_object_get(json_object_get(document, "learner"), "feature_names");
    size_t n = json_array_size(names);
    m->features = xcalloc(n + 1, sizeof *m->features);
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name == NULL) return error_set(err, ERR_DATA, "feature %zu has no name", i);
        m->features[m->feature_count++] = xstrdup(name);
    }
    bst_ulong known;
    if (m->xgb->XGBoosterGetNumFeature(m->booster, &known) != 0) return xgb_fail(m->xgb, ERR_DATA, "cannot count the features", err);
    if (n == 0 || known != n) return error_set(err, ERR_DATA, "the model has %zu feature names for %zu features", n, (size_t)known);
    return 0;
}

static int load_booster(Model *m, Error *err) {
    if (m->xgb->XGBoosterCreate(NULL, 0, &m->booster) != 0) return xgb_fail(m->xgb, ERR_BUG, "cannot make a model", err);
    if (m->xgb->XGBoosterLoadModelFromBuffer(m->booster, m->document.data, m->document.len) != 0)
        return xgb_fail(m->xgb, ERR_DATA, "cannot read the model", err);
    if (m->xgb->XGBoosterSetParam(m->booster, "nthread", "1") != 0 || m->xgb->XGBoosterSetParam(m->booster, "verbosity", "0") != 0)
        return xgb_fail(m->xgb, ERR_BUG, "cannot set up the model", err);
    return 0;
}

int model_from_document(const char *bytes, size_t n, Model **ret, Error *err) {
    CLEANUP(model_freep) Model *m = xcalloc(1, sizeof *m);
    buf_add(&m->document, bytes, n);
    CLEANUP(json_freep) json_t *document = NULL;
    if (xgb_load(&m->xgb, err) != 0) return -1;
    if (json_parse(m->document.data, n, "model document", &document, err) != 0) {
        err->kind = ERR_DATA;
        return -1;
    }
    if (load_booster(m, err) != 0 || read_features(m, document, err) != 0 || predict_once(m, err) != 0) return -1;
    if (forest_parse(document, m->feature_count, &m->forest, err) != 0) return -1;
    *ret = TAKE(m);
    return 0;
}

/* ---- explanations ---- */

void model_explain(const Model *m, const Matrix *x, float *ret) {
    BUG_IF(x->cols != m->feature_count);
    for (size_t row = 0; row < x->rows; row++) forest_explain(m->forest, x->values + row * x->cols, ret + row * (x->cols + 1));
}

void model_gain(const Model *m, double *ret) {
    forest_gain(m->forest, ret);
}

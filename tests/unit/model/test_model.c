/* test_model.c: Training, files and explanations, on data made here. XGBoost's own SHAP values are the reference for ours. */
#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include "model/metrics.h"
#include "model/model_internal.h"

#include "../fixture.h"
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 2000, COLS = 6 };
static const char *const names[COLS] = {"signal", "latency", "overdue", "noise_a", "noise_b", "constant"};

typedef struct Data {
    float values[ROWS * COLS], labels[ROWS];
} Data;

static double uniform(uint64_t *x) {
    *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
    return (double)(*x >> 11) / 9007199254740992.0;
}

/* The first three features decide, to the degree that `noise` (0..1) leaves them; one value in twelve is missing; the last says nothing. */
static Data *make_data(double noise, uint64_t seed) {
    Data *d = xcalloc(1, sizeof *d);
    for (size_t r = 0; r < ROWS; r++) {
        float *row = d->values + r * COLS;
        for (size_t c = 0; c < COLS; c++) row[c] = c == 5 ? 7 : (float)(uniform(&seed) * 10);
        bool churned = row[0] < 3 || (row[1] > 7 && row[2] > 5);
        if (uniform(&seed) < noise) churned = uniform(&seed) < 0.4;
        d->labels[r] = churned;
        for (size_t c = 0; c < 5; c++)
            if (uniform(&seed) < 1.0 / 12) row[c] = NAN;
    }
    return d;
}

static Matrix matrix_of(const Data *d, size_t rows) {
    return (Matrix){.values = d->values, .rows = rows, .cols = COLS};
}

static Model *train(const Data *d, int64_t seed) {
    Error err = {0};
    Model *m = NULL;
    Matrix x = matrix_of(d, ROWS);
    ModelParams params = {.rounds = 60, .seed = seed};
    must(model_train(&x, d->labels, names, &params, &m, &err), &err);
    return m;
}

static float *predict(const Model *m, const Data *d) {
    Error err = {0};
    Matrix x = matrix_of(d, ROWS);
    float *p = xcalloc(ROWS, sizeof *p);
    must(model_predict(m, &x, p, &err), &err);
    return p;
}

/* ---- files ---- */

static void save(const Model *m, const char *dir, const char *id) {
    Error err = {0};
    CLEANUP(json_freep) json_t *facts = json_pack("{s:s, s:f}", "label_source", "rule", "auc", 0.123456789012345678);
    CLEANUP(json_freep) json_t *metadata = NULL;
    must(model_save(m, dir, id, facts, &metadata, &err), &err);
    assert_string_equal(json_string_value(json_object_get(metadata, "label_source")), "rule");
}

/* ---- tests ---- */

static void learns_what_is_there(void **state) {
    (void)state;
    const struct { double noise, least, most; } cases[] = {{0, 0.94, 1}, {0.5, 0.65, 0.95}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        Data *known = make_data(cases[i].noise, 1234567), *fresh = make_data(cases[i].noise, 7654321);
        Model *m = train(known, 42);
        float *p = predict(m, fresh);
        Metrics metrics = metrics_of(p, fresh->labels, ROWS);
        double gain[COLS];
        model_gain(m, gain);
        assert_true(metrics.auc >= cases[i].least && metrics.auc <= cases[i].most);
        assert_true(metrics.log_loss < metrics.log_loss_base);
        assert_true(gain[0] > gain[3] && gain[0] > gain[4] && gain[5] == 0);
        assert_true(fabs(gain[0] + gain[1] + gain[2] + gain[3] + gain[4] - 1) < 1e-9);
        free(p);
        free(known);
        free(fresh);
        model_free(m);
    }
}

static void same_seed_same_bytes(void **state) {
    (void)state;
    Data *d = make_data(0.3, 99);
    Model *a = train(d, 42), *b = train(d, 42), *c = train(d, 43);
    assert_int_equal(a->document.len, b->document.len);
    assert_memory_equal(a->document.data, b->document.data, a->document.len);
    assert_true(a->document.len != c->document.len || memcmp(a->document.data, c->document.data, a->document.len) != 0);
    model_free(a);
    model_free(b);
    model_free(c);
    free(d);
}

enum { MANY = 40000 }; /* rows: blocks of several thousand are divided between the threads */

/* A training of many rows, on one core or on all. */
typedef struct OneTraining {
    const float *values, *labels;
    bool one_core;
    Model *model;
} OneTraining;

static void *train_on_cores(void *state) {
    OneTraining *t = state;
    Error err = {0};
    cpu_set_t cores;
    assert_int_equal(sched_getaffinity(0, sizeof cores, &cores), 0);
    for (int i = 0, kept = 0; t->one_core && i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &cores) && kept++ > 0) CPU_CLR(i, &cores);
    assert_int_equal(sched_setaffinity(0, sizeof cores, &cores), 0);
    const Matrix x = {.values = t->values, .rows = MANY, .cols = COLS};
    const ModelParams params = {.rounds = 30, .seed = 42};
    must(model_train(&x, t->labels, names, &params, &t->model, &err), &err);
    return NULL;
}

static void the_cores_change_no_byte(void **state) {
    (void)state;
    float *values = xcalloc(MANY * COLS, sizeof *values), *labels = xcalloc(MANY, sizeof *labels);
    uint64_t seed = 7;
    for (size_t i = 0; i < MANY * COLS; i++) values[i] = (float)(uniform(&seed) * 1000);
    for (size_t i = 0; i < MANY; i++) labels[i] = values[i * COLS] < 300 || uniform(&seed) < 0.2;
    OneTraining trainings[] = {{values, labels, true, NULL}, {values, labels, false, NULL}};
    for (size_t i = 0; i < ARRAY_LEN(trainings); i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, train_on_cores, &trainings[i]), 0);
        pthread_join(thread, NULL);
    }
    const Buf *a = &trainings[0].model->document, *b = &trainings[1].model->document;
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->data, b->data, a->len);
    for (size_t i = 0; i < ARRAY_LEN(trainings); i++) model_free(trainings[i].model);
    free(values);
    free(labels);
}

static void one_tree_and_no_tree_at_all(void **state) {
    (void)state;
    Data *d = make_data(0, 5);
    for (size_t i = 0; i < (size_t)ROWS * COLS; i++) d->values[i] = 1; /* nothing to split on */
    Model *m = train(d, 1);
    float *p = predict(m, d), contributions[COLS + 1];
    Matrix x = matrix_of(d, 1);
    model_explain(m, &x, contributions);
    for (size_t c = 0; c < COLS; c++) assert_true(contributions[c] == 0);
    assert_true(fabs(1 / (1 + exp(-(double)contributions[COLS])) - (double)p[0]) < 1e-5);
    free(p);
    model_free(m);
    free(d);
}

/* XGBoost's exact SHAP values (type 2) of all rows. */
static const float *reference_contributions(const Model *m, const Data *d, DMatrixHandle *matrix) {
    const bst_ulong *shape;
    bst_ulong dimensions;
    const float *result;
    assert_int_equal(m->xgb->XGDMatrixCreateFromMat_omp(d->values, ROWS, COLS, NAN, matrix, 1), 0);
    assert_int_equal(m->xgb->XGBoosterPredictFromDMatrix(m->booster, *matrix,
                                                         "{\"type\": 2, \"training\": false, \"iteration_begin\": 0, \"iteration_end\": 0, "
                                                         "\"strict_shape\": false}",
                                                         &shape, &dimensions, &result),
                     0);
    assert_int_equal(shape[1], COLS + 1);
    return result;
}

static void check_contributions(const Model *m, const Data *d) {
    Matrix x = matrix_of(d, ROWS);
    float *p = predict(m, d), *ours = xcalloc((size_t)ROWS * (COLS + 1), sizeof *ours);
    DMatrixHandle matrix;
    const float *reference = reference_contributions(m, d, &matrix);
    model_explain(m, &x, ours);
    for (size_t r = 0; r < ROWS; r++) {
        double margin = 0;
        for (size_t c = 0; c <= COLS; c++) {
            size_t at = r * (COLS + 1) + c;
            assert_true(fabs((double)ours[at] - (double)reference[at]) < 2e-4);
            margin += (double)ours[at];
        }
        assert_true(fabs(1 / (1 + exp(-margin)) - (double)p[r]) < 1e-5);
    }
    m->xgb->XGDMatrixFree(matrix);
    free(ours);
    free(p);
}

static void contributions_are_exact(void **state) {
    (void)state;
    Data *d = make_data(0.3, 31337);
    Model *m = train(d, 42);
    check_contributions(m, d);
    model_free(m);
    free(d);
}

/* As model_train, of trees of another depth. */
static Model *train_by_depth(const Xgb *xgb, const Data *d, const char *depth) {
    Error err = {0};
    DMatrixHandle matrix;
    BoosterHandle booster;
    Model *m;
    bst_ulong n;
    const char *bytes;
    const char *const params[][2] = {{"objective", "binary:logistic"}, {"tree_method", "hist"}, {"max_depth", depth}, {"nthread", "1"}};
    assert_int_equal(xgb->XGDMatrixCreateFromMat_omp(d->values, ROWS, COLS, NAN, &matrix, 1), 0);
    assert_int_equal(xgb->XGDMatrixSetFloatInfo(matrix, "label", d->labels, ROWS), 0);
    assert_int_equal(xgb->XGBoosterCreate(&matrix, 1, &booster), 0);
    assert_int_equal(xgb->XGBoosterSetStrFeatureInfo(booster, "feature_name", (const char **)(uintptr_t)names, COLS), 0);
    for (size_t i = 0; i < ARRAY_LEN(params); i++) assert_int_equal(xgb->XGBoosterSetParam(booster, params[i][0], params[i][1]), 0);
    for (int i = 0; i < 12; i++) assert_int_equal(xgb->XGBoosterUpdateOneIter(booster, i, matrix), 0);
    assert_int_equal(xgb->XGBoosterSaveModelToBuffer(booster, "{\"format\": \"json\"}", &n, &bytes), 0);
    must(model_from_document(bytes, n, &m, &err), &err);
    xgb->XGBoosterFree(booster);
    xgb->XGDMatrixFree(matrix);
    return m;
}

/* A tree of each depth is divided into other blocks. */
static void contributions_are_exact_at_every_depth(void **state) {
    (void)state;
    static const char *const depths[] = {"1", "2", "3", "5", "6"};
    const Xgb *xgb;
    Error err = {0};
    must(xgb_load(&xgb, &err), &err);
    Data *d = make_data(0.3, 4711);
    for (size_t i = 0; i < ARRAY_LEN(depths); i++) {
        Model *m = train_by_depth(xgb, d, depths[i]);
        check_contributions(m, d);
        model_free(m);
    }
    free(d);
}

static void comes_back_from_disk(void **state) {
    Error err = {0};
    Data *d = make_data(0.3, 8);
    Model *m = train(d, 42), *loaded = NULL;
    CLEANUP(free_text) char *dir = path_join(*state, "new/models"); /* made when absent */
    save(m, dir, "m1");
    CLEANUP(json_freep) json_t *metadata = NULL;
    must(model_load(dir, "m1", &loaded, &metadata, &err), &err);
    float *before = predict(m, d), *after = predict(loaded, d);
    assert_memory_equal(before, after, ROWS * sizeof *before);
    assert_int_equal(model_features(loaded), COLS);
    assert_string_equal(model_feature(loaded, 2), "overdue");
    assert_string_equal(json_string_value(json_object_get(json_object_get(metadata, "params"), "max_depth")), "4");
    assert_string_equal(json_string_value(json_object_get(metadata, "smelt_version")), SMELT_VERSION);
    free(before);
    free(after);
    model_free(m);
    model_free(loaded);
    free(d);
}

static void assert_refused(const char *dir, const char *id) {
    Error err = {0};
    Model *m = NULL;
    if (model_load(dir, id, &m, NULL, &err) == 0) fail_msg("a bad file was loaded");
    assert_int_equal(err.kind, ERR_DATA);
    assert_non_null(strstr(err.text, id));
    assert_non_null(strstr(err.text, "smelt train"));
    assert_null(m);
    error_clear(&err);
}

static void damaged_files_are_refused(void **state) {
    Data *d = make_data(0.3, 8);
    Model *m = train(d, 42);
    static const char *const suffixes[] = {"m1.json", "m1.meta.json"};
    for (size_t s = 0; s < ARRAY_LEN(suffixes); s++) {
        save(m, *state, "m1");
        Error err = {0};
        CLEANUP(free_text) char *path = path_join(*state, suffixes[s]);
        CLEANUP(buf_done) Buf whole = {0};
        assert_int_equal(file_read(path, &whole, &err), 0);
        for (size_t i = 0; i < 40; i++) { /* one bit, all over the file */
            size_t at = i * (whole.len - 1) / 39;
            whole.data[at] ^= (char)(1 << i % 7);
            assert_int_equal(file_write_atomic(path, whole.data, whole.len, &err), 0);
            assert_refused(*state, "m1");
            whole.data[at] ^= (char)(1 << i % 7);
        }
        const size_t lengths[] = {0, 1, whole.len / 2, whole.len - 1};
        for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
            assert_int_equal(file_write_atomic(path, whole.data, lengths[i], &err), 0);
            assert_refused(*state, "m1");
        }
        unlink(path);
        assert_refused(*state, "m1");
    }
    model_free(m);
    free(d);
}

static void files_of_two_models_do_not_mix(void **state) {
    Data *d = make_data(0.3, 8);
    Model *a = train(d, 1), *b = train(d, 2);
    save(a, *state, "a");
    save(b, *state, "b");
    CLEANUP(free_text) char *from = path_join(*state, "a.json");
    CLEANUP(free_text) char *to = path_join(*state, "b.json");
    assert_int_equal(rename(from, to), 0);
    assert_refused(*state, "b");
    model_remove(*state, "b");
    assert_false(file_exists(to));
    model_free(a);
    model_free(b);
    free(d);
}

/* Whole by its checksum, but not a model: what an editor or another program may leave. */
static void foreign_documents_are_refused(void **state) {
    (void)state;
    static const char *const documents[] = {"{}", "[]", "{\"learner\": {}}", "not json", "{\"version\": [1, 7, 4], \"learner\": 7}", ""};
    for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
        Error err = {0};
        Model *m = NULL;
        if (model_from_document(documents[i], strlen(documents[i]), &m, &err) == 0) fail_msg("'%s' was loaded", documents[i]);
        assert_int_equal(err.kind, ERR_DATA);
        error_clear(&err);
    }
}

static void bad_training_data_is_an_error(void **state) {
    (void)state;
    Error err = {0};
    Model *m = NULL;
    Data *d = make_data(0, 3);
    Matrix x = matrix_of(d, ROWS);
    ModelParams params = {.rounds = 5, .seed = 1};
    d->values[17] = INFINITY;
    if (model_train(&x, d->labels, names, &params, &m, &err) == 0) fail_msg("trained on an infinity");
    assert_int_equal(err.kind, ERR_DATA);
    assert_null(strchr(err.text, '\n'));
    error_clear(&err);
    free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_what_is_there),
        cmocka_unit_test(same_seed_same_bytes),
        cmocka_unit_test(the_cores_change_no_byte),
        cmocka_unit_test(one_tree_and_no_tree_at_all),
        cmocka_unit_test(contributions_are_exact),
        cmocka_unit_test(contributions_are_exact_at_every_depth),
        IN_SCRATCH(comes_back_from_disk),
        IN_SCRATCH(damaged_files_are_refused),
        IN_SCRATCH(files_of_two_models_do_not_mix),
        cmocka_unit_test(foreign_documents_are_refused),
        cmocka_unit_test(bad_training_data_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

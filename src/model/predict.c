/* predict.c: predictions by XGBoost, of many rows on all cores: each row by itself, so how they are divided changes nothing. */
#include "model/model_internal.h"

#include "base/cpu.h"
#include "base/memory.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define MANY_ROWS 16384 /* for fewer a thread is not worth its start */

enum { THREADS_MAX = 4 };

typedef enum PredictionType { PREDICT_PROBABILITY = 0, PREDICT_MARGIN = 1 } PredictionType; /* XGBoost's numbers */

/* Some of the rows, of one thread. */
typedef struct Part {
    const Model *model;
    Matrix x;
    PredictionType type;
    float *ret;
    pthread_t thread;
    bool started;
    int rc;
    Error err;
} Part;

/* Without a copy: XGBoost reads the rows at their address, by https://numpy.org/doc/stable/reference/arrays.interface.html. */
static int predict_rows(const Model *m, const Matrix *x, PredictionType type, float *ret, Error *err) {
    CLEANUP(free_text)
    char *config = xasprintf("{\"type\": %d, \"training\": false, \"iteration_begin\": 0, \"iteration_end\": 0, \"strict_shape\": false, "
                             "\"cache_id\": 0, \"missing\": NaN}",
                             (int)type);
    CLEANUP(free_text)
    char *array = xasprintf("{\"data\": [%" PRIuPTR ", true], \"shape\": [%zu, %zu], \"typestr\": \"<f4\", \"version\": 3}",
                            (uintptr_t)x->values, x->rows, x->cols);
    const bst_ulong *shape;
    bst_ulong dimensions;
    const float *result; /* XGBoost's, until its next call */
    if (m->xgb->XGBoosterPredictFromDense(m->booster, array, config, NULL, &shape, &dimensions, &result) != 0)
        return xgb_fail(m->xgb, ERR_DATA, "cannot predict", err);
    BUG_IF(dimensions < 1 || shape[0] != x->rows);
    memcpy(ret, result, x->rows * sizeof *ret);
    return 0;
}

static void *predict_part(void *state) {
    Part *p = state;
    const Xgb *ignored;
    p->rc = xgb_load(&ignored, &p->err) != 0 ? -1 : predict_rows(p->model, &p->x, p->type, p->ret, &p->err);
    return NULL;
}

static Part part_of(const Model *m, const Matrix *x, PredictionType type, float *ret, size_t number, size_t parts) {
    size_t from = x->rows * number / parts, to = x->rows * (number + 1) / parts;
    return (Part){
        .model = m, .x = {.values = x->values + from * x->cols, .rows = to - from, .cols = x->cols}, .type = type, .ret = ret + from};
}

/* The first is the caller's; what no thread could be started for, too. The error of the first that failed. */
static int predict_parts(const Model *m, const Matrix *x, PredictionType type, float *ret, size_t n, Error *err) {
    Part parts[THREADS_MAX];
    int rc = 0;
    for (size_t i = n; i-- > 0;) {
        parts[i] = part_of(m, x, type, ret, i, n);
        parts[i].started = i > 0 && pthread_create(&parts[i].thread, NULL, predict_part, &parts[i]) == 0;
        if (!parts[i].started) predict_part(&parts[i]);
    }
    for (size_t i = 0; i < n; i++) {
        if (parts[i].started) pthread_join(parts[i].thread, NULL);
        if (parts[i].rc != 0 && rc == 0) rc = error_move(err, &parts[i].err);
        error_clear(&parts[i].err);
    }
    return rc;
}

static int predict(const Model *m, const Matrix *x, PredictionType type, float *ret, Error *err) {
    BUG_IF(x->cols != m->feature_count);
    if (x->rows == 0) return 0;
    if (x->rows < MANY_ROWS) return predict_rows(m, x, type, ret, err);
    size_t cores = (size_t)cpu_count();
    return predict_parts(m, x, type, ret, cores < THREADS_MAX ? cores : THREADS_MAX, err);
}

int model_predict(const Model *m, const Matrix *x, float *ret, Error *err) {
    return predict(m, x, PREDICT_PROBABILITY, ret, err);
}

int model_log_odds(const Model *m, const Matrix *x, float *ret, Error *err) {
    return predict(m, x, PREDICT_MARGIN, ret, err);
}

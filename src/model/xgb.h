/* xgb.h: XGBoost's C library as a table of functions, loaded at first use. Private to this module; the only place that includes its header.
 *
 * It is not linked, because libxgboost with libgomp and libdmlc adds 2.5-3.3 ms to the start of every process, and only `train` and `score`
 * need it. It stays loaded until the process ends (unloading an OpenMP runtime is not safe). Any thread may call xgb_load. */
#pragma once
#include "base/error.h"
#include <xgboost/c_api.h>

#define XGB_FUNCTIONS(X)                                                                                                                   \
    X(XGBoostVersion)                                                                                                                      \
    X(XGBGetLastError)                                                                                                                     \
    X(XGBRegisterLogCallback)                                                                                                              \
    X(XGBSetGlobalConfig)                                                                                                                  \
    X(XGDMatrixCreateFromMat_omp)                                                                                                          \
    X(XGDMatrixSetFloatInfo)                                                                                                               \
    X(XGDMatrixFree)                                                                                                                       \
    X(XGBoosterCreate)                                                                                                                     \
    X(XGBoosterFree)                                                                                                                       \
    X(XGBoosterSetParam)                                                                                                                   \
    X(XGBoosterSetStrFeatureInfo)                                                                                                          \
    X(XGBoosterGetNumFeature)                                                                                                              \
    X(XGBoosterUpdateOneIter)                                                                                                              \
    X(XGBoosterPredictFromDense)                                                                                                           \
    X(XGBoosterPredictFromDMatrix)                                                                                                         \
    X(XGBoosterSaveModelToBuffer)                                                                                                          \
    X(XGBoosterLoadModelFromBuffer)

typedef struct Xgb {
#define X(name) __typeof__(name) *name;
    XGB_FUNCTIONS(X)
#undef X
} Xgb;

/* The table, valid until the process ends. ERR_CONFIG when the library is missing or too old; the text names the package to install. */
int xgb_load(const Xgb **ret, Error *err) MUST_CHECK;
/* On how many threads XGBoost reads what this thread trains with: it does not ask its parameters. One, where this was not called. */
void xgb_use_threads(int n);
/* Sets `err` from XGBoost's last error on this thread, "<doing>: <its first line>". Returns -1. */
int xgb_fail(const Xgb *xgb, ErrorKind kind, const char *doing, Error *err);

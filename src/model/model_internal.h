/* model_internal.h: what model.c and model_file.c share. */
#pragma once
#include "model/forest.h"
#include "model/model.h"
#include "model/xgb.h"

struct Model {
    const Xgb *xgb;
    BoosterHandle booster;
    char **features; /* owned */
    size_t feature_count;
    Forest *forest;
    json_t *params;
    Buf document; /* XGBoost's JSON */
};

/* A model from XGBoost's JSON document (copied). ERR_DATA when it is not one, or its list of feature names does not match its features. */
int model_from_document(const char *bytes, size_t n, Model **ret, Error *err) MUST_CHECK;

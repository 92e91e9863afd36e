/* steps.h: training and scoring in tests: what fails ends the test. */
#pragma once
#include "../fixture.h"
#include "base/clock.h"
#include "churn/churn.h"

/* Waits until a model trained before is at least a millisecond old: its id is the time of its training in milliseconds. */
static inline void next_millisecond(void) {
    int64_t now_us = clock_wall_us();
    while (clock_wall_us() < now_us + 1000) continue;
}

static inline ChurnTraining train_model(LakeConn *conn, const ChurnOptions *options) {
    Error err = {0};
    ChurnTraining t = {0};
    must(churn_train(conn, options, &t, &err), &err);
    return t;
}

static inline ChurnScores score_all(LakeConn *conn, const ChurnOptions *options) {
    Error err = {0};
    ChurnScores s = {0};
    must(churn_score(conn, options->models_dir, false, &s, &err), &err);
    return s;
}

/* cuts.c: which days of the past a model learns from. Pure.
 *
 *     first                                                                                            known
 *     |---- events_within ----[train]..apart..[train]---- label ----[calibrate]---- label ----[test]---- label ----|
 *
 * The label of a cut is known `label` days later, and must not be used earlier. So the label of every cut before the test is known at
 * the test, and that of the test is known now. When the history is too short for a calibration of its own, a fifth of the entities of the
 * newest training cut calibrates instead. */
#include "churn/forecast.h"

#include "base/clock.h"
#include <inttypes.h>

#define LEAST_CUTS 2

int64_t churn_label_days(const ChurnDeclared *d) {
    return d->gap + d->horizon + d->silence;
}

/* Training cuts from `newest` back, ascending in `ret`; how many the history has. */
static size_t place(const ChurnDeclared *d, int64_t first, int64_t newest, int64_t ret[CUTS_MAX]) {
    size_t n = 0, most = d->cuts < CUTS_MAX ? (size_t)d->cuts : CUTS_MAX;
    while (n < most && newest - (int64_t)n * d->apart >= first + d->events_within) n++;
    for (size_t i = 0; i < n; i++) ret[i] = newest - (int64_t)(n - 1 - i) * d->apart;
    return n;
}

bool churn_choose_cuts(const ChurnDeclared *d, int64_t first, int64_t known, ChurnCuts *ret, int64_t *ret_from) {
    int64_t label = churn_label_days(d);
    ChurnCuts cuts = {.test = known - label, .calibration = known - 2 * label, .own_calibration = true};
    *ret_from = first + d->events_within + (LEAST_CUTS - 1) * d->apart + 2 * label;
    cuts.count = place(d, first, cuts.calibration - label, cuts.training);
    if (cuts.count < LEAST_CUTS) {
        cuts.own_calibration = false;
        cuts.count = place(d, first, cuts.calibration, cuts.training);
    }
    if (cuts.count < LEAST_CUTS) return false;
    *ret = cuts;
    return true;
}

static const char *day_text(int64_t day, char text[CLOCK_TEXT_SIZE]) {
    clock_format(day * 86400 * USEC_PER_SEC, text);
    text[sizeof "YYYY-MM-DD" - 1] = '\0';
    return text;
}

int churn_check_cuts(const ChurnDeclared *d, const ChurnCuts *cuts, int64_t known, Error *err) {
    int64_t label = churn_label_days(d);
    char a[CLOCK_TEXT_SIZE], b[CLOCK_TEXT_SIZE], c[CLOCK_TEXT_SIZE];
    for (size_t i = 0; i < cuts->count; i++)
        if (cuts->training[i] + label > cuts->test)
            return error_set(err, ERR_CONFIG,
                             "the label of the training cut %s is known on %s, after the test cut %s: it would betray the test",
                             day_text(cuts->training[i], a), day_text(cuts->training[i] + label, b), day_text(cuts->test, c));
    if (cuts->calibration + label > cuts->test)
        return error_set(err, ERR_CONFIG,
                         "the label of the calibration cut %s is known on %s, after the test cut %s: it would betray the test",
                         day_text(cuts->calibration, a), day_text(cuts->calibration + label, b), day_text(cuts->test, c));
    if (cuts->test + label > known)
        return error_set(err, ERR_CONFIG, "the label of the test cut %s is known on %s, and the history ends on %s",
                         day_text(cuts->test, a), day_text(cuts->test + label, b), day_text(known, c));
    return 0;
}

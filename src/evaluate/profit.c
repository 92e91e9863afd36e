/* profit.c: sums over those above a threshold. */
#include "evaluate/profit.h"

#include "base/memory.h"
#include "model/ranking.h"
#include <math.h>

double profit_threshold(ProfitCosts costs) {
    double gain = costs.value * costs.success;
    return gain > 0 ? costs.contact / gain : INFINITY;
}

static double profit_of(ProfitCosts costs, size_t contacted, size_t positives) {
    return (double)positives * costs.value * costs.success - (double)contacted * costs.contact;
}

ProfitPoint profit_at(const float *probabilities, const float *labels, size_t n, ProfitCosts costs, double threshold) {
    ProfitPoint point = {.threshold = threshold};
    for (size_t i = 0; i < n; i++) {
        if ((double)probabilities[i] < threshold) continue;
        point.contacted++;
        point.positives += labels[i] > 0.5f;
    }
    point.profit = profit_of(costs, point.contacted, point.positives);
    return point;
}

ProfitPoint profit_best(const float *probabilities, const float *labels, size_t n, ProfitCosts costs) {
    RankedRow *rows = ranking_new(probabilities, labels, n);
    ProfitPoint best = {.threshold = INFINITY};
    size_t positives = 0;
    for (size_t at = 0, end; at < n; at = end) {
        end = ranking_group_end(rows, n, at);
        for (size_t i = at; i < end; i++) positives += rows[i].positive;
        double profit = profit_of(costs, end, positives);
        if (profit > best.profit)
            best = (ProfitPoint){.threshold = (double)rows[at].score, .contacted = end, .positives = positives, .profit = profit};
    }
    free(rows);
    return best;
}

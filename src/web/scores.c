/* scores.c: see scores.h. */
#include "web/scores.h"

#include <string.h>

const char *const answer_scores[ANSWER_SCORES] = {"churn_probability", "risk_band", "reasons",      "model_id",
                                                  "scored_at",         "log_odds",  "reasons_bias", "reasons_rest"};

bool is_score_column(const char *name) {
    for (size_t i = 0; i < ANSWER_SCORES; i++)
        if (strcmp(name, answer_scores[i]) == 0) return true;
    return false;
}

json_t *typical_of(json_t *rows) {
    json_t *typical = json_object(), *row;
    size_t i;
    json_array_foreach(rows, i, row) {
        json_object_set(typical, json_string_value(json_object_get(row, "name")), row);
        json_object_del(row, "name");
    }
    return typical;
}

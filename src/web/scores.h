/* scores.h: what the rows of the first entity have of their score beside the features, and what is typical of these. Pure; any thread. */
#pragma once
#include <jansson.h>
#include <stdbool.h>

enum { ANSWER_SCORES = 8 };
extern const char *const answer_scores[ANSWER_SCORES]; /* in the order of answers */
bool is_score_column(const char *name);
/* {<column>: {p05, ..., p95}, ...} of the rows of sql/api/typical.sql, which lose their names. The caller owns it. */
json_t *typical_of(json_t *rows);

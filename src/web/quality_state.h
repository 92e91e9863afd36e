/* quality_state.h: what people said of groups of bad events, beside what became of them since. Any thread. */
#pragma once
#include "web/handlers.h"

/* Adds to each group of api/quality_groups its `review`: {state, at, by, text}. `ret_to_do`: how many with events in the range wait for
 * somebody, being open or back. */
int quality_add_reviews(Service *s, json_t *groups, int64_t *ret_to_do, Error *err) MUST_CHECK;

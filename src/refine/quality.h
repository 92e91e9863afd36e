/* quality.h: measures of the new events, kept as history. One thread. */
#pragma once
#include "refine/internal.h"

#define QUALITY_HISTORY_MAX 100000 /* rows; with more, each rule keeps its newest, together half of that */

/* Stores what was counted, for each of judge_measures, of the batches (after, upto] that Silver got in the open transaction; a rule that
 * does not hold is a line in the log. */
int quality_store(const Refine *r, const JudgeCount *counts, int64_t after, int64_t upto, Error *err) MUST_CHECK;

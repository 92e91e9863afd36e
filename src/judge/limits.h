/* limits.h: how long, deep and wide a message may be. Internal to the judge. */
#pragma once
#include "judge/state.h"

/* Parses a text (of `bytes` bytes, of which the first may do when it is too long) and sees that it keeps the limits. NULL: *ret_broken is
 * the first that it breaks, or JUDGE_LIMITS: it is no JSON. */
yyjson_val *limits_parse(Judge *j, Span text, size_t bytes, JudgeLimit *ret_broken);
void limits_report(Judge *j, JudgeLimit broken, const char *field, Span text);

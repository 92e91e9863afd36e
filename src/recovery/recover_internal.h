/* recover_internal.h: what diagnosing and repairing share. */
#pragma once
#include "recovery/recover.h"

/* Does `at` lack something of mark->topics[i], and of no earlier incarnation of that topic? So each topic name is found once. */
bool recover_is_first_behind(const CommitMark *mark, const CommitMark *at, size_t i);

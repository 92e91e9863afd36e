/* recover_internal.h: what diagnosing and repairing share. */
#pragma once
#include "recovery/recover.h"

/* Is position i of the mark behind, and the first of its topic that is? */
bool recover_is_first_behind(const CommitMark *mark, const CommitMark *at, size_t i);

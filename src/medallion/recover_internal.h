/* recover_internal.h: what diagnosing and repairing share. */
#pragma once
#include "medallion/recover.h"

/* Is position i of the mark behind, and the first of its topic that is? */
bool recover_is_first_behind(const Mark *mark, const Mark *at, size_t i);

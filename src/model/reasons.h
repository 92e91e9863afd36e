/* reasons.h: the few features that moved one answer most. Pure; any thread. */
#pragma once
#include <stddef.h>

/* The indices of the up to k contributions (of n) largest in absolute value, largest first; zeros are no reasons; equals by index.
 * Returns how many. */
size_t reasons_top(const float *contributions, size_t n, size_t k, size_t *ret);

/* reasons.h: the features that influenced one prediction most. Pure; any thread. */
#pragma once
#include <stddef.h>

/* `ret` gets the indices of the k contributions (of n) with the largest absolute values, largest first; equal ones by index; zeros are left
 * out. Returns the number of indices, at most k. */
size_t reasons_top(const float *contributions, size_t n, size_t k, size_t *ret);

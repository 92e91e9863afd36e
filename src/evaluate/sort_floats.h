/* sort_floats.h: ascending order of floats. Pure; any thread. */
#pragma once
#include <stddef.h>

/* No NaN. Equal ones (0 and -0 too) keep their order. */
void sort_floats(float *values, size_t n);

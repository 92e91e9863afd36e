/* unique.h: whether an array has an element twice. Internal to the judge. */
#pragma once
#include "judge/state.h"

/* Elements are equal when they are the same value of JSON: numbers by their value (1.0 and 1e0), texts by what they say, objects whatever
 * the order of their members. */
bool elements_are_unique(const Judge *j, yyjson_val *array);

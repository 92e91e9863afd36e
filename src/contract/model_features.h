/* model_features.h: what a model sees of an entity as of the beginning of a day: features of the declarations over windows, and those that
 * only a model has. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Reads `windows` and `features` of `model` into ret->features; without `features`, it is every feature of the entity `of` over the
 * windows of `model`, or 7, 14, 30 and 90 days. ERR_CONFIG. */
int model_features_read(Pipeline *p, const DocNode *model, const Entity *of, Forecast *ret, Error *err) MUST_CHECK;
/* Reads `segments` of `model`, after its features. ERR_CONFIG. */
int model_segments_read(Pipeline *p, const DocNode *model, Forecast *ret, Error *err) MUST_CHECK;
/* True: the model has a feature with windows of which `name` is a column; `ret` is its index, `ret_window` the days (0: it has none). */
bool model_column_find(const Entity *e, const char *name, size_t *ret, int *ret_window);

/* scalars.h: one value that is no object and no array. Internal to the judge. */
#pragma once
#include "judge/state.h"

/* Judges it by its type and its tests, reports at most one violation, and stores it in its column, if it has one. `value` is not null. */
void scalar_judge(Judge *j, const Node *node, yyjson_val *value, const Place *place, const Path *path);
/* The integer that scalar_judge found no fault with. */
int64_t scalar_integer(Judge *j, const Node *node, yyjson_val *value);
/* For values of the envelope, which Bronze has typed already: the first test that one does not pass, or NULL. */
const Test *failed_by_number(Judge *j, const Node *node, int64_t value);
const Test *failed_by_text(Judge *j, const Node *node, Span text, Span *ret_reason);
/* What does not pass this test may be worth counting only: then it is counted, and is no violation. */
bool is_counted(Judge *j, const Test *t);
/* A value that is not there, and need not be: counts it, if that is asked for. */
void count_absent(Judge *j, const Node *node);
/* "must be a text, not a number" */
Span wrong_type_reason(Judge *j, const Node *node, const char *kind);
/* The kind of drift of a number since 1970 that is at `us` in the unit of its contract, but would be a usual time (2000 to a year after it
 * came) in a larger one; NULL: it is as declared. */
const char *epoch_of_another_unit(const Judge *j, const Node *node, int64_t us);
void store_text(const Judge *j, const Node *node, Span text);

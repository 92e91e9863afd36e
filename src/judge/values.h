/* values.h: the payload and what is in it. Internal to the judge. */
#pragma once
#include "judge/state.h"

/* Judges the members of an object that is `text`, all that the contract names and all that it does not. `path`: of the object; NULL: the
 * payload itself. */
void members_judge(Judge *j, const Members *members, yyjson_val *object, Span text, const Path *path);
/* Of an object that the contract says nothing about: a key that is twice in it, or in what is in it, is a violation. */
void repeated_judge(Judge *j, yyjson_val *object);
/* A key that is twice in an object of the envelope is a violation. */
void keys_judge(Judge *j, yyjson_val *object);

/* properties.h: properties of a contract, from what their values were. Internal to infer. Any thread. */
#pragma once
#include "infer/profile.h"
#include <jansson.h>

/* A property in the words of the standard: type, rules, masked examples; `parents`: the objects that could have it. The caller owns it. */
json_t *property_of(const char *name, const Profile *p, int64_t parents) MUST_CHECK;
/* Those of an object; names that no contract can have are left out. `skip`: for these names nothing; ends with NULL. */
json_t *properties_of(const Profile *object, const char *const *skip) MUST_CHECK;

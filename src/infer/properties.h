/* properties.h: properties of a contract, from what their values were. Internal to infer. Any thread. */
#pragma once
#include "infer/profile.h"
#include <jansson.h>

/* What a contract cannot say of the messages. */
typedef struct LeftOut {
    json_t *list;     /* [{property, reason}, ...] */
    const char *path; /* of the object: "place."; "" of the whole */
} LeftOut;

/* A property in the words of the standard: type, rules, masked examples; `parents`: the objects that could have it. NULL: it is left out,
 * as its values have no type in common. The caller owns it. */
json_t *property_of(const char *name, const Profile *p, int64_t parents, const LeftOut *left) MUST_CHECK;
/* Those of an object; names that no contract can have are left out. `skip`: for these names nothing; ends with NULL. */
json_t *properties_of(const Profile *object, const char *const *skip, const LeftOut *left) MUST_CHECK;

/* keys.h: keys that are in an object twice. Internal to the judge. */
#pragma once
#include <stddef.h>
#include <yyjson.h>

/* The first key, in the order of the message, that is again among the `count` at `keys`; NULL: they differ. It may order them anew. No
 * allocation. */
yyjson_val *keys_repeated(yyjson_val **keys, size_t count);

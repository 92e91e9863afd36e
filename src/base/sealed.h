/* sealed.h: a small JSON document in a file with a checksum: the first line is "KIND FORMAT SHA256", the checksum of all that follows.
 * Replaced atomically and durably. Any thread. */
#pragma once
#include "base/error.h"
#include <jansson.h>

typedef enum SealedState { SEALED_NONE, SEALED_GOOD, SEALED_DAMAGED } SealedState;

/* `kind` is one word without spaces, of at most 31 characters. About a millisecond. ERR_IO. */
int sealed_save(const char *path, const char *kind, int format, const json_t *document, Error *err) MUST_CHECK;
/* Only SEALED_GOOD sets `ret` (the caller's). ERR_IO: it cannot be read; ERR_CONFIG: its format is newer than `format`. */
int sealed_load(const char *path, const char *kind, int format, SealedState *ret_state, json_t **ret, Error *err) MUST_CHECK;

/* sealed.h: a file with a checksum and a small JSON document. Its first line is "KIND FORMAT SHA256"; the checksum covers the rest.
 * Replaced atomically and durably. Any thread. */
#pragma once
#include "base/error.h"
#include <jansson.h>

typedef enum SealedState { SEALED_NONE, SEALED_GOOD, SEALED_DAMAGED } SealedState;

/* `kind` has no spaces and at most 31 characters. Takes about a millisecond. ERR_IO. */
int sealed_save(const char *path, const char *kind, int format, const json_t *document, Error *err) MUST_CHECK;
/* Sets `ret` (which the caller owns) only with SEALED_GOOD. ERR_IO: the file cannot be read; ERR_CONFIG: its format is newer than
 * `format`. */
int sealed_load(const char *path, const char *kind, int format, SealedState *ret_state, json_t **ret, Error *err) MUST_CHECK;

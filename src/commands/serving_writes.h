/* serving_writes.h: how `serve`, which does not have the lake, changes it: by this program as a child. Any thread. */
#pragma once
#include "base/error.h"
#include <jansson.h>

/* For WebOptions.write; the App as `app`, which is borrowed. `run` is `smelt run`, `promote` is `smelt model promote`, `replay` is `smelt
 * refine --full`, each with the options of this process and --json. An error has the kind and the sentence of the command's; ERR_BUSY:
 * another process has the lake, and nothing was done. */
int serving_write(void *app, const char *kind, const json_t *args, json_t **ret, Error *err) MUST_CHECK;

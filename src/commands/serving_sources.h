/* serving_sources.h: what the server answers besides the lake: contracts, system, and rows that no snapshot holds. Any thread. */
#pragma once
#include "commands/app.h"
#include <jansson.h>

/* As WebOptions; `app`: the App, which is borrowed. */
int serving_ask(void *app, const char *name, const json_t *args, json_t **ret, Error *err) MUST_CHECK;
json_t *serving_contracts(void *app) MUST_CHECK;
json_t *serving_system(void *app) MUST_CHECK;

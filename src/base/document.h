/* document.h: YAML and JSON documents as jansson values (json_t), so that everything above reads one kind of tree.
 * YAML by libyaml, core schema: null, true/false, integers, reals; quoted scalars are strings; anchors are refused. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include <jansson.h>

static inline void json_freep(json_t **j) {
    json_decref(*j);
}
/* `name` (a file name) and the line stand in the error. ERR_CONFIG. The caller owns the value. Duplicate keys are errors. */
int yaml_parse(const char *text, size_t len, const char *name, json_t **ret, Error *err) MUST_CHECK;
int json_parse(const char *text, size_t len, const char *name, json_t **ret, Error *err) MUST_CHECK;
/* Compact JSON text; the caller frees. */
char *json_text(const json_t *value) MUST_CHECK;

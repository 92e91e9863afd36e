/* yaml_writer.h: JSON values as YAML in block style, by libyaml. Any thread. */
#pragma once
#include "base/buf.h"
#include <jansson.h>

/* Appends the document. Texts that a reader of YAML 1.1 or 1.2 would take for something else are quoted, so that every reader gets `value`.
 */
void yaml_write(const json_t *value, Buf *out);

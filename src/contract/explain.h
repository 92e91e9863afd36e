/* explain.h: a loaded pipeline as JSON. One thread. */
#pragma once
#include "base/attr.h"
#include "contract/declarations.h"
#include <jansson.h>

/* Fills contracts_sha256 and features_sha256. */
void pipeline_fingerprint(Pipeline *p);
/* The declarations as one JSON object, for people and other programs. The caller owns it. */
json_t *pipeline_explain(const Pipeline *p) MUST_CHECK;
/* What the contracts' author should know: [{file, line, path, text}, ...], of one kind. The caller owns it. */
json_t *pipeline_notes(const Pipeline *p, NoteKind kind) MUST_CHECK;
/* What the contracts say and Smelt does not enforce: [{file, line, path, text}, ...], text: "is not enforced: there is no metric x". The
 * caller owns it. */
json_t *pipeline_unenforced(const Pipeline *p) MUST_CHECK;

/* pipeline.h: loads the declarations of a pipeline from YAML: data contracts (Open Data Contract Standard v3.1) and features. */
#pragma once
#include "base/error.h"
#include "base/settings.h"
#include "contract/declarations.h"
#include <jansson.h>

/* Reads <dir>/contracts/ *.odcs.yaml and <dir>/features.yaml; NULL: the files built into the binary. ERR_CONFIG describes the first
 * mistake: file and line, path in the document, value, and what is expected there; and says how many more there are. ERR_IO. Any thread;
 * the caller frees. */
int pipeline_load_dir(const char *dir, Pipeline **ret, Error *err) MUST_CHECK;
/* The same, and all mistakes of all files: [{file, line, message}, ...], a new array also on failure; line 0: of the whole file. The error
 * is the first one. `check_pattern` NULL: patterns are not proved. */
int pipeline_check_dir(const char *dir, PatternCheck check_pattern, Pipeline **ret, json_t **ret_mistakes, Error *err) MUST_CHECK;
/* The contracts alone, of a file, of a folder of them, or of the folder of a pipeline: as pipeline_check_dir, but there are no features. */
int pipeline_check_contracts(const char *path, PatternCheck check_pattern, Pipeline **ret, json_t **ret_mistakes, Error *err) MUST_CHECK;
/* The setting pipeline.dir, borrowed; NULL: the files built into the binary. */
const char *pipeline_dir(const Settings *settings);
/* As pipeline_load_dir, from the setting pipeline.dir. */
int pipeline_load(const Settings *settings, Pipeline **ret, Error *err) MUST_CHECK;
/* What fills Bronze's columns from the messages of a topic. NULL: no contract describes its messages. Borrowed. */
const TopicEnvelope *pipeline_envelope_for(const Pipeline *p, const char *topic);
/* The only one that there is; NULL: there are several. */
const TopicEnvelope *pipeline_only_envelope(const Pipeline *p);
/* Smelt's own, which messages had before contracts could declare one. The texts are owned by `strings` (contract/text.h). */
void envelope_own(struct Strings *strings, TopicEnvelope *ret);
/* {event_id: "$.id", ...}; the caller owns it. */
json_t *envelope_json(const TopicEnvelope *e) MUST_CHECK;
/* All of them, for people: [{topic, columns: {event_id: "$.id", ...}, identity_by_lineage, sha256}, ...]; topic null: of every topic that
 * has none of its own. The caller owns it. */
json_t *pipeline_envelopes(const Pipeline *p) MUST_CHECK;
void pipeline_free(Pipeline *p);
DEFINE_CLEANUP(pipeline_free, Pipeline)

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
void pipeline_free(Pipeline *p);
DEFINE_CLEANUP(pipeline_free, Pipeline)

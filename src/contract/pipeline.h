/* pipeline.h: loads the declarations of a pipeline from YAML: data contracts (Open Data Contract Standard v3.1) and features. */
#pragma once
#include "base/error.h"
#include "base/settings.h"
#include "contract/declarations.h"

/* Reads <dir>/contracts/ *.odcs.yaml and <dir>/features.yaml; NULL: the files built into the binary. ERR_CONFIG describes the first
 * mistake: file and line, path in the document, value, and what is expected there. ERR_IO. Any thread; the caller frees. */
int pipeline_load_dir(const char *dir, Pipeline **ret, Error *err) MUST_CHECK;
/* The same from the setting pipeline.dir. */
int pipeline_load(const Settings *settings, Pipeline **ret, Error *err) MUST_CHECK;
void pipeline_free(Pipeline *p);
DEFINE_CLEANUP(pipeline_free, Pipeline)

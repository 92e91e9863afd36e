/* show.h: the compiled SQL for people: `smelt sql --show silver|gold|<statement>`. */
#pragma once
#include "contract/pipeline.h"

/* `what`: a layer ("silver", "gold"), a statement ("silver/clean"), or "all". ERR_USAGE lists what there is. The caller frees the text. */
int compile_show(const Pipeline *p, const char *what, char **ret, Error *err) MUST_CHECK;

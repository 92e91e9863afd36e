/* show.h: what the declarations became, for people: `smelt sql --show silver|gold|<statement>`. */
#pragma once
#include "contract/pipeline.h"

/* `what`: a layer ("silver", "gold"), a statement ("silver/clean"), the judge's program ("silver/judge"), or "all". ERR_USAGE lists what
 * there is; ERR_CONFIG as refinery_new. The caller frees the text. */
int refine_show(const Pipeline *p, const char *what, char **ret, Error *err) MUST_CHECK;

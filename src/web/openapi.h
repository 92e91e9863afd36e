/* openapi.h: the parts of /openapi.json. Any thread. */
#pragma once
#include "web/handlers.h"

/* The schemas of src/web/schemas by their names. Those that begin with Entity are made once for each entity, under its name ("EntityList"
 * becomes "BikeList"), with its columns; `lease` NULL: they stay as they are. The caller owns the object. */
int openapi_schemas(const Lease *lease, json_t **ret, Error *err) MUST_CHECK;
/* {"$ref": "#/components/schemas/BikeList"} for "EntityList"; `e` NULL: of no entity. The caller owns it. */
json_t *openapi_ref(const char *schema, const GoldEntity *e) MUST_CHECK;

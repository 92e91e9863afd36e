/* entity_live.h: one row of the live lake by its id. */
#pragma once
#include "web/entity.h"

/* As the view serving_entities has it, or JSON null. `id`: its bytes; `in_capitals`: which a contract has put into capitals; `e`: that of
 * the model. */
int entity_live_row(const Lease *lease, const GoldEntity *e, LakeValue id, bool in_capitals, json_t **ret, Error *err) MUST_CHECK;

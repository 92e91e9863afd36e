/* diff.h: what changes between two sets of contracts, for those who send events and those who read Silver. Any thread. */
#pragma once
#include "base/attr.h"
#include "contract/declarations.h"
#include <jansson.h>

/* [{effect, event_type, field, text}, ...] in the order of the contracts. Effects:
 *   "loosens"    events pass that did not
 *   "tightens"   events do not pass that did
 *   "adds"       a new optional property: older rows have NULL
 *   "rebuild"    Silver's column has another type or comes from another property: `smelt refine --full`
 * A new reference. */
json_t *contracts_diff(const Pipeline *before, const Pipeline *after) MUST_CHECK;

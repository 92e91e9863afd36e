/* diff.h: what changes between two sets of contracts, for those who send events and those who read Silver. Any thread. */
#pragma once
#include "base/attr.h"
#include "contract/declarations.h"
#include <jansson.h>

/* [{effect, event_type, field, text}, ...] in the order of the contracts; what all contracts of a topic share is said of the first.
 * Effects: "loosens"    events pass that did not "tightens"   events do not pass, or are read as something else, that did; or a rule about
 * many events, a promise in time is stricter "adds"       a new optional property without rules: older rows have NULL; a new or stricter
 * warning "rebuild"    Silver's column has another type or comes from another property: `smelt refine --full`; of the envelope: a column of
 *                Bronze means something else in messages that are read from now on
 * A new reference. */
json_t *contracts_diff(const Pipeline *before, const Pipeline *after) MUST_CHECK;

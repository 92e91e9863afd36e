/* diff.h: what changes between two sets of contracts, for those who send events and those who read Silver. Any thread. */
#pragma once
#include "base/attr.h"
#include "contract/declarations.h"
#include <jansson.h>

/* [{effect, event_type, field, text}, ...] in the order of the contracts. A change that all contracts of a topic share is listed once, with
 * the first of them. Effects:
 *
 * - loosens: events pass that did not pass before
 * - tightens: events that passed do not, or are read as something else; or a rule about many events or a promise in time is stricter
 * - adds: a new optional property without rules (older rows have NULL), or a new or stricter warning
 * - rebuild: Silver's column has another type or comes from another property, which needs `smelt refine --full`; or a column of Bronze
 * means something else in messages that are read from now on
 *
 * The caller owns it. */
json_t *contracts_diff(const Pipeline *before, const Pipeline *after) MUST_CHECK;

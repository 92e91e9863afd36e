/* history.h: when the state of a part changed, for 30 days, in a file that needs no lake: data.dir/status.history, a JSON list of {at, by,
 * name, title, state, before, detail}, oldest first. `by` names the process that looked: another one may find something else. One thread.
 */
#pragma once
#include "base/attr.h"
#include <jansson.h>

typedef struct StateHistory StateHistory;
/* Reads what is there. `path` and `by` are copied. */
StateHistory *state_history_new(const char *path, const char *by) MUST_CHECK;
void state_history_free(StateHistory *h);
/* Adds what changed in the parts of a report since the last time, and gives each part its `since`. A file that cannot be written is logged.
 */
void state_history_note(StateHistory *h, json_t *report);

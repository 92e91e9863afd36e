/* envelopes.h: the envelopes of the topics, to which all contracts of a topic contribute. */
#pragma once
#include "contract/node.h"
#include "contract/pipeline.h"
#include "contract/presets.h"

/* How Bronze calls the column: "event_id". */
extern const char *const envelope_column_names[ENVELOPE_COLUMNS];

/* Takes what `c` says about a column into the envelope of its topic. `at`: where it says so. ERR_CONFIG: another contract says something
 * else. One thread. */
int envelope_add(Pipeline *p, const Contract *c, PresetUse use, EnvelopeColumn column, const ColumnMapping *said, const DocNode *at,
                 Error *err) MUST_CHECK;
/* After all contracts: what no contract of a topic says, what must not be missing, and the digests. `mistakes`: node.h. */
int envelopes_finish(Pipeline *p, json_t *mistakes, Error *err) MUST_CHECK;

/* presets.h: envelopes that are in wide use, as tables of origins. One thread (of a pipeline's strings). */
#pragma once
#include "contract/declarations.h"
#include "contract/text.h"

/* A preset, alone or inside {"schema", "payload"} of Kafka Connect. */
typedef struct PresetUse {
    const struct Preset *preset;
    bool wrapped;
    bool named; /* a contract names it: what the contract does not list is where the preset says */
} PresetUse;

/* What holds where a contract names none: Smelt's own envelope. */
PresetUse preset_default(void);
/* "smelt", "flat", "cloudevents", "cloudevents_binary", "debezium", "connect", and those after "connect+". False: there is none. */
bool preset_find(const char *name, PresetUse *ret) MUST_CHECK;
extern const char preset_names[]; /* for errors */

/* The column of a property that names none; ENVELOPE_COLUMNS: none. */
EnvelopeColumn preset_column(PresetUse use, const char *property);
/* Where the column is when a contract lists it with this name; without a name, when it does not list it: false: then it is not there. */
bool preset_mapping(Strings *strings, PresetUse use, EnvelopeColumn column, const char *property, ColumnMapping *ret);
const char *const *preset_beside(PresetUse use);
const char *const *preset_transport(PresetUse use); /* TopicEnvelope.transport; NULL: none */
/* The whole table, for messages of no contract. The texts are owned by `strings`. */
void preset_envelope(Strings *strings, PresetUse use, TopicEnvelope *ret);

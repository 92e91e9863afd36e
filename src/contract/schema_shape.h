/* schema_shape.h: which envelope the messages of a schema have, and which column of Bronze a property of it fills. One thread. */
#pragma once
#include "contract/node.h"
#include "contract/presets.h"

/* `by_name`: names of properties say which column they fill. */
typedef struct SchemaShape {
    PresetUse use;
    bool by_name;
} SchemaShape;

/* Of an object of the schema of a document, and its list `properties`. ERR_CONFIG: there is no such envelope. */
int schema_shape_read(const DocNode *object, const DocNode *properties, SchemaShape *ret, Error *err) MUST_CHECK;
bool schema_shape_same(SchemaShape a, SchemaShape b);
/* ENVELOPE_COLUMNS: none, it is of the payload. */
EnvelopeColumn schema_column(SchemaShape shape, const DocNode *property);
/* Whether the messages say which event type they are of, by a property or by the envelope. */
bool schema_says_type(Strings *strings, SchemaShape shape, const DocNode *properties);

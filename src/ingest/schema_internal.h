/* schema_internal.h: what decode.c and schemas.c share. */
#pragma once
#include "avro/avro.h"
#include "ingest/decode.h"

struct MessageSchema {
    const char *reject; /* its messages cannot be read (static text); NULL: they can */
    AvroSchema *avro;   /* owned; NULL: JSON behind the prefix */
};

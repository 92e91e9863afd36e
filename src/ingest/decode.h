/* decode.h: messages in another encoding than JSON, to the JSON message that envelope.h reads.
 *
 * A message of a schema registry begins with a zero byte and the id of its schema (four bytes, the highest first). The reading thread finds
 * the schema of each message before its batch is handed over (Schemas), so that the staging threads only decode. */
#pragma once
#include "base/buf.h"
#include "base/span.h"
#include "contract/declarations.h"
#include "lake/lake.h"
#include "registry/registry.h"

#define SCHEMA_PREFIX 5 /* the zero byte and the id */

/* How the messages of one schema are read, or why they cannot be. Read-only: any thread. */
typedef struct MessageSchema MessageSchema;

/* *ret is the message as JSON: its own bytes, or in `scratch`, valid until the next call with it. `schema` NULL: JSON. Returns why it is no
 * event (static text, as in bronze_rejects.reason), or NULL. */
const char *decode_message(const MessageSchema *schema, Span bytes, Buf *scratch, Span *ret) MUST_CHECK;

/* ---- the schemas of a topic: of the reading thread ---- */

typedef struct Schemas Schemas;

/* *ret NULL: messages of this format, or from a file, need none. The registry is asked once whether it knows us: ERR_CONFIG when it does
 * not; that it is away is only logged, since the lake may have all that is needed. `options` are borrowed. */
int schemas_open(Lake *lake, MessageFormat format, const RegistryOptions *options, const char *topic, Schemas **ret, Error *err) MUST_CHECK;
void schemas_free(Schemas *s);
DEFINE_CLEANUP(schemas_free, Schemas)
/* The schema of a message, valid as long as `s`: from memory, from the lake, or from the registry, after which the lake has it. A message
 * without a schema that can be used gets one that rejects it. ERR_UNAVAILABLE: the registry is needed and away; call again. */
int schemas_find(Schemas *s, Span message, const MessageSchema **ret, Error *err) MUST_CHECK;

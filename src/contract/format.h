/* format.h: how the messages of a topic are written, by the `format` of a contract's Kafka servers. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

extern const char *const message_format_names[]; /* "json", "avro": by MessageFormat */
/* Of the topic of `c`, whose envelope is in `p` already. ERR_CONFIG: a format that is not read, or another one than a contract or server
 * before said. */
int format_read(Pipeline *p, const Contract *c, const DocNode *document, Error *err) MUST_CHECK;

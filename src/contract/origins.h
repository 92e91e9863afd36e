/* origins.h: what fills a column of Bronze, as text and back. Pure; any thread.
 *
 *   $.a.b                a member of the message, of one to four keys, also $['a']['b']; $ is the message itself
 *   kafka_key            kafka_header:NAME    kafka_timestamp    kafka_topic    kafka_lineage
 *   'text'               a constant
 *   $@kafka_header:NAME  the message itself, when it has the header
 *   base64:$.a           what the text there decodes to
 *   row_key              the row that a change in a database is of; of presets alone
 *
 * Alternatives have a space between them, parts of an id have " + "; a part that may be absent begins with "? ". */
#pragma once
#include "base/buf.h"
#include "contract/declarations.h"
#include "contract/text.h"

/* One of the above. False: it is none. The texts are owned by `strings`. */
bool origin_read(Strings *strings, const char *text, ValueOrigin *ret) MUST_CHECK;
/* Parts and alternatives, of a table of ours: a mistake in it is a BUG. */
void origins_read(Strings *strings, const char *text, ColumnMapping *ret);
/* In the form above, with how a time is written: "$.ts as epoch_ms". */
void mapping_print(const ColumnMapping *m, Buf *out);
/* Alternatives at these paths of a list, each with one more key at its end; a text of base64 has no members. False: one has too many keys
 * then. */
bool origins_extend(Strings *strings, const OriginList *bases, const char *key, OriginList *ret) MUST_CHECK;
/* Puts a key before the first one of each path. */
void origins_wrap(ColumnMapping *m, const char *key);

/* "iso8601", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns": by TimeForm. */
#define TIME_FORMS 5
extern const char *const time_form_names[TIME_FORMS];
/* The words of transformLogic, by OriginKind: "kafka_key", "kafka_header:NAME", "'text'"; "" of a path. */
extern const char *const origin_words[];

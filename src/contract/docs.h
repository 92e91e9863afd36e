/* docs.h: contracts as a page for people, in Markdown. Any thread. */
#pragma once
#include "base/buf.h"
#include "contract/declarations.h"

/* A section for each event type: who answers for it, and a table of its fields with types, units, rules in words and descriptions; then one
 * for each entity: its features, and which values are worse. */
void contracts_document(const Pipeline *p, Buf *out);

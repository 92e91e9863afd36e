/* sla.h: what a contract promises of its data in time: `slaProperties`. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Notes the promises of a document that Smelt does not measure: another property, a duration that it cannot read, an element that is not in
 * the document. `head` is what all contracts of the document begin with. ERR_CONFIG: not a list. */
int sla_note(Pipeline *p, Contract *head, const DocNode *document, Error *err) MUST_CHECK;
/* Sets the promises of an event type; `object` is its schema. Of several of one property the strictest holds. */
void sla_apply(Contract *c, const DocNode *document, const DocNode *object);

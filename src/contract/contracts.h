/* contracts.h: reads contracts from documents of the Open Data Contract Standard v3.1
 * (https://bitol-io.github.io/open-data-contract-standard/v3.1.0/). One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Appends the contracts of one document: one for each object of its schema. They must not contradict the contracts read before; topics_scan
 * (topic.h) has seen all documents.
 * ERR_CONFIG. */
int contracts_read(Pipeline *p, const DocNode *document, Error *err) MUST_CHECK;
/* Sorts by position, then by file name. Call it after all contracts were read. */
void contracts_sort(Pipeline *p);

/* contracts.h: documents of the Open Data Contract Standard v3.1 (https://bitol-io.github.io/open-data-contract-standard/v3.1.0/) become
 * contracts. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Appends the contracts of one document: one for each object of its schema. They must agree with those that are there. ERR_CONFIG. */
int contracts_read(Pipeline *p, const DocNode *document, Error *err) MUST_CHECK;
/* Once all are there: by position, then by file name. */
void contracts_sort(Pipeline *p);

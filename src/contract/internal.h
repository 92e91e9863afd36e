/* internal.h: the parts of loading that work together. One thread. */
#pragma once
#include "contract/pipeline.h"
#include "contract/reader.h"

/* Appends the contracts of one document (one for each object of its schema). */
int contracts_read(Pipeline *p, const Place *document, Error *err) MUST_CHECK;
/* What must hold between contracts; puts them in order. */
int contracts_check(Pipeline *p, Error *err) MUST_CHECK;
/* `logicalTypeOptions` and `quality` of a property become its checks. */
int checks_read(Pipeline *p, Contract *c, const Place *property, Field *field, Error *err) MUST_CHECK;
/* The features document; contracts are there. */
int features_read(Pipeline *p, const Place *document, Error *err) MUST_CHECK;
void pipeline_fingerprint(Pipeline *p);
/* What has a meaning (without descriptions), in one order. The caller owns it. */
json_t *contracts_meaning(const Pipeline *p);
json_t *features_meaning(const Pipeline *p);

/* A copy of the array with room for one more element of `size` bytes; all copies belong to `s`, so that no error path has to free. */
void *grow(Strings *s, const void *items, size_t count, size_t size);
bool is_reserved_column(const char *name);

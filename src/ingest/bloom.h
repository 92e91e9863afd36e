/* bloom.h: a set of hashes of 64 bits in two bytes each. What was added is always found; of a thousand others, one or two are found too. */
#pragma once
#include "base/memory.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Bloom Bloom;

/* With room for about so many at first. It grows, up to `most` of them, 16,384 or more. */
Bloom *bloom_new(size_t expected, size_t most);
void bloom_free(Bloom *b);
DEFINE_CLEANUP(bloom_free, Bloom)
/* False: there are `most` of them, and it was not added: the set is of no use any more. */
bool bloom_add(Bloom *b, uint64_t hash);
bool bloom_may_have(const Bloom *b, uint64_t hash);

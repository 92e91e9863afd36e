/* hashes.h: a set of hashes of 64 bits. */
#pragma once
#include "base/memory.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Hashes Hashes;

Hashes *hashes_new(void);
void hashes_free(Hashes *h);
DEFINE_CLEANUP(hashes_free, Hashes)
/* False: it is there already. */
bool hashes_add(Hashes *h, uint64_t hash);
size_t hashes_count(const Hashes *h);

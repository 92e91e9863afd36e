/* hashes.c: see hashes.h. Open addressing. Strangers choose what is hashed: so where a hash is depends on a secret too, and they cannot
 * make long chains.
 *
 * Invariant: at most half of the slots are in use, so that a search ends. 0 means an empty slot; the hash 0 is kept as 1. */
#include "ingest/hashes.h"

#include "base/error.h"
#include <sys/random.h>

enum { BITS_FIRST = 10 };

struct Hashes {
    uint64_t *slots; /* owned */
    size_t count, size;
    uint64_t secret; /* odd */
    int shift;       /* of 64 bits, to a slot */
};

Hashes *hashes_new(void) {
    Hashes *h = xcalloc(1, sizeof *h);
    if (getrandom(&h->secret, sizeof h->secret, 0) != sizeof h->secret) BUG("getrandom");
    h->secret |= 1;
    h->shift = 64 - BITS_FIRST;
    h->size = (size_t)1 << BITS_FIRST;
    h->slots = xcalloc(h->size, sizeof *h->slots);
    return h;
}

void hashes_free(Hashes *h) {
    free(h->slots);
    free(h);
}

static bool put(Hashes *h, uint64_t hash) {
    size_t at = (hash * h->secret) >> h->shift;
    while (h->slots[at] != 0 && h->slots[at] != hash) at = (at + 1) & (h->size - 1);
    if (h->slots[at] == hash) return false;
    h->slots[at] = hash;
    h->count++;
    return true;
}

static void grow(Hashes *h) {
    Hashes larger = {.slots = xcalloc(2 * h->size, sizeof *h->slots), .size = 2 * h->size, .secret = h->secret, .shift = h->shift - 1};
    for (size_t i = 0; i < h->size; i++)
        if (h->slots[i] != 0) (void)put(&larger, h->slots[i]);
    free(h->slots);
    *h = larger;
}

bool hashes_add(Hashes *h, uint64_t hash) {
    if (h->count + 1 > h->size / 2) grow(h);
    return put(h, hash != 0 ? hash : 1);
}

size_t hashes_count(const Hashes *h) {
    return h->count;
}

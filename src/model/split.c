/* split.c: within each class, the rows with the smallest hashes are held out.
 *
 * Invariant: the result depends on the set of (name, label), the share and the seed, not on the order of the rows. */
#include "model/split.h"

#include "base/memory.h"
#include <math.h>
#include <string.h>

uint64_t split_hash(const char *name, int64_t seed) {
    uint64_t h = UINT64_C(14695981039346656037) ^ ((uint64_t)seed * UINT64_C(0x9e3779b97f4a7c15));
    for (const unsigned char *p = (const unsigned char *)name; *p != '\0'; p++) h = (h ^ *p) * UINT64_C(1099511628211);
    h = (h ^ (h >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ (h >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ (h >> 33);
}

typedef struct HashedRow {
    uint64_t hash;
    const char *name; /* order of rows with equal hashes */
    size_t row;
} HashedRow;

static int by_hash(const void *a, const void *b) {
    const HashedRow *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return strcmp(x->name, y->name);
}

static size_t holdout_size(size_t rows, double share) {
    size_t wanted = (size_t)lround(share * (double)rows);
    if (rows < 2) return 0;
    if (wanted == 0) return 1;
    return wanted < rows ? wanted : rows - 1;
}

static void hold_out_class(const char *const *names, const float *labels, size_t n, bool positive, double share, int64_t seed, bool *ret) {
    HashedRow *rows = xcalloc(n + 1, sizeof *rows);
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if ((labels[i] > 0.5f) == positive) rows[count++] = (HashedRow){.hash = split_hash(names[i], seed), .name = names[i], .row = i};
    qsort(rows, count, sizeof *rows, by_hash);
    size_t held = holdout_size(count, share);
    for (size_t i = 0; i < count; i++) ret[rows[i].row] = i < held;
    free(rows);
}

void split_holdout(const char *const *names, const float *labels, size_t n, double share, int64_t seed, bool *ret_holdout) {
    hold_out_class(names, labels, n, false, share, seed, ret_holdout);
    hold_out_class(names, labels, n, true, share, seed, ret_holdout);
}

/* keys.c: see keys.h. */
#include "judge/keys.h"

#include <string.h>

/* By length and bytes; the same key by its place in the message. */
static int compare_keys(yyjson_val *a, yyjson_val *b) {
    size_t m = yyjson_get_len(a), n = yyjson_get_len(b);
    if (m != n) return m < n ? -1 : 1;
    int order = memcmp(yyjson_get_str(a), yyjson_get_str(b), m);
    if (order != 0) return order;
    return (a > b) - (a < b);
}

static bool are_equal(yyjson_val *a, yyjson_val *b) {
    size_t len = yyjson_get_len(a);
    return len == yyjson_get_len(b) && memcmp(yyjson_get_str(a), yyjson_get_str(b), len) == 0;
}

static void sift_down(yyjson_val **keys, size_t root, size_t count) {
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && compare_keys(keys[child], keys[child + 1]) < 0) child++;
        if (compare_keys(keys[root], keys[child]) >= 0) return;
        yyjson_val *key = keys[root];
        keys[root] = keys[child];
        keys[child] = key;
    }
}

/* Heapsort: whatever the keys are, it needs no memory and n log n comparisons. */
static void sort_keys(yyjson_val **keys, size_t count) {
    for (size_t i = count / 2; i-- > 0;) sift_down(keys, i, count);
    for (size_t last = count; last-- > 1;) {
        yyjson_val *key = keys[0];
        keys[0] = keys[last];
        keys[last] = key;
        sift_down(keys, 0, last);
    }
}

static yyjson_val *find_among_few(yyjson_val **keys, size_t count) {
    for (size_t i = 1; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (are_equal(keys[i], keys[k])) return keys[i];
    return NULL;
}

yyjson_val *keys_repeated(yyjson_val **keys, size_t count) {
    enum { FEW = 8 };
    yyjson_val *first = NULL;
    if (count <= FEW) return find_among_few(keys, count);
    sort_keys(keys, count);
    for (size_t i = 1; i < count; i++)
        if (are_equal(keys[i - 1], keys[i]) && (first == NULL || keys[i] < first)) first = keys[i];
    return first;
}

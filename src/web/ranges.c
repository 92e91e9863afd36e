/* ranges.c: see ranges.h. */
#include "web/ranges.h"

#include <stdlib.h>
#include <string.h>

/* Digits alone, at most 18 of them. False: something else. */
static const char *read_number(const char *s, int64_t *ret) {
    size_t n = strspn(s, "0123456789");
    if (n == 0 || n > 18) return NULL;
    *ret = strtoll(s, NULL, 10);
    return s + n;
}

static RangeKind last_bytes(const char *s, int64_t size, int64_t *ret_first, int64_t *ret_len) {
    int64_t n;
    const char *end = read_number(s, &n);
    if (end == NULL || *end != '\0') return RANGE_ALL;
    if (n == 0 || size == 0) return RANGE_NOTHING;
    *ret_len = n < size ? n : size;
    *ret_first = size - *ret_len;
    return RANGE_PART;
}

RangeKind range_parse(const char *range, int64_t size, int64_t *ret_first, int64_t *ret_len) {
    static const char unit[] = "bytes=";
    int64_t first, last = size - 1;
    if (range == NULL || strncasecmp(range, unit, strlen(unit)) != 0) return RANGE_ALL;
    const char *at = range + strlen(unit);
    if (*at == '-') return last_bytes(at + 1, size, ret_first, ret_len);
    at = read_number(at, &first);
    if (at == NULL || *at != '-') return RANGE_ALL;
    if (at[1] != '\0') {
        const char *end = read_number(at + 1, &last);
        if (end == NULL || *end != '\0' || last < first) return RANGE_ALL;
    }
    if (first >= size) return RANGE_NOTHING;
    *ret_first = first;
    *ret_len = (last < size ? last + 1 : size) - first;
    return RANGE_PART;
}

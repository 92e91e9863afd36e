/* ranges.h: which bytes of a file a client wants: the field Range. Pure; any thread. */
#pragma once
#include <stdint.h>

typedef enum RangeKind { RANGE_ALL, RANGE_PART, RANGE_NOTHING } RangeKind;
/* "bytes=0-99", "bytes=100-" and "bytes=-100" of `size` bytes. All: no range came, or one that this server does not follow (several,
 * another unit, not a range), which RFC 9110 14.2 allows. Nothing: no byte of it is there (416). */
RangeKind range_parse(const char *range, int64_t size, int64_t *ret_first, int64_t *ret_len);

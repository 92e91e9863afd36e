/* offsets.h: how far a partition was read. A plain value. */
#pragma once
#include <stdint.h>

typedef struct BatchPosition {
    int32_t partition;
    int64_t start_offset, next_offset; /* start: where this lake began to read the partition */
} BatchPosition;

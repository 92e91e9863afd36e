/* counted.h: the words behind a number: "1 line is", "2 lines are". */
#pragma once
#include <stdint.h>

static inline const char *counted(int64_t n, const char *one, const char *many) {
    return n == 1 ? one : many;
}

/* compress.h: bytes in the codings that HTTP clients take. Pure; any thread. */
#pragma once
#include "base/buf.h"
#include <stdbool.h>

/* Appends `n` bytes, compressed. False when memory is short: `out` is then unchanged. */
bool compress_gzip(const void *bytes, size_t n, Buf *out) MUST_CHECK;
bool compress_zstd(const void *bytes, size_t n, Buf *out) MUST_CHECK;

/* checksum.h: SHA-256, to detect bytes that were changed after they were written. Any thread. */
#pragma once
#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

#define SHA256_TEXT_SIZE 65 /* hex digits and NUL */

void sha256_hex(const void *bytes, size_t n, char ret[SHA256_TEXT_SIZE]);
/* The same of bytes that come one after the other. sha256_end frees it. One thread at a time. */
typedef struct Sha256 Sha256;
Sha256 *sha256_new(void) MUST_CHECK;
void sha256_add(Sha256 *s, const void *bytes, size_t n);
void sha256_end(Sha256 *s, char ret[SHA256_TEXT_SIZE]);
/* Of a whole file, read in pieces; `ret_bytes` (NULL: not wanted) gets its length. ERR_IO. */
int sha256_file(const char *path, char ret[SHA256_TEXT_SIZE], int64_t *ret_bytes, Error *err) MUST_CHECK;

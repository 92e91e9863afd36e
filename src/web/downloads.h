/* downloads.h: generations that clients read byte by byte: they are kept on the disk while one does, since it reads on for minutes. Any
 * thread. */
#pragma once
#include "snapshot/snapshot.h"

typedef struct Downloads Downloads;
Downloads *downloads_new(const char *dir) MUST_CHECK;
void downloads_free(Downloads *d);
/* Opens the file of a generation; `ret_size`, `ret_etag` (of 64) are what it is like. -1: it is not there. The caller closes it. */
int downloads_open(Downloads *d, int64_t generation, int64_t *ret_size, char ret_etag[64]) MUST_CHECK;
/* The newest generation; 0: none. */
int64_t downloads_newest(const Downloads *d);
/* Closes the files that no request has asked for in ten minutes. Call it periodically. */
void downloads_sweep(Downloads *d);

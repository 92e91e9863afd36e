/* exports.h: tables of generations as Parquet files, made at the first request, and kept for clients that fetch them in ranges. Any thread.
 */
#pragma once
#include "web/handlers.h"

typedef struct Exports Exports;
/* In `dir`, which only this process uses; borrowed. */
Exports *exports_new(const char *dir) MUST_CHECK;
void exports_free(Exports *e); /* removes the files */

typedef struct ExportFile {
    int fd; /* open for reading; the caller closes it */
    int64_t bytes;
    char etag[64]; /* names the bytes */
} ExportFile;
/* The rows of `e` with their scores, of the generation that the lease has. The same again while the file is kept; after that
 * it is made anew, from what never changes. ERR_FULL, ERR_IO: it cannot be written. */
int exports_open(Exports *x, const Lease *lease, const GoldEntity *e, ExportFile *ret, Error *err) MUST_CHECK;

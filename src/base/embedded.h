/* embedded.h: the files that are built into the binary (pipeline/, sql/, src/web/schemas/ and ui/), by their path in the source tree. */
#pragma once
#include <stddef.h>

typedef struct EmbeddedFile {
    const char *path;          /* "sql/bronze/land.sql" */
    const unsigned char *data; /* NUL follows the last byte */
    size_t len;
    const char *sha256;        /* hex */
    const unsigned char *gzip; /* the same, compressed; NULL: not a file of ui/ */
    size_t gzip_len;
} EmbeddedFile;

/* Of all files of ui/ together: pages name them as /ui/v-<version>/app.js. */
extern const char embedded_ui_version[];
extern const EmbeddedFile embedded_files[]; /* sorted by path; ends with path == NULL */
/* NULL when there is no such file. */
const EmbeddedFile *embedded_find(const char *path);

/* buf.h: a growing byte buffer. Always NUL-terminated after the first append, so `data` reads as a C string.
 * Start with `Buf b = {0};` (data is NULL until something is appended); end with buf_done. One thread at a time. */
#pragma once
#include "base/attr.h"

typedef struct Buf {
    char *data;
    size_t len, cap;
} Buf;

void buf_done(Buf *b);  /* frees; the buffer is empty and usable again */
void buf_clear(Buf *b); /* len = 0, keeps the memory */
void buf_trim(Buf *b);  /* gives back the memory that is not used */
void buf_add(Buf *b, const void *bytes, size_t n);
void buf_add_str(Buf *b, const char *s);
void buf_add_char(Buf *b, char c);
void buf_addf(Buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Space for n more bytes after len (not yet counted in it); returns where they start. */
char *buf_reserve(Buf *b, size_t n);
/* Returns the text (never NULL), which the caller frees; the buffer is empty afterwards. */
char *buf_take(Buf *b);

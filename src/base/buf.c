/* buf.c: the capacity doubles; one byte is always reserved for the NUL. */
#include "base/buf.h"

#include "base/memory.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void buf_done(Buf *b) {
    free(b->data);
    *b = (Buf){0};
}

void buf_clear(Buf *b) {
    b->len = 0;
    if (b->data != NULL) b->data[0] = '\0';
}

void buf_trim(Buf *b) {
    if (b->data == NULL) return;
    b->cap = b->len + 1;
    b->data = xrealloc(b->data, b->cap, 1);
}

char *buf_reserve(Buf *b, size_t n) {
    size_t need;
    if (__builtin_add_overflow(b->len, n, &need) || __builtin_add_overflow(need, 1, &need)) need = SIZE_MAX;
    if (need > b->cap) {
        size_t cap = b->cap < 64 ? 64 : b->cap;
        while (cap < need && cap <= SIZE_MAX / 2) cap *= 2;
        if (cap < need) cap = need;
        b->data = xrealloc(b->data, cap, 1);
        b->cap = cap;
    }
    return b->data + b->len;
}

void buf_add(Buf *b, const void *bytes, size_t n) {
    char *to = buf_reserve(b, n);
    if (n > 0) memcpy(to, bytes, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void buf_add_str(Buf *b, const char *s) {
    buf_add(b, s, strlen(s));
}

void buf_add_char(Buf *b, char c) {
    buf_add(b, &c, 1);
}

void buf_addf(Buf *b, const char *fmt, ...) {
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n > 0) {
        vsnprintf(buf_reserve(b, (size_t)n), (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

char *buf_take(Buf *b) {
    if (b->data == NULL) buf_add(b, "", 0);
    char *data = b->data;
    *b = (Buf){0};
    return data;
}

/* memory.c: see memory.h. The message is written without allocating. */
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static _Noreturn void out_of_memory(void) {
    static const char text[] = "smelt: out of memory. No partial change was stored; raise the memory limit and run again.\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    _exit(74);
}

static void *check_allocated(void *p) {
    if (p == NULL) out_of_memory();
    return p;
}

void *xmalloc(size_t size) {
    return check_allocated(malloc(size > 0 ? size : 1));
}

void *xcalloc(size_t count, size_t size) {
    return check_allocated(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *xrealloc(void *p, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) out_of_memory();
    return check_allocated(realloc(p, bytes > 0 ? bytes : 1));
}

void *xgrow(void *items, size_t count, size_t size) {
    bool full = (count & (count - 1)) == 0; /* 0 too */
    if (!full) return check_allocated(items);
    return xrealloc(items, count > 0 ? 2 * count : 1, size);
}

char *xstrdup(const char *s) {
    return check_allocated(strdup(s));
}

char *xstrndup(const char *s, size_t n) {
    size_t length = strnlen(s, n); /* not strndup: with strict_string_checks the sanitizer wants a NUL behind any text that it gets */
    char *copy = xmalloc(length + 1);
    memcpy(copy, s, length);
    copy[length] = '\0';
    return copy;
}

char *xasprintf(const char *fmt, ...) {
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    if (n < 0) out_of_memory();
    return text;
}

bool memory_is_there(size_t bytes) {
    void *there = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return there != MAP_FAILED && munmap(there, bytes) == 0;
}

/* memory.h: allocation that does not return NULL.
 *
 * When memory runs out, these functions print a message to stderr and end the process with _exit(74). This is safe, because every change to
 * the lake is one transaction, and it avoids many error paths that no test would reach. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stdlib.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull)) MUST_CHECK;
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull)) MUST_CHECK;
/* Array form: checks count * size for overflow. */
void *xrealloc(void *p, size_t count, size_t size) __attribute__((returns_nonnull)) MUST_CHECK;
/* Room for one item more behind `count`, in an array that grows by one item at a time and by this function alone. It allocates when count
 * is 0 or a power of two, so that n items are copied at most n times in all, whatever realloc does. */
void *xgrow(void *items, size_t count, size_t size) __attribute__((returns_nonnull)) MUST_CHECK;
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull)) MUST_CHECK;
char *xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull)) MUST_CHECK;
/* Like asprintf. The caller frees. */
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2) __attribute__((malloc, returns_nonnull)) MUST_CHECK;

/* May this process have so many bytes more, by its limit of address space? For libraries that do not take it well when it may not. It asks
 * for them and gives them back; another thread may take them before they are used. */
bool memory_is_there(size_t bytes) MUST_CHECK;

/* For CLEANUP(free_text) char *s = NULL; */
static inline void free_text(char **s) {
    free(*s);
}

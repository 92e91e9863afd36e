/* memory.h: allocation that does not return NULL.
 *
 * When memory runs out, these print a message to stderr and end the process with _exit(70). Every change to the lake is one transaction, so
 * that is always safe, and it saves a thousand error paths that no test would reach. */
#pragma once
#include "base/attr.h"
#include <stdlib.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull)) MUST_CHECK;
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull)) MUST_CHECK;
/* Array form: checks count * size for overflow. */
void *xrealloc(void *p, size_t count, size_t size) __attribute__((returns_nonnull)) MUST_CHECK;
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull)) MUST_CHECK;
char *xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull)) MUST_CHECK;
/* Like asprintf. The caller frees. */
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2) __attribute__((malloc, returns_nonnull)) MUST_CHECK;

/* For CLEANUP(free_text) char *s = NULL; */
static inline void free_text(char **s) {
    free(*s);
}

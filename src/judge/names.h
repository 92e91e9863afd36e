/* names.h: a fixed set of names, found by their bytes. Its own names alone are in it, so a lookup costs the same whatever is asked for.
 * Built once, then read-only: any thread. */
#pragma once
#include "base/attr.h"
#include "base/span.h"
#include <stdint.h>

typedef struct Names {
    const Span *names; /* borrowed */
    size_t count;
    uint32_t *slots; /* owned; index of a name + 1, or 0 */
    uint32_t mask;
} Names;

#define NAME_UNKNOWN SIZE_MAX

/* `names` (count of them, all different) must live as long as `n`. */
void names_init(Names *n, const Span *names, size_t count);
void names_done(Names *n);
/* The index of a name, or NAME_UNKNOWN. */
size_t names_find(const Names *n, const char *name, size_t len) MUST_CHECK;

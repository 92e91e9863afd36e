/* arena.h: memory for texts that all end at once. What it once had it keeps (up to a bound), so that ordinary chunks allocate nothing.
 * Start with `Arena a = {0};`. One thread at a time. */
#pragma once
#include "base/attr.h"
#include "base/span.h"

typedef struct ArenaBlock ArenaBlock;
typedef struct Arena {
    ArenaBlock *blocks; /* owned; the newest first */
    ArenaBlock *spare;  /* owned; of arena_rewind */
} Arena;

void arena_done(Arena *a);
/* All texts end; memory beyond the bound is given back. */
void arena_clear(Arena *a);
/* All texts end; all memory is kept. */
void arena_rewind(Arena *a);
/* `len` bytes, valid until arena_clear. */
char *arena_take(Arena *a, size_t len) __attribute__((returns_nonnull)) MUST_CHECK;
Span arena_keep(Arena *a, Span text);
Span arena_format(Arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* arena.c: see arena.h. Blocks never move; the newest is filled first. */
#include "base/arena.h"

#include "base/error.h"
#include "base/memory.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)64 << 10)
#define BLOCK_KEPT ((size_t)1 << 20)

struct ArenaBlock {
    ArenaBlock *next;
    size_t size, used;
    char bytes[];
};

static void free_blocks(ArenaBlock *b) {
    while (b != NULL) {
        ArenaBlock *next = b->next;
        free(b);
        b = next;
    }
}

void arena_done(Arena *a) {
    free_blocks(a->blocks);
    free_blocks(a->spare);
    a->blocks = a->spare = NULL;
}

void arena_rewind(Arena *a) {
    while (a->blocks != NULL) {
        ArenaBlock *b = a->blocks;
        a->blocks = b->next;
        b->used = 0;
        b->next = a->spare;
        a->spare = b;
    }
}

/* False: the first that is spare is too small. */
static bool take_spare(Arena *a, size_t len) {
    ArenaBlock *b = a->spare;
    if (b == NULL || b->size < len) return false;
    a->spare = b->next;
    b->next = a->blocks;
    a->blocks = b;
    return true;
}

/* The newest block is the largest: each has room for twice the one before. */
void arena_clear(Arena *a) {
    if (a->blocks == NULL) return;
    free_blocks(a->blocks->next);
    a->blocks->next = NULL;
    a->blocks->used = 0;
    if (a->blocks->size > BLOCK_KEPT) arena_done(a);
}

static void add_block(Arena *a, size_t len) {
    size_t size = a->blocks == NULL ? BLOCK_SIZE : 2 * a->blocks->size;
    if (size > BLOCK_KEPT) size = BLOCK_KEPT;
    if (size < len) size = len;
    ArenaBlock *b = xmalloc(sizeof *b + size);
    *b = (ArenaBlock){.next = a->blocks, .size = size};
    a->blocks = b;
}

char *arena_take(Arena *a, size_t len) {
    bool full = a->blocks == NULL || a->blocks->size - a->blocks->used < len;
    if (full && !take_spare(a, len)) add_block(a, len);
    char *at = a->blocks->bytes + a->blocks->used;
    a->blocks->used += len;
    return at;
}

Span arena_keep(Arena *a, Span text) {
    char *at = arena_take(a, text.len);
    if (text.len > 0) memcpy(at, text.at, text.len);
    return (Span){at, text.len};
}

Span arena_format(Arena *a, const char *fmt, ...) {
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0) BUG("vsnprintf");
    char *at = arena_take(a, (size_t)n + 1);
    vsnprintf(at, (size_t)n + 1, fmt, again);
    va_end(again);
    return (Span){at, (size_t)n};
}

/* names.c: see names.h. Open addressing; half of the slots or more are free. */
#include "judge/names.h"

#include "base/memory.h"
#include <string.h>

/* FNV-1a. */
static uint32_t hash(const char *name, size_t len) {
    uint32_t h = UINT32_C(2166136261);
    for (size_t i = 0; i < len; i++) h = (h ^ (unsigned char)name[i]) * UINT32_C(16777619);
    return h ^ h >> 16;
}

void names_init(Names *n, const Span *names, size_t count) {
    uint32_t slots = 4;
    while (slots < 2 * count) slots *= 2;
    *n = (Names){.names = names, .count = count, .slots = xcalloc(slots, sizeof *n->slots), .mask = slots - 1};
    for (size_t i = 0; i < count; i++) {
        uint32_t at = hash(names[i].at, names[i].len);
        while (n->slots[at & n->mask] != 0) at++;
        n->slots[at & n->mask] = (uint32_t)i + 1;
    }
}

void names_done(Names *n) {
    free(n->slots);
    *n = (Names){0};
}

size_t names_find(const Names *n, const char *name, size_t len) {
    for (uint32_t at = hash(name, len);; at++) {
        uint32_t slot = n->slots[at & n->mask];
        if (slot == 0) return NAME_UNKNOWN;
        const Span *found = &n->names[slot - 1];
        if (found->len == len && memcmp(found->at, name, len) == 0) return slot - 1;
    }
}

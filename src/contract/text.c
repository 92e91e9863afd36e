/* text.c: see text.h. */
#include "contract/text.h"

#include "base/error.h"
#include "base/memory.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct Strings {
    void **kept;
    size_t count;
};

Strings *strings_new(void) {
    return xcalloc(1, sizeof(Strings));
}

void strings_free(Strings *s) {
    for (size_t i = 0; i < s->count; i++) free(s->kept[i]);
    free(s->kept);
    free(s);
}

void *strings_adopt(Strings *s, void *memory) {
    s->kept = xrealloc(s->kept, s->count + 1, sizeof *s->kept);
    s->kept[s->count++] = memory;
    return memory;
}

const char *strings_keep(Strings *s, const char *text) {
    return strings_adopt(s, xstrdup(text));
}

const char *strings_format(Strings *s, const char *fmt, ...) {
    va_list args;
    char *text = NULL;
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0) BUG("vasprintf");
    va_end(args);
    return strings_adopt(s, text);
}

void *strings_array(Strings *s, size_t count, size_t size) {
    return strings_adopt(s, xcalloc(count, size));
}

void *strings_grow(Strings *s, const void *items, size_t count, size_t size) {
    char *larger = strings_array(s, count + 1, size);
    if (count > 0) memcpy(larger, items, count * size);
    return larger;
}

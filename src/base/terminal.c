/* terminal.c: see terminal.h. */
#include "base/terminal.h"

#include "base/buf.h"
#include "base/memory.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The code point at `at` and its bytes (0: it is not UTF-8: too long, a surrogate, or cut off). */
static uint32_t decode(const unsigned char *at, size_t *ret_bytes) {
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};
    *ret_bytes = 0;
    for (size_t n = 0; n < ARRAY_LEN(forms); n++) {
        if ((at[0] & forms[n].mask) != forms[n].lead) continue;
        uint32_t point = at[0] & (unsigned char)~forms[n].mask;
        for (size_t i = 1; i <= n; i++) {
            if ((at[i] & 0xC0) != 0x80) return 0;
            point = point << 6 | (at[i] & 0x3F);
        }
        if (point < forms[n].least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return 0;
        *ret_bytes = n + 1;
        return point;
    }
    return 0;
}

static bool is_interpreted(uint32_t point) {
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0, 0x1F}, {0x7F, 0x9F}, {0x61C, 0x61C}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}};
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
        if (point >= ranges[i].first && point <= ranges[i].last) return true;
    return false;
}

/* `newline`: what a line break becomes; NULL: it is escaped, as a tab is. */
static char *escape(const char *text, const char *newline) {
    Buf out = {0};
    size_t n;
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at += n) {
        uint32_t point = decode(at, &n);
        if (n == 0) {
            buf_addf(&out, "\\x%02x", *at);
            n = 1;
        } else if (point == '\n' && newline != NULL) {
            buf_add_str(&out, newline);
        } else if (is_interpreted(point) && !(point == '\t' && newline != NULL)) {
            buf_addf(&out, "\\u%04x", (unsigned)point);
        } else {
            buf_add(&out, at, n);
        }
    }
    return buf_take(&out);
}

char *terminal_value(const char *text) {
    return escape(text, NULL);
}

char *terminal_lines(const char *text) {
    return escape(text, "\n");
}

char *terminal_message(const char *text) {
    return escape(text, "\n    ");
}

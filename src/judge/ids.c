/* ids.c: see ids.h. Almost all ids are ASCII without controls: those are looked at byte by byte. */
#include "judge/ids.h"

static IdFault fault_of(uint32_t c) {
    if (c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029) return ID_CONTROL;
    if (c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069)) return ID_DIRECTION;
    return ID_GOOD;
}

/* The character at *at, which then stands behind it. */
static uint32_t next_character(const char **at, const char *end) {
    unsigned char first = (unsigned char)*(*at)++;
    uint32_t c = first < 0x80 ? first : first < 0xE0 ? first & 0x1F : first < 0xF0 ? first & 0x0F : first & 0x07;
    while (*at < end && ((unsigned char)**at & 0xC0) == 0x80) c = c << 6 | ((unsigned char)*(*at)++ & 0x3F);
    return c;
}

IdFault id_find_fault(Span id, uint32_t *ret_character) {
    const char *end = id.at + id.len;
    for (const char *at = id.at; at < end;) {
        if (*at >= ' ' && *at < 0x7F) {
            at++;
            continue;
        }
        uint32_t c = next_character(&at, end);
        IdFault fault = fault_of(c);
        if (fault == ID_GOOD) continue;
        *ret_character = c;
        return fault;
    }
    return ID_GOOD;
}

bool id_is_longer(Span id, int64_t characters) {
    if ((int64_t)id.len <= characters) return false;
    for (size_t i = 0; i < id.len; i++)
        if (((unsigned char)id.at[i] & 0xC0) != 0x80 && --characters < 0) return true;
    return false;
}

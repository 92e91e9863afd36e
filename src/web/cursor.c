/* cursor.c: a version, the numbers in fixed places, then the id; all as base64url (RFC 4648) without padding.
 *
 * Invariant: cursor_parse takes exactly the texts that cursor_format makes. */
#include "web/cursor.h"

#include "base/checksum.h"
#include "base/memory.h"
#include <math.h>
#include <string.h>

enum { VERSION = 1, HEAD = 1 + 1 + 3 * 8, BYTES_MAX = HEAD + CURSOR_ID_MAX };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

uint64_t cursor_hash(const char *text, size_t n) {
    char hex[SHA256_TEXT_SIZE];
    sha256_hex(text, n, hex);
    hex[16] = '\0';
    return strtoull(hex, NULL, 16);
}

void cursor_set_id(Cursor *c, const char *id, size_t n) {
    c->hashed = n > CURSOR_ID_MAX;
    c->id_len = c->hashed ? SHA256_TEXT_SIZE - 1 : n;
    if (c->hashed)
        sha256_hex(id, n, c->id);
    else
        memcpy(c->id, id, n);
    c->id[c->id_len] = '\0';
}

static char *encode(const unsigned char *bytes, size_t n) {
    char *out = xmalloc((n + 2) / 3 * 4 + 1), *at = out;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i < 3 ? n - i : 3;
        uint32_t group = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
        for (size_t d = 0; d <= left; d++) *at++ = digits[group >> (18 - 6 * d) & 63];
    }
    *at = '\0';
    return out;
}

/* The number of bytes; 0: not base64url, or too long. */
static size_t decode(const char *text, unsigned char bytes[BYTES_MAX + 3]) {
    size_t n = strlen(text), len = 0;
    if (n > CURSOR_TEXT_MAX || n % 4 == 1) return 0;
    for (size_t i = 0; i < n; i += 4) {
        size_t left = n - i < 4 ? n - i : 4;
        uint32_t group = 0;
        for (size_t d = 0; d < left; d++) {
            const char *digit = strchr(digits, text[i + d]);
            if (digit == NULL) return 0;
            group |= (uint32_t)(digit - digits) << (18 - 6 * d);
        }
        for (size_t b = 0; b + 1 < left; b++) bytes[len++] = (unsigned char)(group >> (16 - 8 * b));
    }
    return len <= BYTES_MAX ? len : 0;
}

char *cursor_format(const Cursor *c) {
    unsigned char bytes[BYTES_MAX] = {VERSION, c->hashed};
    memcpy(bytes + 2, &c->scope, 8);
    memcpy(bytes + 10, &c->filter, 8);
    memcpy(bytes + 18, &c->rank, 8);
    memcpy(bytes + HEAD, c->id, c->id_len);
    return encode(bytes, HEAD + c->id_len);
}

bool cursor_parse(const char *text, Cursor *ret) {
    unsigned char bytes[BYTES_MAX + 3];
    size_t n = decode(text, bytes);
    Cursor c = {0};
    if (n < HEAD || bytes[0] != VERSION || bytes[1] > 1) return false;
    c.hashed = bytes[1] == 1;
    memcpy(&c.scope, bytes + 2, 8);
    memcpy(&c.filter, bytes + 10, 8);
    memcpy(&c.rank, bytes + 18, 8);
    c.id_len = n - HEAD;
    memcpy(c.id, bytes + HEAD, c.id_len);
    if (!isfinite(c.rank) || (c.hashed && c.id_len != SHA256_TEXT_SIZE - 1)) return false;
    CLEANUP(free_text) char *again = cursor_format(&c); /* the bits that base64 leaves unused must be 0 */
    if (strcmp(again, text) != 0) return false;
    *ret = c;
    return true;
}

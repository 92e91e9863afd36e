/* slow_json.c: see slow_json.h. One function for each rule of the grammar. */
#include "slow_json.h"

#include "base/buf.h"
#include "base/memory.h"
#include <string.h>

typedef struct Reader {
    const unsigned char *at, *end;
} Reader;

static bool read_value(Reader *r, Json *ret);

static void skip_blanks(Reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) r->at++;
}

static bool take(Reader *r, const char *word) {
    size_t len = strlen(word);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0) return false;
    r->at += len;
    return true;
}

/* ---- texts ---- */

/* The length of the character at `at`, or 0: that is no UTF-8 (RFC 3629). */
static size_t character_length(const unsigned char *at, const unsigned char *end) {
    size_t left = (size_t)(end - at);
    if (left >= 1 && at[0] < 0x80) return 1;
    if (left >= 2 && at[0] >= 0xC2 && at[0] <= 0xDF && (at[1] & 0xC0) == 0x80) return 2;
    if (left >= 3 && (at[0] & 0xF0) == 0xE0 && (at[1] & 0xC0) == 0x80 && (at[2] & 0xC0) == 0x80) {
        unsigned c = (at[0] & 0x0FU) << 12 | (at[1] & 0x3FU) << 6 | (at[2] & 0x3FU);
        return c >= 0x800 && !(c >= 0xD800 && c <= 0xDFFF) ? 3 : 0;
    }
    if (left >= 4 && (at[0] & 0xF8) == 0xF0 && (at[1] & 0xC0) == 0x80 && (at[2] & 0xC0) == 0x80 && (at[3] & 0xC0) == 0x80) {
        unsigned c = (at[0] & 0x07U) << 18 | (at[1] & 0x3FU) << 12 | (at[2] & 0x3FU) << 6 | (at[3] & 0x3FU);
        return c >= 0x10000 && c <= 0x10FFFF ? 4 : 0;
    }
    return 0;
}

bool slow_is_utf8(Span text) {
    const unsigned char *at = (const unsigned char *)text.at, *end = at + text.len;
    while (at < end) {
        size_t len = character_length(at, end);
        if (len == 0) return false;
        at += len;
    }
    return true;
}

static bool read_hex(Reader *r, unsigned *ret) {
    *ret = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        if (r->at == r->end) return false;
        unsigned char c = *r->at;
        if (c >= '0' && c <= '9')
            *ret = *ret * 16 + (c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            *ret = *ret * 16 + ((c | 32) - 'a' + 10);
        else
            return false;
    }
    return true;
}

static void add_character(Buf *out, unsigned c) {
    if (c < 0x80)
        buf_add_char(out, (char)c);
    else if (c < 0x800)
        buf_add(out, (char[]){(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))}, 2);
    else if (c < 0x10000)
        buf_add(out, (char[]){(char)(0xE0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3F)), (char)(0x80 | (c & 0x3F))}, 3);
    else
        buf_add(
            out,
            (char[]){(char)(0xF0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3F)), (char)(0x80 | (c >> 6 & 0x3F)), (char)(0x80 | (c & 0x3F))},
            4);
}

/* Behind \u. A character beyond 16 bits is a pair; half of one is none. */
static bool read_unicode(Reader *r, Buf *out) {
    unsigned high, low;
    if (!read_hex(r, &high) || (high >= 0xDC00 && high <= 0xDFFF)) return false;
    if (high >= 0xD800 && high <= 0xDBFF) {
        if (!take(r, "\\u") || !read_hex(r, &low) || low < 0xDC00 || low > 0xDFFF) return false;
        high = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    }
    add_character(out, high);
    return true;
}

static bool read_escape(Reader *r, Buf *out) {
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->end) return false;
    char c = (char)*r->at++;
    if (c == 'u') return read_unicode(r, out);
    const char *found = c == '\0' ? NULL : strchr(letters, c);
    if (found == NULL) return false;
    buf_add_char(out, meant[found - letters]);
    return true;
}

static bool read_text(Reader *r, Span *ret) {
    Buf out = {0};
    bool good = take(r, "\"");
    while (good && !take(r, "\"")) {
        if (take(r, "\\")) {
            good = read_escape(r, &out);
            continue;
        }
        size_t len = character_length(r->at, r->end);
        good = len > 0 && *r->at >= ' ';
        if (good) buf_add(&out, r->at, len);
        r->at += len;
    }
    size_t len = out.len;
    *ret = (Span){buf_take(&out), len};
    return good;
}

/* ---- values ---- */

static bool read_digits(Reader *r) {
    const unsigned char *from = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') r->at++;
    return r->at > from;
}

static bool read_number(Reader *r) {
    take(r, "-");
    if (!take(r, "0") && !read_digits(r)) return false;
    if (take(r, ".") && !read_digits(r)) return false;
    if (!take(r, "e") && !take(r, "E")) return true;
    if (!take(r, "+")) take(r, "-");
    return read_digits(r);
}

static Json *add_item(Json *to) {
    to->items = xrealloc(to->items, to->count + 1, sizeof *to->items);
    to->keys = xrealloc(to->keys, to->count + 1, sizeof *to->keys);
    to->items[to->count] = (Json){0};
    to->keys[to->count] = (Span){0};
    return &to->items[to->count++];
}

/* The rest of an object or a list. */
static bool read_items(Reader *r, Json *ret, const char *close) {
    skip_blanks(r);
    if (take(r, close)) return true;
    do {
        Json *item = add_item(ret);
        skip_blanks(r);
        if (ret->kind == JSON_IS_OBJECT) {
            if (!read_text(r, &ret->keys[ret->count - 1])) return false;
            skip_blanks(r);
            if (!take(r, ":")) return false;
        }
        if (!read_value(r, item)) return false;
        skip_blanks(r);
    } while (take(r, ","));
    return take(r, close);
}

static bool read_kind(Reader *r, Json *ret) {
    if (r->at == r->end) return false;
    switch (*r->at) {
    case 'n': ret->kind = JSON_IS_NULL; return take(r, "null");
    case 't': ret->kind = JSON_IS_TRUE; return take(r, "true");
    case 'f': ret->kind = JSON_IS_FALSE; return take(r, "false");
    case '"': ret->kind = JSON_IS_TEXT; return read_text(r, &ret->text);
    case '[': ret->kind = JSON_IS_LIST; return take(r, "[") && read_items(r, ret, "]");
    case '{': ret->kind = JSON_IS_OBJECT; return take(r, "{") && read_items(r, ret, "}");
    default: ret->kind = JSON_IS_NUMBER; return read_number(r);
    }
}

static bool read_value(Reader *r, Json *ret) {
    skip_blanks(r);
    ret->raw.at = (const char *)r->at;
    if (!read_kind(r, ret)) return false;
    ret->raw.len = (size_t)((const char *)r->at - ret->raw.at);
    return true;
}

bool slow_json_read(Span text, Json *ret) {
    Reader r = {(const unsigned char *)text.at, (const unsigned char *)text.at + text.len};
    *ret = (Json){0};
    if (!read_value(&r, ret)) return false;
    skip_blanks(&r);
    return r.at == r.end;
}

void slow_json_free(Json *j) {
    for (size_t i = 0; i < j->count; i++) {
        slow_json_free(&j->items[i]);
        free((char *)j->keys[i].at);
    }
    free(j->items);
    free(j->keys);
    free((char *)j->text.at);
    *j = (Json){0};
}

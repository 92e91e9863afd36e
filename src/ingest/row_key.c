/* row_key.c: see row_key.h. */
#include "ingest/row_key.h"

#include "base/checksum.h"
#include "lake/lake.h"

#define ID_BYTES_MAX 256 /* refine takes ids of so many characters */

static bool is_plain(Span text) {
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7F) return false;
    return lake_is_utf8(text.at, text.len);
}

/* In an id, where | and \ have a \ before them. */
static size_t length_in_id(Span text) {
    size_t n = text.len;
    for (size_t i = 0; i < text.len; i++) n += text.at[i] == '|' || text.at[i] == '\\';
    return n;
}

static void add_table(const RowKey *k, Buf *out) {
    bool first = true;
    for (size_t i = 0; i < ROW_TABLE_NAMES; i++) {
        if (k->table[i].len == 0) continue;
        if (!first) buf_add_char(out, '.');
        buf_add(out, k->table[i].at, k->table[i].len);
        first = false;
    }
    buf_add_char(out, ':');
}

bool row_key_add(const RowKey *k, size_t before, Buf *out) {
    size_t begin = out->len;
    Span row = k->key.at == NULL && k->is_snapshot ? k->lineage : k->key;
    if (row.at == NULL) return false;
    if (k->is_snapshot) add_table(k, out);
    buf_add(out, row.at, row.len);
    Span whole = {out->data + begin, out->len - begin};
    if (is_plain(whole) && before + length_in_id(whole) <= ID_BYTES_MAX) return true;
    char digest[SHA256_TEXT_SIZE];
    sha256_hex(whole.at, whole.len, digest);
    out->len = begin;
    buf_addf(out, "sha256:%s", digest);
    return true;
}

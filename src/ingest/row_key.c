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

static void add_digest(Span text, Buf *out) {
    char digest[SHA256_TEXT_SIZE];
    sha256_hex(text.at, text.len, digest);
    buf_addf(out, "sha256:%s", digest);
}

bool row_key_add(const RowKey *k, size_t before, Buf *out) {
    size_t begin = out->len;
    Span row = k->key.at == NULL && k->is_snapshot ? k->lineage : k->key;
    if (row.at == NULL && k->content.at != NULL) add_digest(k->content, out);
    if (row.at == NULL) return k->content.at != NULL;
    if (k->is_snapshot) add_table(k, out);
    buf_add(out, row.at, row.len);
    Span whole = {out->data + begin, out->len - begin};
    if (is_plain(whole) && before + length_in_id(whole) <= ID_BYTES_MAX) return true;
    out->len = begin; /* the bytes behind it stay until the digest is made */
    add_digest(whole, out);
    return true;
}

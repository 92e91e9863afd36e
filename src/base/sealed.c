/* sealed.c: see sealed.h. */
#include "base/sealed.h"

#include "base/checksum.h"
#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include <string.h>

int sealed_save(const char *path, const char *kind, int format, const json_t *document, Error *err) {
    char sum[SHA256_TEXT_SIZE];
    CLEANUP(free_text) char *body = json_text(document);
    sha256_hex(body, strlen(body), sum);
    CLEANUP(free_text) char *text = xasprintf("%s %d %s\n%s\n", kind, format, sum, body);
    return file_write_atomic(path, text, strlen(text), err);
}

typedef struct Header {
    char kind[32], sum[SHA256_TEXT_SIZE];
    int format;
    const char *body;
    size_t len; /* of the body, without the newline after it */
} Header;

static bool read_header(const Buf *file, const char *kind, Header *ret) {
    const char *end = memchr(file->data, '\n', file->len);
    if (end == NULL || sscanf(file->data, "%31s %d %64[0-9a-f]", ret->kind, &ret->format, ret->sum) != 3) return false;
    ret->body = end + 1;
    ret->len = file->len - (size_t)(ret->body - file->data);
    if (strcmp(ret->kind, kind) != 0 || ret->len == 0 || ret->body[ret->len - 1] != '\n') return false;
    ret->len--;
    return true;
}

static bool checksum_matches(const Header *header) {
    char sum[SHA256_TEXT_SIZE];
    sha256_hex(header->body, header->len, sum);
    return strcmp(sum, header->sum) == 0;
}

int sealed_load(const char *path, const char *kind, int format, SealedState *ret_state, json_t **ret, Error *err) {
    CLEANUP(buf_done) Buf file = {0};
    Header header = {0};
    Error ignored = {0};
    *ret_state = SEALED_NONE;
    if (!file_exists(path)) return 0;
    if (file_read(path, &file, err) != 0) return -1;
    *ret_state = SEALED_DAMAGED;
    if (!read_header(&file, kind, &header)) return 0;
    if (header.format > format)
        return error_set(err, ERR_CONFIG, "%s has format %d, smelt " SMELT_VERSION " knows formats up to %d: use a newer smelt", path,
                         header.format, format);
    if (header.format != format || !checksum_matches(&header)) return 0;
    if (json_parse(header.body, header.len, path, ret, &ignored) == 0) *ret_state = SEALED_GOOD;
    error_clear(&ignored);
    return 0;
}

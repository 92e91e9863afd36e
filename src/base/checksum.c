/* checksum.c: OpenSSL's SHA-256. It fails only when memory runs out, which ends the process (memory.h). */
#include "base/checksum.h"

#include "base/files.h"
#include "base/memory.h"
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>

#define PIECE ((size_t)1 << 20)

static void hex_of(const unsigned char *digest, unsigned len, char ret[SHA256_TEXT_SIZE]) {
    BUG_IF(len * 2 + 1 != SHA256_TEXT_SIZE);
    for (unsigned i = 0; i < len; i++) snprintf(ret + (size_t)2 * i, 3, "%02x", digest[i]);
}

void sha256_hex(const void *bytes, size_t n, char ret[SHA256_TEXT_SIZE]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(bytes, n, digest, &len, EVP_sha256(), NULL) != 1) BUG("no SHA-256");
    hex_of(digest, len, ret);
}

struct Sha256 {
    EVP_MD_CTX *context;
};

Sha256 *sha256_new(void) {
    Sha256 *s = xcalloc(1, sizeof *s);
    s->context = EVP_MD_CTX_new();
    if (s->context == NULL || EVP_DigestInit_ex(s->context, EVP_sha256(), NULL) != 1) BUG("no SHA-256");
    return s;
}

void sha256_add(Sha256 *s, const void *bytes, size_t n) {
    if (EVP_DigestUpdate(s->context, bytes, n) != 1) BUG("no SHA-256");
}

void sha256_end(Sha256 *s, char ret[SHA256_TEXT_SIZE]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_DigestFinal_ex(s->context, digest, &len) != 1) BUG("no SHA-256");
    EVP_MD_CTX_free(s->context);
    free(s);
    hex_of(digest, len, ret);
}

static int digest_file(FILE *file, EVP_MD_CTX *context, int64_t *ret_bytes) {
    char *piece = xmalloc(PIECE);
    size_t n;
    *ret_bytes = 0;
    while ((n = fread(piece, 1, PIECE, file)) > 0) {
        if (EVP_DigestUpdate(context, piece, n) != 1) BUG("no SHA-256");
        *ret_bytes += (int64_t)n;
    }
    free(piece);
    return ferror(file) ? -1 : 0;
}

int sha256_file(const char *path, char ret[SHA256_TEXT_SIZE], int64_t *ret_bytes, Error *err) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    int64_t bytes;
    int fd;
    if (file_open_regular(path, &fd, err) != 0) return -1;
    FILE *file = fdopen(fd, "r");
    if (file == NULL) BUG("fdopen");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) BUG("no SHA-256");
    int rc = digest_file(file, context, &bytes), problem = errno;
    if (EVP_DigestFinal_ex(context, digest, &len) != 1) BUG("no SHA-256");
    EVP_MD_CTX_free(context);
    fclose(file);
    if (rc != 0) return error_errno(err, ERR_IO, problem, "cannot read %s", path);
    hex_of(digest, len, ret);
    if (ret_bytes != NULL) *ret_bytes = bytes;
    return 0;
}

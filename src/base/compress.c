/* compress.c: see compress.h. Levels are those that cost a body of 20 kB well under a millisecond. */
#include "base/compress.h"

#include <zlib.h>
#include <zstd.h>

enum { GZIP_LEVEL = 4, GZIP_WINDOW = 15 + 16, ZSTD_LEVEL = 3 }; /* 16: a gzip header, not zlib's */

bool compress_gzip(const void *bytes, size_t n, Buf *out) {
    z_stream z = {0};
    union {
        const void *in;
        void *out;
    } source = {.in = bytes}; /* zlib reads through a pointer to non-const */
    if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK) return false;
    size_t most = deflateBound(&z, n);
    z.next_in = source.out;
    z.avail_in = (uInt)n;
    z.next_out = (Bytef *)buf_reserve(out, most);
    z.avail_out = (uInt)most;
    bool done = deflate(&z, Z_FINISH) == Z_STREAM_END;
    if (done) out->len += z.total_out;
    deflateEnd(&z);
    return done;
}

bool compress_zstd(const void *bytes, size_t n, Buf *out) {
    size_t most = ZSTD_compressBound(n), len = ZSTD_compress(buf_reserve(out, most), most, bytes, n, ZSTD_LEVEL);
    if (ZSTD_isError(len)) return false;
    out->len += len;
    return true;
}

/* http.h: the header of one request as RFC 9110 and 9112 allow it, and nothing else. Bytes in, a Request or a refusal out; knows no
 * sockets. What an intermediary and this server could understand differently is refused, and the connection is then of no use any more.
 * One thread at a time. */
#pragma once
#include "base/buf.h"
#include "web/request.h"
#include <llhttp.h>

enum {
    HTTP_HEADER_MAX = 16 * 1024, /* request line and fields */
    HTTP_FIELDS_MAX = 100,
};

typedef enum HttpState {
    HTTP_MORE,     /* the header is not complete yet */
    HTTP_COMPLETE, /* `request` is set; `at` is where the next request begins */
    HTTP_REFUSED,  /* `status` and `why` are set; nothing behind it may be read as a request */
} HttpState;

/* Reads one header while its bytes arrive. Starts as {.request = request_new("")}; the owner frees `request` or takes it. */
typedef struct HttpReader {
    llhttp_t parser;
    const char *bytes; /* of this call */
    size_t at;         /* bytes that were read: whole lines */
    Request *request;  /* owned */
    const char *name;  /* of the field whose value comes */
    size_t name_len;
    int fields, hosts;
    bool unknown_coding, expects_other, expects_continue;
    Buf content; /* that came so far; owned, or taken */
    size_t content_max;
    bool has_header, has_content;
    int status;
    const char *why; /* one sentence; static */
} HttpReader;

/* `bytes` are all that came for this header, from its first byte; each call may have more of them. */
HttpState http_read(HttpReader *reader, const char *bytes, size_t n);
/* Behind HTTP_COMPLETE, the content of that request: `bytes` are those that came since the last call, of which `at` were read. At most
 * `content_max` bytes of content are taken. The reader's request may be gone. */
HttpState http_read_content(HttpReader *reader, const char *bytes, size_t n);
extern const char http_content_too_long[];
/* Behind HTTP_COMPLETE, what its header says of the content that follows; 0 when it is in chunks, which say nothing of it. */
uint64_t http_content_length(const HttpReader *reader);
/* Whether the client lets the connection live after the answer. */
bool http_keeps_alive(const HttpReader *reader);

/* "host", "host:port" or "[v6]:port" as RFC 3986 has them. `ret_host` (NULL: not wanted) is where the host is, with its brackets. */
bool http_is_authority(const char *s, size_t n, size_t *ret_host_len);

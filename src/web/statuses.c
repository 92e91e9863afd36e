/* statuses.c: see statuses.h. */
#include "web/statuses.h"

#include <string.h>

const Status statuses[] = {
    {200, "OK", NULL, NULL},
    {201, "Created", NULL, NULL},
    {202, "Accepted", NULL, NULL},
    {204, "No Content", NULL, NULL},
    {206, "Partial Content", NULL, NULL},
    {304, "Not Modified", NULL, NULL},
    {400, "Bad Request", "bad-request", "The request is not one that HTTP/1.1 or this address allows; the detail says which part of it."},
    {400, "Bad Request", "invalid-parameters",
     "A parameter, or a part of the content, is unknown, given twice or out of its range; errors names each of them and the reason."},
    {401, "Unauthorized", "no-token",
     "There is no token in Authorization, or it is unknown, expired or revoked. smelt token create makes one; /ui/sign-in.html exchanges it "
     "for a session in a browser."},
    {403, "Forbidden", "missing-scope",
     "The token is valid but has not the scope that the address needs, or the request is no GET and has neither a token in Authorization nor the field"
     " Smelt-Request."},
    {404, "Not Found", "not-found", "There is nothing at this address, or nothing with this id."},
    {405, "Method Not Allowed", "method-not-allowed", "The address has other methods; Allow lists them."},
    {406, "Not Acceptable", "not-acceptable", "Accept excludes every media type that the address has."},
    {408, "Request Timeout", "request-timeout", "The request was not complete within 10 seconds. Send it again."},
    {409, "Conflict", "conflict", "What was asked for cannot be done now, since something else is being done; the detail says what."},
    {409, "Conflict", "lake-busy",
     "Nothing was changed: another change is being made, or another process has the lake. Try again, after Retry-After seconds."},
    {410, "Gone", "gone", "What the cursor or the address belongs to is not kept any more. Start again without the cursor."},
    {412, "Precondition Failed", "precondition-failed",
     "If-Match names no tag that what is here has now. Only strong tags can be named, those of snapshots; those of other answers are weak."},
    {413, "Content Too Large", "content-too-large", "The content is longer than the address takes."},
    {414, "URI Too Long", "uri-too-long", "The address with its parameters is longer than 4096 bytes."},
    {415, "Unsupported Media Type", "unsupported-media-type", "The address takes no content, or only application/json without a coding."},
    {416, "Range Not Satisfiable", "range-not-satisfiable", "No byte of the range is in the file; Content-Range has its length."},
    {417, "Expectation Failed", "expectation-failed", "This server meets no expectation but 100-continue."},
    {421, "Misdirected Request", "misdirected-request",
     "The server does not answer for this host; http.hosts lists those that it answers for."},
    {422, "Unprocessable Content", "unprocessable-content", "The content is in order but cannot be done: the detail has the reason."},
    {422, "Unprocessable Content", "idempotency-key-reused",
     "The Idempotency-Key came with another request before. A new request needs a new key; the old one is kept for 24 hours."},
    {429, "Too Many Requests", "too-many-requests", "Too much is asked for at once, or by this token. Wait for Retry-After seconds."},
    {431, "Request Header Fields Too Large", "header-too-large", "The header is longer than 16 KiB, or has more than 100 fields."},
    {500, "Internal Server Error", "internal-error", "The server has failed at this request; its log says why."},
    {501, "Not Implemented", "not-implemented", "The server does not know this method or transfer coding."},
    {503, "Service Unavailable", "unavailable",
     "There is nothing to serve yet, or the server is too busy or ending. Wait for Retry-After seconds."},
    {504, "Gateway Timeout", "query-timeout", "The query took too long and was stopped."},
    {505, "HTTP Version Not Supported", "http-version", "This server speaks HTTP/1.1."},
    {0, NULL, NULL, NULL},
};

const Status *status_of_code(int code) {
    for (const Status *s = statuses; s->code != 0; s++)
        if (s->code == code) return s;
    return NULL;
}

const Status *status_of_name(const char *name, size_t n) {
    for (const Status *s = statuses; s->code != 0; s++)
        if (s->name != NULL && strlen(s->name) == n && memcmp(s->name, name, n) == 0) return s;
    return NULL;
}

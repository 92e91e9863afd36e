/* response.h: a response: status, body, and how long it may be cached. Knows neither sockets nor bytes on the wire. */
#pragma once
#include "base/buf.h"
#include "web/request.h"
#include <jansson.h>

enum { ETAG_SIZE = 80 };

typedef struct Response {
    int status;               /* 0 until it is answered */
    const char *content_type; /* static */
    Buf body;                 /* owned */
    const void *fixed;        /* instead of body: bytes that live as long as the process */
    size_t fixed_len;
    int file; /* instead of body: `fixed_len` bytes from `file_at` of this file; 0: none. Owned */
    int64_t file_at;
    char etag[ETAG_SIZE];      /* with its quotes; "" for none */
    const char *coding;        /* Content-Encoding; static; NULL: none */
    bool varies;               /* with Accept-Encoding */
    const char *cache_control; /* static; NULL: no-store */
    bool streams;              /* the body has no end: more follows (connection_stream); the connection ends with it */
    bool takes_ranges;         /* Accept-Ranges */
    char content_range[64];    /* "bytes 0-9/100", for 206 and 416; "": none */
    const char *allow;         /* for 204 and 405; static */
    const char *link;          /* Link; static; NULL: none */
    char challenge[96];        /* WWW-Authenticate, for 401 and 403; "": none */
    char cookie[200];          /* Set-Cookie; "": none */
    char location[64];         /* Location, for 202; "": none */
    int64_t total_rows;        /* of a table: with those that are not in it; 0: not said */
    int retry_after_s;         /* for 409, 429 and 503; 0 for none */
} Response;

void response_done(Response *r);
/* Takes the reference of `value`. */
void response_json(Response *r, int status, json_t *value);
/* RFC 9457: {type, title, status, detail, instance} as application/problem+json; replaces an earlier answer. */
void response_problem(Response *r, int status, const Request *req, const char *detail_fmt, ...) PRINTF_LIKE(4, 5);
/* The same for a kind of its own, by its name in statuses.c. */
void response_problem_of(Response *r, const char *kind, const Request *req, const char *detail_fmt, ...) PRINTF_LIKE(4, 5);
/* 400 with errors: [{parameter, reason}, ...], of which the first is the detail. Takes the reference of `faults`. */
void response_bad_params(Response *r, const Request *req, json_t *faults);
/* The same for one parameter, for what only a handler can judge. */
void response_bad_param(Response *r, const Request *req, const char *parameter, const char *reason_fmt, ...) PRINTF_LIKE(4, 5);
/* `text` for operators, else a sentence that names no place. Valid as long as `text`. */
const char *response_detail(const Request *req, const char *text);
/* The coding that the client takes and likes best, "zstd" or "gzip"; static; NULL: none. */
const char *response_coding(const Request *req);
/* Compresses a body that is worth it in that coding; once. */
void response_encode(Response *r, const Request *req);
/* "Not Found" and so on, for the statuses that this server uses. */
const char *response_reason(int status);
/* Sets the ETag, and judges the conditions of the request: true when it is answered by that, with 412 when If-Match does not name the tag,
 * with 304 when If-None-Match does. */
bool response_by_condition(Response *r, const Request *req, const char *etag);

/* http_client.h: requests to another server by libcurl. A client keeps its connection between requests. One thread per client. Redirects
 * are not followed: a token or password is for the host that was named. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

typedef struct HttpClient HttpClient;

/* Texts are borrowed until the client is freed; NULL or "": not set. */
typedef struct HttpClientOptions {
    const char *token;           /* bearer token */
    const char *user, *password; /* basic authentication, without a token */
    const char *ca;              /* file of the certificates to trust, instead of the system's */
    const char *const *headers;  /* "Name: value"; ends with NULL */
    long connect_ms, total_ms;   /* of one request */
    size_t body_max;             /* bytes of an answer */
} HttpClientOptions;

/* ERR_CONFIG. */
int http_client_open(const HttpClientOptions *options, HttpClient **ret, Error *err) MUST_CHECK;
void http_client_free(HttpClient *h);
DEFINE_CLEANUP(http_client_free, HttpClient)
/* POST of `content`, or GET when that is NULL. *ret_status is HTTP's, ret_body what came. ERR_DATA: the body is longer than body_max;
 * ERR_UNAVAILABLE: no answer; ERR_CONFIG: the certificate is not trusted, or its file cannot be read; ERR_STOPPED. */
int http_client_send(HttpClient *h, const char *url, const char *content, long *ret_status, Buf *ret_body, Error *err) MUST_CHECK;
/* Where the last answer says that it is to be asked instead (3xx with a Location), without what follows '?'; NULL: nowhere. The caller
 * frees. */
char *http_client_redirect(HttpClient *h) MUST_CHECK;
/* A segment of a path. The caller frees. */
char *http_client_escape(HttpClient *h, const char *segment) MUST_CHECK;

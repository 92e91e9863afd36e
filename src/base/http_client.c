/* http_client.c: see http_client.h. */
#include "base/http_client.h"

#include "base/memory.h"
#include "base/stop.h"
#include <curl/curl.h>
#include <stdbool.h>
#include <string.h>

struct HttpClient {
    CURL *curl;
    struct curl_slist *headers;
    char problem[CURL_ERROR_SIZE];
    size_t body_max;
    Buf *body; /* of the request that runs */
    bool too_long;
};

static size_t take_body(char *bytes, size_t size, size_t n, void *user) {
    HttpClient *h = user;
    h->too_long = h->body->len + size * n > h->body_max;
    if (h->too_long) return 0;
    buf_add(h->body, bytes, size * n);
    return size * n;
}

/* Asked about once a second; not 0 ends the request. */
static int check_stop(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)user, (void)a, (void)b, (void)c, (void)d;
    return stop_requested();
}

static bool is_set(const char *text) {
    return text != NULL && text[0] != '\0';
}

static void set_identity(CURL *curl, const HttpClientOptions *o) {
    if (is_set(o->token)) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, o->token);
    } else if (is_set(o->user)) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, o->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, o->password);
    }
    if (is_set(o->ca)) curl_easy_setopt(curl, CURLOPT_CAINFO, o->ca);
}

static void set_options(HttpClient *h, const HttpClientOptions *o) {
    for (const char *const *header = o->headers; *header != NULL; header++) h->headers = curl_slist_append(h->headers, *header);
    h->body_max = o->body_max;
    curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, h->headers);
    curl_easy_setopt(h->curl, CURLOPT_USERAGENT, "smelt/" SMELT_VERSION);
    curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h->curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h->curl, CURLOPT_CONNECTTIMEOUT_MS, o->connect_ms);
    curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, o->total_ms);
    curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, h->problem);
    curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, h);
    curl_easy_setopt(h->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(h->curl, CURLOPT_XFERINFOFUNCTION, check_stop);
    set_identity(h->curl, o);
}

int http_client_open(const HttpClientOptions *options, HttpClient **ret, Error *err) {
    CLEANUP(http_client_freep) HttpClient *h = xcalloc(1, sizeof *h);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (h->curl = curl_easy_init()) == NULL)
        return error_set(err, ERR_CONFIG, "libcurl does not start");
    set_options(h, options);
    *ret = TAKE(h);
    return 0;
}

void http_client_free(HttpClient *h) {
    curl_easy_cleanup(h->curl);
    curl_slist_free_all(h->headers);
    free(h);
}

/* Waiting does not mend these. */
static bool is_our_mistake(CURLcode code) {
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_URL_MALFORMAT ||
           code == CURLE_UNSUPPORTED_PROTOCOL;
}

/* curl's and OpenSSL's texts for the wrong one of http and https; NULL: it is not that. */
static const char *other_protocol(CURLcode code, const char *why) {
    static const char *const plain[] = {"wrong version number", "packet length too long", "unknown protocol", "record layer failure"};
    for (size_t i = 0; code == CURLE_SSL_CONNECT_ERROR && i < ARRAY_LEN(plain); i++)
        if (strstr(why, plain[i]) != NULL) return "this port answers without TLS: is it http:// and not https://?";
    bool strange = code == CURLE_WEIRD_SERVER_REPLY || (code == CURLE_UNSUPPORTED_PROTOCOL && strstr(why, "HTTP/0.9") != NULL);
    return strange ? "the answer is not HTTP: is it https:// and not http://, and the port right?" : NULL;
}

int http_client_send(HttpClient *h, const char *url, const char *content, long *ret_status, Buf *ret_body, Error *err) {
    buf_clear(ret_body);
    h->body = ret_body;
    h->too_long = false;
    h->problem[0] = '\0';
    curl_easy_setopt(h->curl, CURLOPT_URL, url);
    if (content != NULL)
        curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, content);
    else
        curl_easy_setopt(h->curl, CURLOPT_HTTPGET, 1L);
    CURLcode code = curl_easy_perform(h->curl);
    const char *why = h->problem[0] != '\0' ? h->problem : curl_easy_strerror(code);
    if (code == CURLE_ABORTED_BY_CALLBACK) return error_set(err, ERR_STOPPED, "stopped while %s was asked", url);
    const char *protocol = other_protocol(code, why);
    if (protocol != NULL) return error_set(err, ERR_CONFIG, "%s: %s", url, protocol);
    if (h->too_long) return error_set(err, ERR_DATA, "the answer of %s is longer than %zu bytes", url, h->body_max);
    if (code != CURLE_OK) return error_set(err, is_our_mistake(code) ? ERR_CONFIG : ERR_UNAVAILABLE, "%s: %s", url, why);
    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, ret_status);
    return 0;
}

/* Without the query: that of a login page may hold a token, and the address is logged. */
char *http_client_redirect(HttpClient *h) {
    const char *url = NULL;
    if (curl_easy_getinfo(h->curl, CURLINFO_REDIRECT_URL, &url) != CURLE_OK || url == NULL) return NULL;
    return xasprintf("%.*s", (int)strcspn(url, "?#"), url);
}

char *http_client_escape(HttpClient *h, const char *segment) {
    char *escaped = curl_easy_escape(h->curl, segment, 0);
    char *copy = xstrdup(escaped != NULL ? escaped : "");
    curl_free(escaped);
    return copy;
}

/* http.c: libcurl. One handle, so that requests after the first use its connection. Redirects are not followed: a user and password are for
 * the host that was named. */
#include "registry/internal.h"

#include "base/memory.h"
#include "base/stop.h"
#include <curl/curl.h>
#include <stdbool.h>

#define CONNECT_MS 3000
#define TOTAL_MS   5000 /* a stop must be done within 5 s */

struct RegistryHttp {
    CURL *curl;
    struct curl_slist *headers;
    char problem[CURL_ERROR_SIZE];
    Buf *body; /* of the request that runs */
    bool too_long;
};

static size_t take_body(char *bytes, size_t size, size_t n, void *user) {
    RegistryHttp *h = user;
    h->too_long = h->body->len + size * n > REGISTRY_BODY_MAX;
    if (h->too_long) return 0;
    buf_add(h->body, bytes, size * n);
    return size * n;
}

/* Asked about once a second; not 0 ends the request. */
static int check_stop(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)user, (void)a, (void)b, (void)c, (void)d;
    return stop_requested();
}

static void set_identity(CURL *curl, const RegistryOptions *o) {
    if (o->token[0] != '\0') {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, o->token);
    } else if (o->user[0] != '\0') {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, o->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, o->password);
    }
    if (o->ca[0] != '\0') curl_easy_setopt(curl, CURLOPT_CAINFO, o->ca);
}

static void set_options(RegistryHttp *h, const RegistryOptions *o) {
    h->headers = curl_slist_append(NULL, "Accept: application/vnd.schemaregistry.v1+json, application/json");
    curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, h->headers);
    curl_easy_setopt(h->curl, CURLOPT_USERAGENT, "smelt/" SMELT_VERSION);
    curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
    curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, h->problem);
    curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, h);
    curl_easy_setopt(h->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(h->curl, CURLOPT_XFERINFOFUNCTION, check_stop);
    set_identity(h->curl, o);
}

int registry_http_open(const RegistryOptions *options, RegistryHttp **ret, Error *err) {
    CLEANUP(registry_http_freep) RegistryHttp *h = xcalloc(1, sizeof *h);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (h->curl = curl_easy_init()) == NULL)
        return error_set(err, ERR_CONFIG, "libcurl does not start");
    set_options(h, options);
    *ret = TAKE(h);
    return 0;
}

void registry_http_free(RegistryHttp *h) {
    curl_easy_cleanup(h->curl);
    curl_slist_free_all(h->headers);
    free(h);
}

/* Waiting does not mend these. */
static bool is_our_mistake(CURLcode code) {
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_URL_MALFORMAT ||
           code == CURLE_UNSUPPORTED_PROTOCOL;
}

int registry_http_get(RegistryHttp *h, const char *url, long *ret_status, Buf *ret_body, Error *err) {
    buf_clear(ret_body);
    h->body = ret_body;
    h->too_long = false;
    h->problem[0] = '\0';
    curl_easy_setopt(h->curl, CURLOPT_URL, url);
    CURLcode code = curl_easy_perform(h->curl);
    const char *why = h->problem[0] != '\0' ? h->problem : curl_easy_strerror(code);
    if (code == CURLE_ABORTED_BY_CALLBACK) return error_set(err, ERR_STOPPED, "stopped while %s was asked", url);
    if (h->too_long) return error_set(err, ERR_DATA, "the answer of %s is longer than %zu bytes", url, REGISTRY_BODY_MAX);
    if (code != CURLE_OK) return error_set(err, is_our_mistake(code) ? ERR_CONFIG : ERR_UNAVAILABLE, "%s: %s", url, why);
    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, ret_status);
    return 0;
}

char *registry_http_escape(RegistryHttp *h, const char *segment) {
    char *escaped = curl_easy_escape(h->curl, segment, 0);
    char *copy = xstrdup(escaped != NULL ? escaped : "");
    curl_free(escaped);
    return copy;
}

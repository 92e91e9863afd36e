/* sql_remote.c: see sql_remote.h. Redirects are not followed: the token is for the host that was named. */
#include "commands/sql_remote.h"

#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/stop.h"
#include <curl/curl.h>
#include <string.h>

enum { CONNECT_MS = 5000, TOTAL_MS = 60000 };

static size_t take_body(char *bytes, size_t size, size_t n, void *body) {
    buf_add(body, bytes, size * n);
    return size * n;
}

/* Asked about once a second; not 0 ends the request. */
static int check_stop(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)user, (void)a, (void)b, (void)c, (void)d;
    return stop_requested();
}

/* The caller frees. */
static int read_token(const char *path, char **ret, Error *err) {
    CLEANUP(buf_done) Buf text = {0};
    if (file_read(path, &text, err) != 0) return -1;
    buf_add_str(&text, "");
    *ret = xstrndup(text.data, strcspn(text.data, "\r\n"));
    return 0;
}

static void set_options(CURL *curl, const RemoteQuery *q, const char *token, struct curl_slist *headers, Buf *body) {
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "smelt/" SMELT_VERSION);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, check_stop);
    if (q->ca != NULL) curl_easy_setopt(curl, CURLOPT_CAINFO, q->ca);
    if (token == NULL) return;
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token);
}

static int perform(CURL *curl, const char *url, long *ret_status, Error *err) {
    char problem[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, problem);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    bool mistake = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_URL_MALFORMAT ||
                   code == CURLE_UNSUPPORTED_PROTOCOL;
    if (code == CURLE_ABORTED_BY_CALLBACK) return error_set(err, ERR_STOPPED, "stopped while %s was asked", url);
    if (code != CURLE_OK)
        return error_set(err, mistake ? ERR_CONFIG : ERR_UNAVAILABLE, "%s: %s", url,
                         problem[0] != '\0' ? problem : curl_easy_strerror(code));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
    return 0;
}

/* What the problem document says, as an error of its kind. */
static int read_answer(const char *url, long status, const Buf *body, json_t **ret, Error *err) {
    CLEANUP(json_freep) json_t *answer = json_loadb(body->data != NULL ? body->data : "", body->len, 0, NULL);
    const char *detail = json_string_value(json_object_get(answer, "detail"));
    ErrorKind kind = status == 400 || status == 422 ? ERR_USAGE : status < 500 && status != 429 ? ERR_CONFIG : ERR_UNAVAILABLE;
    if (status != 200) return error_set(err, kind, "%s answers %ld: %s", url, status, detail != NULL ? detail : "not as Smelt does");
    if (!json_is_array(json_object_get(answer, "rows"))) return error_set(err, ERR_CONFIG, "%s does not answer as Smelt does", url);
    *ret = TAKE(answer);
    return 0;
}

static int send_query(CURL *curl, const RemoteQuery *q, const char *token, json_t **ret, Error *err) {
    CLEANUP(buf_done) Buf body = {0};
    CLEANUP(json_freep) json_t *content = json_pack("{s:s}", "sql", q->sql);
    CLEANUP(free_text) char *text = json_text(content);
    CLEANUP(free_text) char *url = xasprintf("%.*s/api/v1/query", (int)(strlen(q->url) - (q->url[strlen(q->url) - 1] == '/')), q->url);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Smelt-Request: sql");
    long status = 0;
    set_options(curl, q, token, headers, &body);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text);
    int rc = perform(curl, url, &status, err);
    curl_slist_free_all(headers);
    return rc == 0 ? read_answer(url, status, &body, ret, err) : -1;
}

int remote_query(const RemoteQuery *query, json_t **ret, Error *err) {
    CLEANUP(free_text) char *token = NULL;
    if (query->url[0] == '\0') return error_set(err, ERR_USAGE, "--url is empty");
    if (query->token_file != NULL && read_token(query->token_file, &token, err) != 0) return -1;
    CURL *curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    if (curl == NULL) return error_set(err, ERR_CONFIG, "libcurl does not start");
    int rc = send_query(curl, query, token, ret, err);
    curl_easy_cleanup(curl);
    return rc;
}

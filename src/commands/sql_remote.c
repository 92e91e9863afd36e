/* sql_remote.c: see sql_remote.h. */
#include "commands/sql_remote.h"

#include "base/document.h"
#include "base/files.h"
#include "base/http_client.h"
#include "base/json_row.h"
#include "base/memory.h"
#include <string.h>

enum { CONNECT_MS = 5000, TOTAL_MS = 60000, ANSWER_MAX = 64 << 20 }; /* the server answers 32 MiB at most */

/* The caller frees. */
static int read_token(const char *path, char **ret, Error *err) {
    CLEANUP(buf_done) Buf text = {0};
    if (file_read(path, &text, err) != 0) return -1;
    buf_add_str(&text, "");
    *ret = xstrndup(text.data, strcspn(text.data, "\r\n"));
    return 0;
}

/* What the problem document says, as an error of its kind. */
static int read_answer(const char *url, long status, const Buf *body, json_t **ret, Error *err) {
    CLEANUP(buf_done) Buf text = {0};
    json_write_row(&text, body->data != NULL ? body->data : "", true); /* numbers keep their digits */
    CLEANUP(json_freep) json_t *answer = json_loadb(text.data != NULL ? text.data : "", text.len, 0, NULL);
    const char *detail = json_string_value(json_object_get(answer, "detail"));
    ErrorKind kind = status == 400 || status == 422 ? ERR_USAGE : status < 500 && status != 429 ? ERR_CONFIG : ERR_UNAVAILABLE;
    if (status != 200) return error_set(err, kind, "%s answers %ld: %s", url, status, detail != NULL ? detail : "not as Smelt does");
    if (!json_is_array(json_object_get(answer, "rows"))) return error_set(err, ERR_CONFIG, "%s does not answer as Smelt does", url);
    *ret = TAKE(answer);
    return 0;
}

static int open_client(const RemoteQuery *q, const char *token, HttpClient **ret, Error *err) {
    static const char *const headers[] = {"Content-Type: application/json", "Smelt-Request: sql", NULL};
    const HttpClientOptions options = {
        .token = token, .ca = q->ca, .headers = headers, .connect_ms = CONNECT_MS, .total_ms = TOTAL_MS, .body_max = ANSWER_MAX};
    return http_client_open(&options, ret, err);
}

int remote_query(const RemoteQuery *q, json_t **ret, Error *err) {
    CLEANUP(free_text) char *token = NULL;
    CLEANUP(http_client_freep) HttpClient *client = NULL;
    CLEANUP(buf_done) Buf body = {0};
    size_t len = strlen(q->url);
    long status = 0;
    if (len == 0) return error_set(err, ERR_USAGE, "--url is empty");
    if (q->token_file != NULL && read_token(q->token_file, &token, err) != 0) return -1;
    CLEANUP(json_freep) json_t *content = json_pack("{s:s}", "sql", q->sql);
    if (content == NULL) return error_set(err, ERR_USAGE, "the query is not UTF-8");
    CLEANUP(free_text) char *text = json_text(content);
    CLEANUP(free_text) char *url = xasprintf("%.*s/api/v1/query", (int)(q->url[len - 1] == '/' ? len - 1 : len), q->url);
    if (open_client(q, token, &client, err) != 0 || http_client_send(client, url, text, &status, &body, err) != 0) return -1;
    CLEANUP(free_text) char *other = http_client_redirect(client);
    if (other != NULL)
        return error_set(err, ERR_CONFIG,
                         "%s answers %ld: a redirect to %s, which is not followed. Next: give --url the server's own address", url, status,
                         other);
    return read_answer(url, status, &body, ret, err);
}

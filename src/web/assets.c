/* assets.c: the dashboards, from the binary. An address is looked up in the table of embedded files, never in the file
 * system. Browsers ask again each time (no-cache) and get 304 by the file's hash, so a new binary is a new page at once. */
#include "web/handlers.h"

#include "base/embedded.h"
#include <string.h>

static const struct {
    const char *ending, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".json", "application/json"},
};

const char *asset_type(const char *path) {
    if (strcmp(path, "/") == 0) return asset_type("/ui/index.html");
    size_t n = strlen(path);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        size_t m = strlen(types[i].ending);
        if (n > m && strcmp(path + n - m, types[i].ending) == 0) return types[i].type;
    }
    return NULL;
}

int handle_asset(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s, (void)lease, (void)err;
    const char *path = strcmp(req->path, "/") == 0 ? "ui/index.html" : req->path + 1;
    const EmbeddedFile *file = embedded_find(path);
    const char *type = asset_type(path);
    if (file == NULL || type == NULL) {
        response_problem(resp, 404, req, "There is nothing at this address.");
        return 0;
    }
    char etag[ETAG_SIZE];
    snprintf(etag, sizeof etag, "\"%.32s\"", file->sha256);
    resp->cache_control = "no-cache";
    resp->content_type = type;
    if (response_not_modified(resp, req, etag)) return 0;
    resp->status = 200;
    resp->fixed = file->data;
    resp->fixed_len = file->len;
    return 0;
}

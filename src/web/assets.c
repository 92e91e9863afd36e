/* assets.c: the dashboards, from the binary. An address is looked up in the table of embedded files, never in the file
 * system. Browsers ask for pages again each time (no-cache) and get 304 by the file's hash, so a new binary is a new page at once; what a
 * page is made of they keep. Files are compressed when the binary is built. */
#include "web/handlers.h"

#include "base/embedded.h"
#include "base/memory.h"
#include "web/negotiate.h"
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

/* Pages that have an address of their own. */
static const struct {
    const char *path, *file;
} pages[] = {{"/", "ui/index.html"}, {"/docs", "ui/docs.html"}, {"/ui/style", "ui/index.html"}};

const char *asset_type(const char *path) {
    for (size_t i = 0; i < ARRAY_LEN(pages); i++)
        if (strcmp(path, pages[i].path) == 0) return asset_type(pages[i].file);
    size_t n = strlen(path);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        size_t m = strlen(types[i].ending);
        if (n > m && strcmp(path + n - m, types[i].ending) == 0) return types[i].type;
    }
    return NULL;
}

/* "/ui/v-0123/app.js" is the file "ui/app.js": a page names what it is made of with the version of all of it, so that browsers need not ask
 * again. A page of before an update gets what there is now. The caller frees. */
static char *file_of(const char *path, bool *ret_is_versioned) {
    static const char versioned[] = "/ui/v-";
    const char *rest = strncmp(path, versioned, strlen(versioned)) == 0 ? strchr(path + strlen(versioned), '/') : NULL;
    size_t n = strlen(embedded_ui_version);
    *ret_is_versioned = rest != NULL && (size_t)(rest - path) == strlen(versioned) + n && memcmp(rest - n, embedded_ui_version, n) == 0;
    if (rest != NULL) return xasprintf("ui%s", rest);
    for (size_t i = 0; i < ARRAY_LEN(pages); i++)
        if (strcmp(path, pages[i].path) == 0) return xstrdup(pages[i].file);
    return xstrdup(path + 1);
}

static void answer_file(const EmbeddedFile *file, const Request *req, Response *resp) {
    static const char *const codings[] = {"gzip", NULL};
    resp->status = 200;
    resp->coding = file->gzip != NULL && file->gzip_len < file->len ? negotiate_coding(req->accept_encoding, codings) : NULL;
    resp->fixed = resp->coding != NULL ? file->gzip : file->data;
    resp->fixed_len = resp->coding != NULL ? file->gzip_len : file->len;
}

int handle_asset(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s, (void)lease, (void)err;
    bool is_versioned;
    CLEANUP(free_text) char *path = file_of(req->path, &is_versioned);
    const EmbeddedFile *file = embedded_find(path);
    const char *type = asset_type(path);
    if (file == NULL || type == NULL) {
        response_problem(resp, 404, req, "There is nothing at this address.");
        return 0;
    }
    char etag[ETAG_SIZE];
    snprintf(etag, sizeof etag, "W/\"%.32s\"", file->sha256);
    resp->cache_control = is_versioned ? "public, max-age=31536000, immutable" : "no-cache";
    resp->content_type = type;
    resp->varies = true;
    if (!response_by_condition(resp, req, etag)) answer_file(file, req, resp);
    return 0;
}

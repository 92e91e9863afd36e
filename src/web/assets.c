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
static char *file_of(const char *path, bool *ret_is_current) {
    static const char versioned[] = "/ui/v-", now[] = "/now/"; // as loads_anew says it
    const char *rest = strncmp(path, versioned, strlen(versioned)) == 0 ? strchr(path + strlen(versioned), '/') : NULL;
    size_t n = strlen(embedded_ui_version);
    *ret_is_current = rest != NULL && (size_t)(rest - path) == strlen(versioned) + n && memcmp(rest - n, embedded_ui_version, n) == 0;
    if (rest != NULL && strncmp(rest, now, strlen(now)) == 0) return xasprintf("ui/pages/%s", rest + strlen(now));
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

/* Who opens a page in a tab of before an update gets this instead of its module: what the tab has loaded and what there is now need not
 * fit. A young tab takes it as it is: of two servers one may be of before the update, and a tab that is loaded anew each time would never
 * be ready. */
static const char loads_anew[] = "if (performance.now() > 30000) {\n"
                                 "location.reload();\n"
                                 "await new Promise(() => {});\n"
                                 "}\n"
                                 "export const { render, update } = await import(import.meta.url.replace(\"/pages/\", \"/now/\"));\n";

static bool is_module_of_a_page(const char *path, const EmbeddedFile *file) {
    static const char folder[] = "/pages/", drawn_by[] = "export const render = ";
    return strstr(path, folder) != NULL && memmem(file->data, file->len, drawn_by, strlen(drawn_by)) != NULL;
}

static void answer_anew(const char *type, Response *resp) {
    resp->status = 200;
    resp->cache_control = "no-store";
    resp->content_type = type;
    resp->fixed = loads_anew;
    resp->fixed_len = strlen(loads_anew);
}

int handle_asset(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s, (void)lease, (void)err;
    bool is_current;
    CLEANUP(free_text) char *path = file_of(req->path, &is_current);
    const EmbeddedFile *file = embedded_find(path);
    const char *type = asset_type(path);
    if (file == NULL || type == NULL) {
        response_problem(resp, 404, req, "There is nothing at this address.");
        return 0;
    }
    if (!is_current && is_module_of_a_page(req->path, file)) {
        answer_anew(type, resp);
        return 0;
    }
    char etag[ETAG_SIZE];
    snprintf(etag, sizeof etag, "W/\"%.32s\"", file->sha256);
    resp->cache_control = is_current ? "public, max-age=31536000, immutable" : "no-cache";
    resp->content_type = type;
    resp->varies = true;
    if (!response_by_condition(resp, req, etag)) answer_file(file, req, resp);
    return 0;
}

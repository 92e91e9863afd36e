/* system.c: the server itself: version, uptime, settings, backup; the contracts; and when the state of a part changed. None of it needs a
 * lake. */
#include "base/clock.h"
#include "base/files.h"
#include "base/memory.h"
#include "web/rows.h"
#include <string.h>

const ParamSpec status_history_params[] = {
    {"limit", PARAM_INT, .least = 1, .most = 2000, .otherwise = 500, .help = "changes, newest first"},
    {"name", PARAM_TEXT, .least = 1, .most = 64, .help = "only of this part"},
    {.name = NULL},
};

int handle_system(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease, (void)err;
    char text[CLOCK_TEXT_SIZE];
    json_t *out = s->system != NULL ? s->system(s->system_arg) : NULL;
    if (out == NULL) {
        response_problem(resp, 404, req, "This server was started without a description of itself.");
        return 0;
    }
    json_object_set_new(out, "started_at", json_string(clock_format(s->started_us, text)));
    json_object_set_new(out, "uptime_s", json_integer((clock_mono_ns() - s->started_ns) / NSEC_PER_SEC));
    json_object_set_new(out, "live", json_boolean(snapshot_pool_is_live(s->pool)));
    if (!req->is_operator) {
        json_object_set_new(out, "settings", json_null());
        json_object_set_new(out, "backup", json_null());
    }
    response_json(resp, 200, out);
    return 0;
}

/* Leaves the names of their files. */
static void hide_folders(json_t *contracts) {
    size_t i;
    json_t *contract;
    json_array_foreach(contracts, i, contract) {
        const char *file = json_string_value(json_object_get(contract, "file")), *name = strrchr(file, '/');
        if (name != NULL) json_object_set_new(contract, "file", json_string(name + 1));
    }
}

int handle_contracts(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease;
    if (s->contracts == NULL) {
        response_problem(resp, 404, req, "This server was started without contracts.");
        return 0;
    }
    json_t *contracts = s->contracts(s->contracts_arg);
    if (contracts == NULL) return error_set(err, ERR_UNAVAILABLE, "the contracts cannot be read here: `smelt contract check` says why");
    if (!req->is_operator) hide_folders(contracts);
    response_json(resp, 200, json_pack("{so}", "contracts", contracts));
    return 0;
}

/* ---- history of the status ---- */

/* Oldest first; none when there is no file. The caller owns it. */
static json_t *read_changes(const Service *s) {
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(error_clear) Error ignored = {0};
    const char *path = s->status_history_path;
    json_t *rows = path != NULL && file_read(path, &text, &ignored) == 0 ? json_loadb(text.data, text.len, 0, NULL) : NULL;
    return rows != NULL ? rows : json_array();
}

int handle_status_history(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease, (void)err;
    CLEANUP(json_freep) json_t *rows = read_changes(s);
    const char *name = request_param(req, "name");
    size_t limit = (size_t)request_int(req, status_history_params, "limit");
    json_t *items = json_array();
    for (size_t i = json_array_size(rows); i-- > 0 && json_array_size(items) < limit;) {
        json_t *row = json_array_get(rows, i);
        const char *of = json_string_value(json_object_get(row, "name"));
        if (name != NULL && (of == NULL || strcmp(of, name) != 0)) continue;
        if (!req->is_operator) json_object_set_new(row, "detail", json_null());
        json_array_append(items, row);
    }
    response_json(resp, 200, json_pack("{so}", "items", items));
    return 0;
}

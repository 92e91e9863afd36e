/* set_up.c: see set_up.h. */
#include "web/set_up.h"

#include "base/clock.h"
#include "base/files.h"
#include "web/audit_log.h"
#include "web/downloads.h"
#include "web/exports.h"
#include "web/listen.h"
#include "web/note_store.h"
#include "web/operations.h"
#include "web/parquet.h"
#include "web/past.h"
#include "web/self_check.h"
#include "web/single_flight.h"
#include "web/stream.h"
#include <sys/resource.h>
#include <unistd.h>

/* How old answers of the live lake that are given again may be; with BODIES_RENEW_NS and its rows at most a second. */
enum { LIVE_VIEW_MS = 600 };
enum { SLOW_MS = 10 * 1000, DEAD_MS = 10 * 60 * 1000 }; /* a look at how the server is (self_check.h) */

/* ---- limits ---- */

size_t options_connections(int asked) {
    enum { OTHER_FILES = 128, FEWEST = 16 };
    size_t want = asked > 0 ? (size_t)asked : 1024;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return want;
    if (files.rlim_cur < want + OTHER_FILES) {
        files.rlim_cur = files.rlim_max < want + OTHER_FILES ? files.rlim_max : want + OTHER_FILES;
        if (setrlimit(RLIMIT_NOFILE, &files) != 0) (void)getrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur >= want + OTHER_FILES) return want;
    return files.rlim_cur > OTHER_FILES + FEWEST ? files.rlim_cur - OTHER_FILES : FEWEST;
}

size_t options_workers(const WebOptions *options) {
    if (options->workers > 0) return (size_t)options->workers;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 2 ? (size_t)cores * 2 : 4;
}

/* ---- who may come in ---- */

int options_check_open(const WebOptions *options, int listener, Error *err) {
    if (options->tokens_path == NULL || options->open || listen_is_loopback(listener) || file_exists(options->tokens_path)) return 0;
    return error_set(
        err, ERR_CONFIG,
        "http.listen is %s, which other machines can reach, and there are no tokens (%s): make one with `smelt token create NAME "
        "--scopes status,aggregate,entities`, or set http.open to yes, which lets everybody read everything",
        options->listen, options->tokens_path);
}

static Gate *make_gate(const WebOptions *options, int listener) {
    if (options->tokens_path == NULL) return NULL;
    return gate_new(options->tokens_path, options->uses_path, options->open || listen_is_loopback(listener), options->token_rate);
}

static bool is_set(const char *text) {
    return text != NULL && text[0] != '\0';
}

int options_tls(const WebOptions *options, TlsServer **ret, Error *err) {
    if (is_set(options->tls_certificate) != is_set(options->tls_key))
        return error_set(err, ERR_CONFIG, "http.tls.certificate and http.tls.key belong together: %s is not set",
                         is_set(options->tls_key) ? "http.tls.certificate" : "http.tls.key");
    if (is_set(options->tls_key) && tls_server_new(options->tls_certificate, options->tls_key, ret, err) != 0)
        return error_prefix(err, "http.tls");
    return 0;
}

/* ---- the service ---- */

void service_set_up(Service *s, const WebOptions *options, int listener) {
    *s = (Service){.routes = routes,
                   .status = options->status,
                   .status_arg = options->status_arg,
                   .samples = options->samples,
                   .samples_arg = options->samples_arg,
                   .models_dir = options->models_dir,
                   .audit_path = options->audit_path,
                   .status_history_path = options->status_history_path,
                   .ask = options->ask,
                   .ask_arg = options->ask_arg,
                   .contracts = options->contracts,
                   .contracts_arg = options->contracts_arg,
                   .system = options->system,
                   .system_arg = options->system_arg,
                   .started_us = clock_wall_us(),
                   .started_ns = clock_mono_ns(),
                   .ready = options->ready,
                   .ready_arg = options->ready_arg,
                   .asked = options->asked,
                   .asked_arg = options->asked_arg,
                   .audit_log = options->audit_log,
                   .gate = make_gate(options, listener),
                   .metrics = metrics_new(route_count(), route_pattern),
                   .flights = single_flight_new()};
    s->export_dir = parquet_dir_make();
    LakeOptions reading = options->lake;
    reading.export_dir = s->export_dir;
    s->pool = options->live != NULL ? snapshot_pool_open_live(options->live, LIVE_VIEW_MS, options->rows_memory)
                                    : snapshot_pool_open(options->snapshots_dir, &reading, options->rows_memory);
    if (options->notes_path != NULL) s->notes = note_store_new(options->notes_path);
    if (options->snapshots_dir != NULL) s->downloads = downloads_new(options->snapshots_dir);
    if (options->snapshots_dir != NULL) s->past = past_new(options->snapshots_dir, &reading);
    if (s->export_dir != NULL) s->exports = exports_new(s->export_dir);
    s->stream = stream_new();
    s->self_check = self_check_new(s, SLOW_MS, DEAD_MS);
    if (options->write != NULL)
        s->operations =
            operations_new(options->write, options->write_arg, options->operations_path, audit_log_operation, options->audit_log);
    if (options->query && options->snapshots_dir != NULL) {
        LakeOptions own = reading;
        own.memory_limit = options->query_memory;
        own.threads = 1;
        s->sql = snapshot_pool_open(options->snapshots_dir, &own, 0);
    }
}

void service_follow(Service *s) {
    snapshot_pool_follow(s->pool);
    if (s->sql != NULL) snapshot_pool_follow(s->sql);
    if (s->downloads != NULL) downloads_sweep(s->downloads);
    if (s->past != NULL) past_sweep(s->past);
    if (s->gate != NULL) gate_follow(s->gate);
    stream_look(s->stream, s);
    audit_log_follow(s->audit_log);
}

void service_clean_up(Service *s) {
    if (s->operations != NULL) operations_free(s->operations);
    if (s->exports != NULL) exports_free(s->exports);
    if (s->past != NULL) past_free(s->past);
    snapshot_pool_free(s->pool);
    if (s->sql != NULL) snapshot_pool_free(s->sql);
    parquet_dir_remove(s->export_dir);
    self_check_free(s->self_check);
    metrics_free(s->metrics);
    single_flight_free(s->flights);
    stream_free(s->stream);
    if (s->downloads != NULL) downloads_free(s->downloads);
    if (s->notes != NULL) note_store_free(s->notes);
    if (s->gate != NULL) gate_free(s->gate);
}

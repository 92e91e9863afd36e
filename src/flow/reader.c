/* reader.c: see reader.h. While DuckDB has the file open read-only, a writer cannot open it: it waits (flow/writer.c). */
#include "flow/reader.h"

#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/stop.h"
#include "flow/query_socket.h"
#include "flow/questions.h"
#include "flow/writer.h"
#include "lake/layout.h"
#include "lake/schema.h"

enum { TRIES = 50, PAUSE_MS = 100, CHECK_MS = 2000 };

/* ---- the file ---- */

static int ask_open(Lake *lake, const char *mark_path, const char *question, const json_t *args, json_t **ret, Error *err) {
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    CLEANUP(stop_watchdog_freep) StopWatchdog *watchdog = stop_watchdog_new(lake); /* ends before the connection */
    return lake_connect(lake, &conn, err) == 0 ? question_answer(conn, mark_path, question, args, ret, err) : -1;
}

static int check_opened(Lake *lake, bool *ret_old, Error *err) {
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    int64_t version;
    if (lake_connect(lake, &conn, err) != 0 || lake_check_version(conn, err) != 0 || lake_read_version(conn, &version, err) != 0) return -1;
    *ret_old = version < lake_schema_version();
    return 0;
}

/* `ret_old`: the lake is of an older version, and was not asked. */
static int ask_file(const Settings *settings, const char *question, const json_t *args, bool *ret_old, json_t **ret, Error *err) {
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    CLEANUP(free_text) char *temp_dir = temp_dir_name();
    CLEANUP(lake_freep) Lake *lake = NULL;
    LakeOptions options = writer_lake_options(settings);
    options.read_only = true;
    options.temp_dir = temp_dir;
    if (lake_open(layout.lake_path, &options, &lake, err) != 0) return lake_advise_opening(err);
    if (check_opened(lake, ret_old, err) != 0) return -1;
    return *ret_old ? 0 : ask_open(lake, layout.mark_path, question, args, ret, err);
}

static int ask_migrated(const Settings *settings, const char *question, const json_t *args, json_t **ret, Error *err) {
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    CLEANUP(writer_done) Writer w = {0};
    CLEANUP(free_text) char *what = xasprintf("smelt (%s)", question);
    if (writer_open_existing(settings, what, &w, err) != 0) return -1;
    return question_answer(w.conn, layout.mark_path, question, args, ret, err);
}

/* ---- the writer ---- */

static int ask_writer(const Layout *layout, const char *question, const json_t *args, int wait_ms, json_t **ret, Error *err) {
    if (query_socket_ask(layout->lock_path, question, args, wait_ms, ret, err) == 0) return 0;
    if (err->kind != ERR_BUSY && (err->kind != ERR_UNAVAILABLE || wait_ms == 0)) return -1;
    CLEANUP(free_text) char *holder = file_lock_holder(layout->lock_path);
    return error_set(err, err->kind, "%s is held by %s, and %s", layout->lock_path, holder != NULL ? holder : "another process", err->text);
}

static int check_writer(const Layout *layout, Error *err) {
    CLEANUP(json_freep) json_t *answer = NULL;
    return ask_writer(layout, "check", NULL, CHECK_MS, &answer, err);
}

int reader_check_writer(const Settings *settings, Error *err) {
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    return check_writer(&layout, err);
}

/* Tries again while the process that has the lake is just beginning or ending. */
int reader_ask(const Settings *settings, const char *question, const json_t *args, json_t **ret, Error *err) {
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    if (writer_check_exists(settings, err) != 0) return -1;
    for (int tries = 1;; tries++) {
        bool old = false;
        int rc = ask_file(settings, question, args, &old, ret, err);
        if (rc == 0 && old) rc = ask_migrated(settings, question, args, ret, err);
        if (rc != 0 && err->kind == ERR_BUSY) {
            error_clear(err);
            rc = check_writer(&layout, err) == 0 ? ask_writer(&layout, question, args, 0, ret, err) : -1;
        }
        if (rc == 0 || err->kind != ERR_BUSY || tries == TRIES) return rc;
        if (stop_wait_ms(PAUSE_MS)) return error_set(err, ERR_STOPPED, "stopped while %s", err->text);
        error_clear(err);
    }
}

/* writer.c: opening the lake as its one writer.
 *
 * Order: the lock, the file, the fence, the version, the high-water mark, migrations. Whatever says no does so before anything was changed.
 * The lock is let go after the database was closed. */
#include "base/log.h"
#include "base/restart.h"
#include "base/room.h"
#include "base/stop.h"
#include "commands/app.h"
#include "lake/schema.h"

enum { FULL_PAUSE_MS = 1000 };

LakeOptions app_lake_options(const App *app) {
    return (LakeOptions){.memory_limit = settings_int(app->settings, "lake.memory_limit"),
                         .threads = (int)settings_int(app->settings, "lake.threads")};
}

static int check_lock(void *lock, Error *err) {
    return file_lock_check(lock, err);
}

int writer_lock(const App *app, const char *what, Writer *w, Error *err) {
    return file_lock(app->layout.lock_path, what, &w->lock, err);
}

int writer_open_file(const App *app, Writer *w, Error *err) {
    const char *path = app->layout.lake_path;
    LakeOptions options = app_lake_options(app);
    bool was_there = file_exists(path);
    if (lake_open(path, &options, &w->lake, err) != 0)
        return was_there && err->kind == ERR_IO ? error_set(err, ERR_IO, "%s. Next: `smelt recover` says what it would do", err->text) : -1;
    lake_set_fence(w->lake, check_lock, w->lock);
    w->stopper = stopper_new(w->lake);
    if (lake_connect(w->lake, &w->conn, err) != 0) return -1;
    return lake_check_version(w->conn, err);
}

/* No lake where the mark knows of one. */
static int check_gone(const App *app, Error *err) {
    CLEANUP(mark_done) Mark none = {0};
    return file_exists(app->layout.lake_path) ? 0 : watermark_check(NULL, app->layout.mark_path, &none, err);
}

static int open_marked(const App *app, Writer *w, Error *err) {
    const char *mark = app->layout.mark_path;
    CLEANUP(mark_done) Mark lake = {0};
    if (check_gone(app, err) != 0 || writer_open_file(app, w, err) != 0 || watermark_check(w->conn, mark, &lake, err) != 0 ||
        lake_migrate(w->conn, err) != 0)
        return -1;
    return watermark_open(w->conn, mark, &lake, &w->watermark, err);
}

static int open_writer(const App *app, const char *what, Writer *ret, Error *err) {
    CLEANUP(writer_done) Writer w = {0};
    if (writer_lock(app, what, &w, err) != 0 || open_marked(app, &w, err) != 0) return -1;
    *ret = w;
    w = (Writer){0};
    return 0;
}

int app_open_lake(App *app, const char *what, Writer *ret, Error *err) {
    if (dir_make(app->layout.data_dir, err) != 0) return -1;
    return open_writer(app, what, ret, err);
}

int app_open_lake_patiently(App *app, const char *what, Writer *ret, Error *err) {
    const char *dir = app->layout.data_dir;
    if (dir_make(dir, err) != 0) return -1;
    for (;;) {
        if (room_wait(dir, settings_int(app->settings, "disk.reserve"), err) != 0) return -1;
        if (app_open_lake(app, what, ret, err) == 0) return 0;
        if (err->kind != ERR_FULL) return -1;
        log_error("disk", "%s; trying again in %d s", err->text, FULL_PAUSE_MS / 1000);
        if (stop_wait_ms(FULL_PAUSE_MS)) return error_set(err, ERR_STOPPED, "stopped while the disk was full");
        error_clear(err);
    }
}

int app_begin_again_if_full(const Writer *w, Error *err) {
    if (err->kind != ERR_FULL || w->lake == NULL || !lake_is_lost(w->lake)) return -1;
    log_error("disk", "%s. Everything committed is safe; beginning again when there is room", err->text);
    if (stop_wait_ms(FULL_PAUSE_MS)) return -1;
    Error why = {0};
    if (restart_process(&why) != 0) log_error("disk", "%s", why.text);
    error_clear(&why);
    return -1;
}

int app_open_existing_lake(App *app, const char *what, Writer *ret, Error *err) {
    const char *path = app->layout.lake_path;
    if (check_gone(app, err) != 0) return -1;
    if (!file_exists(path))
        return error_set(err, ERR_UNAVAILABLE, "there is no lake at %s yet: run `smelt ingest` first, or set data.dir", path);
    return open_writer(app, what, ret, err);
}

void writer_done(Writer *w) {
    stopper_freep(&w->stopper);
    watermark_freep(&w->watermark);
    lake_conn_freep(&w->conn);
    lake_freep(&w->lake);
    file_lock_freep(&w->lock);
}

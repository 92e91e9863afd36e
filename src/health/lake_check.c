/* lake_check.c: see lake_check.h. */
#include "health/lake_check.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/periodic.h"
#include "base/stop.h"
#include "lake/layout.h"
#include "lake/schema.h"
#include "ledger/commit_mark_keeper.h"
#include <string.h>
#include <unistd.h>

#define READ_MS        2000
#define LOOK_MS        50 /* how soon a writer that waits is noticed */
#define CHECK_AGAIN_US (600 * USEC_PER_SEC)

static void forget(char **text) {
    free(*text);
    *text = NULL;
}

void lake_check_done(LakeCheck *c) {
    forget(&c->problem);
    forget(&c->unknown);
    *c = (LakeCheck){0};
}

/* Takes the error over: as damage, or as a reason why nothing is known. */
static void take_error(char **ret, Error *err) {
    forget(ret);
    *ret = xstrdup(err->text);
    error_clear(err);
}

/* ---- reading a lake that no process writes ---- */

typedef struct Reading {
    LakeConn *conn;
    const char *lock_path;
    int64_t until_ns;
} Reading;

static void end_reading(void *arg) {
    const Reading *r = arg;
    CLEANUP(free_text) char *writer = file_lock_holder(r->lock_path);
    if (writer != NULL || stop_requested() || clock_mono_ns() > r->until_ns) lake_interrupt(r->conn);
}

/* `ret_all`: false when the time was not enough. */
static int read_rows(LakeConn *conn, const char *lock_path, bool *ret_all, Error *err) {
    CLEANUP(periodic_stopp) Periodic *watch = NULL;
    Reading reading = {conn, lock_path, clock_mono_ns() + READ_MS * (NSEC_PER_SEC / 1000)};
    if (periodic_start(LOOK_MS, end_reading, &reading, &watch, err) != 0) return -1;
    *ret_all = lake_read_all(conn, err) == 0;
    if (*ret_all) return 0;
    if (err->kind != ERR_STOPPED) return -1;
    error_clear(err);
    return 0;
}

static int read_lake(const Layout *layout, const Settings *settings, bool *ret_all, Error *err) {
    LakeOptions options = {.read_only = true, .threads = 1, .memory_limit = settings_int(settings, "lake.memory_limit")};
    CLEANUP(lake_freep) Lake *lake = NULL;
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    if (lake_open(layout->lake_path, &options, &lake, err) != 0 || lake_connect(lake, &conn, err) != 0) return -1;
    if (lake_check_version(conn, err) != 0 || commit_mark_verify(conn, layout->mark_path, err) != 0) return -1;
    return read_rows(conn, layout->lock_path, ret_all, err);
}

static void look_into(LakeCheck *c, const Layout *layout, const Settings *settings) {
    Error err = {0};
    bool all = false;
    FileStamp lake = file_stamp(layout->lake_path), wal = file_stamp(layout->wal_path), mark = file_stamp(layout->mark_path);
    int rc = read_lake(layout, settings, &all, &err);
    if (rc != 0 && err.kind == ERR_BUSY) { /* a writer was quicker */
        error_clear(&err);
        return;
    }
    lake_check_done(c);
    *c = (LakeCheck){.checked_us = clock_wall_us(), .checked_ns = clock_mono_ns(), .all_read = all, .lake = lake, .wal = wal, .mark = mark};
    if (rc != 0 && strstr(err.text, "`smelt recover`") == NULL) (void)lake_advise_opening(&err);
    if (rc != 0) take_error(&c->problem, &err);
}

/* ---- whose lake it is ---- */

static bool is_as_checked(const LakeCheck *c, const Layout *layout) {
    FileStamp lake = file_stamp(layout->lake_path), wal = file_stamp(layout->wal_path), mark = file_stamp(layout->mark_path);
    return c->checked_us > 0 && file_stamp_same(&c->lake, &lake) && file_stamp_same(&c->wal, &wal) && file_stamp_same(&c->mark, &mark);
}

static void look_at_live(LakeCheck *c, const Layout *layout, Lake *live) {
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    Error err = {0};
    lake_check_done(c);
    c->checked_us = clock_wall_us();
    int rc = lake_connect(live, &conn, &err);
    if (rc == 0) lake_only_reads(conn);
    if (rc != 0 || commit_mark_verify(conn, layout->mark_path, &err) != 0) take_error(&c->problem, &err);
}

static void look_at_file(LakeCheck *c, const Layout *layout, const Settings *settings) {
    forget(&c->unknown);
    if (access(layout->lake_path, R_OK) != 0) {
        c->unknown = xasprintf("%s cannot be read by this user", layout->lake_path);
        return;
    }
    if (!is_as_checked(c, layout) || clock_mono_ns() - c->checked_ns > CHECK_AGAIN_US * 1000) look_into(c, layout, settings);
}

/* ERR_BUSY: it cannot be asked from here, for example from another container. */
static void ask_writer(LakeCheck *c, const HealthOptions *options) {
    Error err = {0};
    forget(&c->unknown);
    int rc = options->check_writer(options->settings, &err);
    if (rc == 0 || err.kind == ERR_DATA) {
        lake_check_done(c);
        c->checked_us = clock_wall_us();
    }
    if (rc != 0 && err.kind == ERR_DATA) take_error(&c->problem, &err);
    if (rc != 0 && err.kind == ERR_UNAVAILABLE) take_error(&c->unknown, &err);
    error_clear(&err);
}

void lake_check(LakeCheck *c, const HealthOptions *options, const char *writer) {
    CLEANUP(layout_done) Layout layout = layout_of(options->settings);
    if (options->live != NULL) {
        look_at_live(c, &layout, options->live);
    } else if (!file_exists(layout.lake_path)) {
        lake_check_done(c);
    } else if (writer == NULL) {
        look_at_file(c, &layout, options->settings);
    } else {
        if (!is_as_checked(c, &layout)) forget(&c->problem); /* of what the writer has replaced */
        if (options->check_writer != NULL) ask_writer(c, options);
    }
}

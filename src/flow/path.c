/* path.c: see path.h. */
#include "flow/path.h"

#include "base/disk_space.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/periodic.h"
#include "base/stop.h"
#include <stdatomic.h>

enum { PAUSE_MS = 5000, FULL_PAUSE_MS = 1000 };

struct Path {
    PathTurn turn;
    void *arg;
    const Settings *settings; /* borrowed */
    LakeConn *conn;
    Periodic *turns;
    atomic_bool failed;
    Error err; /* why it failed; of the thread until it has ended */
};

static int wait_for_disk_space(const Settings *settings, Error *err) {
    log_error("up", "%s", err->text);
    error_clear(err);
    if (stop_wait_ms(FULL_PAUSE_MS)) return error_set(err, ERR_STOPPED, "stopped while the disk was full");
    return disk_space_wait(settings_text(settings, "data.dir"), settings_int(settings, "disk.reserve"), err);
}

int path_wait_after_error(const Settings *settings, Error *err) {
    if (error_can_wait_for_space(err)) return wait_for_disk_space(settings, err);
    if (!error_is_retriable(err)) return -1;
    log_warn("up", "%s; again in %d s", err->text, PAUSE_MS / 1000);
    error_clear(err);
    return stop_wait_ms(PAUSE_MS) ? error_set(err, ERR_STOPPED, "stopped while waiting to try again") : 0;
}

static void take_turn(void *arg) {
    Path *p = arg;
    Error err = {0};
    while (!stop_requested() && !atomic_load(&p->failed) && p->turn(p->arg, p->conn, &err) != 0) {
        lake_rollback(p->conn);
        if (path_wait_after_error(p->settings, &err) == 0) continue;
        if (err.kind == ERR_STOPPED) break;
        error_move(&p->err, &err);
        atomic_store(&p->failed, true);
    }
    error_clear(&err);
}

static void path_free(Path *p) {
    if (p->turns != NULL) periodic_stop(p->turns);
    if (p->conn != NULL) lake_conn_free(p->conn);
    error_clear(&p->err);
    free(p);
}
DEFINE_CLEANUP(path_free, Path)

int path_start(Lake *lake, const Settings *settings, int every_ms, PathTurn turn, void *arg, Path **ret, Error *err) {
    CLEANUP(path_freep) Path *p = xcalloc(1, sizeof *p);
    p->turn = turn;
    p->arg = arg;
    p->settings = settings;
    if (lake_connect(lake, &p->conn, err) != 0 || periodic_start(every_ms, take_turn, p, &p->turns, err) != 0) return -1;
    *ret = TAKE(p);
    return 0;
}

void path_wake(Path *p) {
    periodic_wake(p->turns);
}

bool path_has_failed(const Path *p) {
    return atomic_load(&p->failed);
}

int path_end(Path *p, Error *err) {
    periodic_stop(TAKE(p->turns));
    int rc = atomic_load(&p->failed) ? error_move(err, &p->err) : 0;
    path_free(p);
    return rc;
}

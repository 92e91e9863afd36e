/* path.c: see path.h.
 *
 * Memory is lacking when several paths do large things at once, each of which alone has enough. So a turn that lacked it is taken again
 * while the other paths of the group pause; what lacks memory alone waits as for a service that is away. */
#include "flow/path.h"

#include "base/disk_space.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/periodic.h"
#include "base/stop.h"
#include <pthread.h>
#include <stdatomic.h>

enum { PAUSE_MS = 5000, SHORT_PAUSE_MS = 1000 };

struct PathGroup {
    Lake *lake;               /* borrowed */
    const Settings *settings; /* borrowed */
    pthread_rwlock_t turns;   /* held for reading during each turn; for writing: by a turn that needs all the memory */
};

struct Path {
    PathTurn turn;
    void *arg;
    PathGroup *group; /* borrowed */
    LakeConn *conn;
    pthread_rwlock_t hold; /* held for reading during each turn; for writing: path_hold */
    Periodic *turns;
    atomic_bool failed;
    Error err; /* why it failed; of the thread until it has ended */
};

static int wait_for_disk_space(const Settings *settings, Error *err) {
    log_error("up", "%s", err->text);
    error_clear(err);
    if (stop_wait_ms(SHORT_PAUSE_MS)) return error_set(err, ERR_STOPPED, "stopped while the disk was full");
    return disk_space_wait(settings_text(settings, "data.dir"), settings_int(settings, "disk.reserve"), err);
}

int path_wait_after_error(const Settings *settings, Error *err) {
    if (error_can_wait_for_space(err)) return wait_for_disk_space(settings, err);
    bool memory = lake_may_get_memory(err);
    if (!error_is_retriable(err) && !memory) return -1;
    int pause_ms = memory ? SHORT_PAUSE_MS : PAUSE_MS;
    log_warn("up", "%s; again in %d s", err->text, pause_ms / 1000);
    error_clear(err);
    return stop_wait_ms(pause_ms) ? error_set(err, ERR_STOPPED, "stopped while waiting to try again") : 0;
}

static int take_turn_once(Path *p, bool alone, Error *err) {
    pthread_rwlock_t *turns = &p->group->turns;
    BUG_IF((alone ? pthread_rwlock_wrlock(turns) : pthread_rwlock_rdlock(turns)) != 0 || pthread_rwlock_rdlock(&p->hold) != 0);
    int rc = p->turn(p->arg, p->conn, err);
    if (rc != 0) lake_rollback(p->conn);
    pthread_rwlock_unlock(&p->hold);
    pthread_rwlock_unlock(turns);
    return rc;
}

/* True: the turn may be taken again. */
static bool wait_for_next_try(Path *p, bool *alone, Error *err) {
    bool was_alone = *alone;
    *alone = lake_may_get_memory(err);
    if (!*alone || was_alone) return path_wait_after_error(p->group->settings, err) == 0;
    log_warn("up", "%s; again while nothing else is done", err->text);
    error_clear(err);
    return true;
}

static void take_turn(void *arg) {
    Path *p = arg;
    Error err = {0};
    bool alone = false;
    while (!stop_requested() && !atomic_load(&p->failed) && take_turn_once(p, alone, &err) != 0) {
        if (wait_for_next_try(p, &alone, &err)) continue;
        if (err.kind == ERR_STOPPED) break;
        error_move(&p->err, &err);
        atomic_store(&p->failed, true);
    }
    error_clear(&err);
}

/* Who asks for it alone gets it next, although others take turn after turn. */
static void init_lock(pthread_rwlock_t *lock) {
    pthread_rwlockattr_t attr;
    pthread_rwlockattr_init(&attr);
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(lock, &attr);
    pthread_rwlockattr_destroy(&attr);
}

PathGroup *path_group_new(Lake *lake, const Settings *settings) {
    PathGroup *group = xcalloc(1, sizeof *group);
    group->lake = lake;
    group->settings = settings;
    init_lock(&group->turns);
    return group;
}

void path_group_free(PathGroup *group) {
    pthread_rwlock_destroy(&group->turns);
    free(group);
}

static void path_free(Path *p) {
    if (p->turns != NULL) periodic_stop(p->turns);
    if (p->conn != NULL) lake_conn_free(p->conn);
    pthread_rwlock_destroy(&p->hold);
    error_clear(&p->err);
    free(p);
}
DEFINE_CLEANUP(path_free, Path)

int path_start(PathGroup *group, int every_ms, PathTurn turn, void *arg, Path **ret, Error *err) {
    CLEANUP(path_freep) Path *p = xcalloc(1, sizeof *p);
    p->turn = turn;
    p->arg = arg;
    p->group = group;
    init_lock(&p->hold);
    if (lake_connect(group->lake, &p->conn, err) != 0 || periodic_start(every_ms, take_turn, p, &p->turns, err) != 0) return -1;
    *ret = TAKE(p);
    return 0;
}

void path_wake(Path *p) {
    periodic_wake(p->turns);
}

void path_hold(Path *p) {
    BUG_IF(pthread_rwlock_wrlock(&p->hold) != 0);
}

void path_release(Path *p) {
    pthread_rwlock_unlock(&p->hold);
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

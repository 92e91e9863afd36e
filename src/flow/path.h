/* path.h: one kind of work of `smelt up` on a thread and a connection of its own, turn after turn, so that no other work waits for it. */
#pragma once
#include "base/settings.h"
#include "lake/lake.h"

/* One turn, on the connection of the path. Returns soon after stop_requested(). */
typedef int (*PathTurn)(void *arg, LakeConn *conn, Error *err);
typedef struct Path Path;
/* Paths that share the memory of a lake. */
typedef struct PathGroup PathGroup;

/* `lake` and `settings` are borrowed. The caller frees, after the paths have ended. */
PathGroup *path_group_new(Lake *lake, const Settings *settings) MUST_CHECK;
void path_group_free(PathGroup *group);
DEFINE_CLEANUP(path_group_free, PathGroup)

/* The first turn comes at once, another one `every_ms` after each has ended, or when the path is woken. A turn that failed is taken again,
 * after waiting as path_wait_after_error does; one that lacked memory at once, while the other paths of the group pause. `group` and `arg`
 * are borrowed. */
int path_start(PathGroup *group, int every_ms, PathTurn turn, void *arg, Path **ret, Error *err) MUST_CHECK;
/* The next turn comes now, or right after the one that runs. Any thread. */
void path_wake(Path *p);
/* Waits for the turn that runs; from then on none begins until the same thread releases it. Not from a turn of the same path, and only from
 * one that no turn of that path waits for. */
void path_hold(Path *p);
void path_release(Path *p);
/* No turn will come any more: one failed, and waiting cannot resolve that. Any thread. */
bool path_has_failed(const Path *p);
/* Waits for the turn that runs, then frees. -1 with the error when it has failed. */
int path_end(Path *p, Error *err) MUST_CHECK;

/* 0: the work may be tried again now: a service may be back, the disk has space, others may have given memory back. -1 with the error:
 * waiting cannot resolve it, or a stop was requested (ERR_STOPPED). */
int path_wait_after_error(const Settings *settings, Error *err) MUST_CHECK;

/* lake_watch.c: see lake_watch.h. Each change is logged once. What comes back to its place, as a volume that is mounted again does, is good
 * again, unless a statement has met the fence meanwhile. */
#include "flow/lake_watch.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/periodic.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_MS = 2000 };

struct LakeWatch {
    const Writer *writer;
    char *data_dir;
    Periodic *looking;
    pthread_mutex_t mutex; /* of what is below */
    char *problem;         /* NULL: none */
};

static char *find_problem(const LakeWatch *watch) {
    CLEANUP(error_clear) Error why = {0};
    if (writer_check_files(watch->writer, &why) != 0)
        return xasprintf("%s. Nothing more is stored. Next: bring it back to its place, or stop this process and run `smelt recover`",
                         why.text);
    if (access(watch->data_dir, W_OK | X_OK) == 0) return NULL;
    return xasprintf("%s cannot be written: %s. Next: %s", watch->data_dir, strerror(errno),
                     errno == EROFS ? "mount it for writing, and look in the log of the kernel why it is not"
                                    : "give the user of this process the right to write there");
}

static bool same(const char *a, const char *b) {
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void note(LakeWatch *watch, char *now) {
    if (now != NULL)
        log_error("lake", "%s", now);
    else
        log_info("lake", "%s can be written again", watch->data_dir);
    free(watch->problem);
    watch->problem = now;
}

/* Under mutex. */
static void update(LakeWatch *watch) {
    char *now = find_problem(watch);
    if (same(now, watch->problem))
        free(now);
    else
        note(watch, now);
}

int lake_watch_check(LakeWatch *watch, Error *err) {
    pthread_mutex_lock(&watch->mutex);
    update(watch);
    int rc = watch->problem == NULL ? 0 : error_set(err, ERR_UNAVAILABLE, "%s", watch->problem);
    pthread_mutex_unlock(&watch->mutex);
    return rc;
}

static void look(void *arg) {
    LakeWatch *watch = arg;
    pthread_mutex_lock(&watch->mutex);
    update(watch);
    pthread_mutex_unlock(&watch->mutex);
}

int lake_watch_start(const Writer *w, const char *data_dir, LakeWatch **ret, Error *err) {
    CLEANUP(lake_watch_stopp) LakeWatch *watch = xcalloc(1, sizeof *watch);
    watch->writer = w;
    watch->data_dir = xstrdup(data_dir);
    pthread_mutex_init(&watch->mutex, NULL);
    if (periodic_start(LOOK_MS, look, watch, &watch->looking, err) != 0) return -1;
    *ret = TAKE(watch);
    return 0;
}

void lake_watch_stop(LakeWatch *watch) {
    if (watch->looking != NULL) periodic_stop(watch->looking);
    pthread_mutex_destroy(&watch->mutex);
    free(watch->data_dir);
    free(watch->problem);
    free(watch);
}

/* threads.c: see lake_set_threads. */
#include "lake/internal.h"

#include "base/memory.h"

/* Who changes the number comes before those who keep it: they keep it again and again. */
void lake_threads_init(Lake *lake) {
    pthread_rwlockattr_t writers_first;
    pthread_rwlockattr_init(&writers_first);
    pthread_rwlockattr_setkind_np(&writers_first, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&lake->threads_kept, &writers_first);
    pthread_rwlockattr_destroy(&writers_first);
    pthread_mutex_init(&lake->threads_lock, NULL);
}

void lake_threads_done(Lake *lake) {
    pthread_mutex_destroy(&lake->threads_lock);
    pthread_rwlock_destroy(&lake->threads_kept);
}

int lake_threads(LakeConn *conn, int64_t *ret, Error *err) {
    return lake_query_int(conn, "threads", "SELECT current_setting('threads')::BIGINT", NULL, 0, ret, err);
}

int lake_set_threads(LakeConn *conn, int64_t threads, Error *err) {
    CLEANUP(free_text) char *sql = xasprintf("SET GLOBAL threads = %lld", (long long)threads);
    pthread_rwlock_wrlock(&conn->lake->threads_kept);
    int rc = lake_exec(conn, "threads", sql, err);
    pthread_rwlock_unlock(&conn->lake->threads_kept);
    return rc;
}

void lake_keep_threads(LakeConn *conn) {
    pthread_rwlock_rdlock(&conn->lake->threads_kept);
}

void lake_release_threads(LakeConn *conn) {
    pthread_rwlock_unlock(&conn->lake->threads_kept);
}

static int raise_threads(LakeConn *conn, int64_t threads, Error *err) {
    Lake *lake = conn->lake;
    int64_t now;
    if (lake_threads(conn, &now, err) != 0) return -1;
    if (lake->threads_raised == 0) lake->threads_before = now;
    if (now < threads && lake_set_threads(conn, threads, err) != 0) return -1;
    lake->threads_raised++;
    return 0;
}

int lake_raise_threads(LakeConn *conn, int64_t threads, Error *err) {
    pthread_mutex_lock(&conn->lake->threads_lock);
    int rc = raise_threads(conn, threads, err);
    pthread_mutex_unlock(&conn->lake->threads_lock);
    return rc;
}

int lake_lower_threads(LakeConn *conn, Error *err) {
    Lake *lake = conn->lake;
    pthread_mutex_lock(&lake->threads_lock);
    int rc = --lake->threads_raised == 0 ? lake_set_threads(conn, lake->threads_before, err) : 0;
    pthread_mutex_unlock(&lake->threads_lock);
    return rc;
}

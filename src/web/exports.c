/* exports.c: see exports.h. One file is made at a time; the oldest goes when there are more than KEPT_MAX. Who reads one has it open.
 *
 * Invariant: the ETag is made of the bytes: a file that was made anew with other bytes is not taken for the one before. */
#include "web/exports.h"

#include "base/checksum.h"
#include "base/files.h"
#include "base/memory.h"
#include "web/tokens.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEPT_MAX = 4 };

typedef struct Export {
    char *name; /* of what it has; NULL: the place is free */
    char *path;
    char etag[64];
} Export;

struct Exports {
    const char *dir;
    pthread_mutex_t lock; /* of all below; held while a file is made */
    Export kept[KEPT_MAX];
    size_t next;
};

Exports *exports_new(const char *dir) {
    Exports *x = xcalloc(1, sizeof *x);
    x->dir = dir;
    pthread_mutex_init(&x->lock, NULL);
    return x;
}

static void forget(Export *e) {
    if (e->path != NULL) (void)unlink(e->path);
    free(e->path);
    free(e->name);
    *e = (Export){0};
}

void exports_free(Exports *x) {
    for (size_t i = 0; i < KEPT_MAX; i++) forget(&x->kept[i]);
    pthread_mutex_destroy(&x->lock);
    free(x);
}

/* Under the lock. */
static Export *find(Exports *x, const char *name) {
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (x->kept[i].name != NULL && strcmp(x->kept[i].name, name) == 0) return &x->kept[i];
    return NULL;
}

static int write_rows(const Lease *lease, const GoldEntity *e, const char *path, Error *err) {
    static const char name[] = "export/table";
    const LakeBinding to = {"path", lake_text(path)};
    CLEANUP(free_text) char *sql = gold_entity_sql_with(e, name, &to, 1); /* {{rows}} */
    return lake_exec(lease->conn, name, sql, err);
}

/* Under the lock. Takes `name` and `path` when it succeeds. */
static int make(Exports *x, const Lease *lease, const GoldEntity *e, char **name, char **path, Error *err) {
    char sum[SHA256_TEXT_SIZE];
    int64_t bytes;
    if (write_rows(lease, e, *path, err) != 0 || sha256_file(*path, sum, &bytes, err) != 0) {
        (void)unlink(*path);
        return -1;
    }
    Export *place = &x->kept[x->next++ % KEPT_MAX];
    forget(place);
    *place = (Export){.name = TAKE(*name), .path = TAKE(*path)};
    snprintf(place->etag, sizeof place->etag, "\"%.40s\"", sum);
    return 0;
}

static int open_export(const Export *e, ExportFile *ret, Error *err) {
    struct stat st;
    int fd = open(e->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int failed = errno;
        if (fd >= 0) close(fd);
        return error_errno(err, ERR_IO, failed, "cannot read %s", e->path);
    }
    *ret = (ExportFile){.fd = fd, .bytes = st.st_size};
    memcpy(ret->etag, e->etag, sizeof ret->etag);
    return 0;
}

int exports_open(Exports *x, const Lease *lease, const GoldEntity *e, ExportFile *ret, Error *err) {
    char word[SHA256_TEXT_SIZE];
    CLEANUP(free_text) char *name = xasprintf("%s %s", lease->tag, e->view);
    random_hex(word);
    CLEANUP(free_text) char *path = xasprintf("%s/%s", x->dir, word);
    pthread_mutex_lock(&x->lock);
    Export *found = find(x, name);
    if (found != NULL && !file_exists(found->path)) { /* the folder was cleaned */
        forget(found);
        found = NULL;
    }
    CLEANUP(free_text) char *wanted = xstrdup(name);
    int rc = found != NULL ? 0 : make(x, lease, e, &name, &path, err);
    if (rc == 0) rc = open_export(find(x, wanted), ret, err);
    pthread_mutex_unlock(&x->lock);
    return rc;
}

/* files.c: durable replacement is write, fsync, rename, fsync of the directory, in this order. */
#include "base/files.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/owner.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { READ_MAX = 1000 * 1000 * 1000 }; /* of a whole file: what is longer is damaged, and would take the memory that the work needs */

static void close_fd(int *fd) {
    if (*fd >= 0) close(*fd);
}

/* NULL: a regular file. */
static const char *other_kind(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFREG: return NULL;
    case S_IFDIR: return "a folder";
    case S_IFIFO: return "a named pipe";
    case S_IFSOCK: return "a socket";
    default: return "a device";
    }
}

static bool is_handed_over(const char *path) {
    return strcmp(path, "/dev/stdin") == 0 || strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/proc/self/fd/", 14) == 0;
}

static int refuse_kind(const char *path, const struct stat *st, Error *err) {
    const char *kind = is_handed_over(path) ? NULL : other_kind(st->st_mode);
    return kind == NULL ? 0 : error_set(err, ERR_IO, "%s is %s, expected a file", path, kind);
}

int file_check_regular(const char *path, Error *err) {
    struct stat st;
    return stat(path, &st) == 0 ? refuse_kind(path, &st, err) : 0;
}

/* Looked at before, since opening a device may do something, and afterwards, since it may be another one by then. */
int file_open_regular(const char *path, int *ret, Error *err) {
    struct stat st;
    if (file_check_regular(path, err) != 0) return -1;
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (is_handed_over(path) ? 0 : O_NONBLOCK));
    if (fd < 0 || fstat(fd, &st) != 0) return error_errno(err, ERR_IO, errno, "cannot open %s", path);
    if (refuse_kind(path, &st, err) != 0) return -1;
    *ret = fd;
    fd = -1;
    return 0;
}

int file_read(const char *path, Buf *ret, Error *err) {
    CLEANUP(close_fd) int fd = -1;
    struct stat st;
    if (file_open_regular(path, &fd, err) != 0) return -1;
    if (fstat(fd, &st) == 0 && st.st_size > READ_MAX)
        return error_set(err, ERR_IO, "%s has %" PRId64 " MB, expected at most %d", path, (int64_t)st.st_size / 1000000,
                         READ_MAX / 1000000);
    CLEANUP(buf_done) Buf b = {0};
    for (;;) {
        ssize_t n = read(fd, buf_reserve(&b, 64 * 1024), 64 * 1024);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error_errno(err, ERR_IO, errno, "cannot read %s", path);
        if (n == 0) break;
        b.len += (size_t)n;
    }
    buf_add(&b, "", 0);
    *ret = b;
    b = (Buf){0};
    return 0;
}

/* Standard input is opened for writing only, and the other two for reading only: using one of them stays an error, as it was. */
void files_keep_standard(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) _exit(74);
}

static int write_all(int fd, const char *bytes, size_t n) {
    while (n > 0) {
        ssize_t written = write(fd, bytes, n);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return -1;
        bytes += written;
        n -= (size_t)written;
    }
    return 0;
}

static int sync_path(const char *path, int flags, Error *err) {
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0 || fsync(fd) != 0) return error_errno(err, ERR_IO, errno, "cannot make %s durable", path);
    return 0;
}

int file_sync(const char *path, Error *err) {
    return sync_path(path, 0, err);
}

int file_publish(const char *tmp, const char *path, Error *err) {
    owner_take(tmp);
    if (sync_path(tmp, 0, err) != 0) return -1;
    if (rename(tmp, path) != 0) return error_errno(err, ERR_IO, errno, "cannot rename %s to %s", tmp, path);
    CLEANUP(free_text) char *copy = xstrdup(path);
    return sync_path(dirname(copy), O_DIRECTORY, err);
}

/* Opening a pipe would wait for a reader, and writing through a link change a file somewhere else. */
static void drop_other_kind(const char *tmp) {
    struct stat st;
    if (lstat(tmp, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) (void)unlink(tmp);
}

int file_write_atomic(const char *path, const void *bytes, size_t n, Error *err) {
    CLEANUP(free_text) char *tmp = xasprintf("%s.tmp", path);
    drop_other_kind(tmp);
    {
        CLEANUP(close_fd) int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0) return error_errno(err, ERR_IO, errno, "cannot create %s", tmp);
        if (write_all(fd, bytes, n) != 0) {
            error_errno(err, ERR_IO, errno, "cannot write %s", tmp);
            unlink(tmp);
            return -1;
        }
    }
    return file_publish(tmp, path, err);
}

int file_create(const char *path, Error *err) {
    CLEANUP(close_fd) int fd = -1;
    if (file_check_regular(path, err) != 0) return -1;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return error_errno(err, ERR_IO, errno, "cannot create %s", path);
    owner_take(path);
    return 0;
}

/* Copies in the kernel, where some file systems share the blocks. Returns 0 at the end. */
static ssize_t copy_some(int in, int out) {
    enum { AT_ONCE = 1 << 30 };
    ssize_t n;
    do n = copy_file_range(in, NULL, out, NULL, AT_ONCE, 0);
    while (n < 0 && errno == EINTR);
    return n;
}

int file_copy(const char *from, const char *to, Error *err) {
    CLEANUP(close_fd) int in = -1;
    if (file_open_regular(from, &in, err) != 0) return -1;
    CLEANUP(close_fd) int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (out < 0) return error_errno(err, ERR_IO, errno, "cannot create %s", to);
    ssize_t n;
    while ((n = copy_some(in, out)) > 0)
        ;
    return n == 0 ? 0 : error_errno(err, ERR_IO, errno, "cannot copy %s to %s", from, to);
}

bool file_exists(const char *path) {
    struct stat st;
    return lstat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

FileStamp file_stamp(const char *path) {
    struct stat st;
    if (stat(path, &st) != 0) return (FileStamp){0};
    return (FileStamp){.device = (int64_t)st.st_dev,
                       .inode = (int64_t)st.st_ino,
                       .bytes = st.st_size,
                       .modified_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec};
}

bool file_stamp_same(const FileStamp *a, const FileStamp *b) {
    return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes && a->modified_ns == b->modified_ns;
}

/* "<path>.aside-TIME", with a number behind it when that file exists. */
static char *aside_name(const char *path) {
    char when[32];
    struct tm utc;
    time_t now = time(NULL);
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    char *name = xasprintf("%s.aside-%s", path, when);
    for (int i = 2; file_exists(name); i++) {
        free(name);
        name = xasprintf("%s.aside-%s-%d", path, when, i);
    }
    return name;
}

int file_set_aside(const char *path, char **ret_aside, Error *err) {
    CLEANUP(free_text) char *aside = aside_name(path);
    CLEANUP(free_text) char *copy = xstrdup(path);
    if (rename(path, aside) != 0) return error_errno(err, ERR_IO, errno, "cannot rename %s to move it aside", path);
    if (sync_path(dirname(copy), O_DIRECTORY, err) != 0) return -1;
    *ret_aside = TAKE(aside);
    return 0;
}

/* What is at the path of a folder and is none: ELOOP, or a link to what is not there. */
static int refuse_link(const char *path, int problem, Error *err) {
    char target[PATH_MAX];
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n < 0) return error_errno(err, ERR_IO, problem, "cannot use the folder '%s'", path);
    target[n] = '\0';
    if (problem == ELOOP)
        return error_set(err, ERR_IO, "'%s' is a symbolic link to '%s', and leads back to itself. Next: remove it, or give another path",
                         path, target);
    return error_set(
        err, ERR_IO,
        "'%s' is a symbolic link to '%s', which is not there. Next: make that folder (is its volume mounted?), or remove the link", path,
        target);
}

static int refuse_dir(const char *path, int problem, Error *err) {
    struct stat st;
    if (problem == ENAMETOOLONG)
        return error_set(err, ERR_IO, "cannot create the folder '%.60s...': a name in it is too long (at most %d bytes, the whole path %d)",
                         path, NAME_MAX, PATH_MAX - 1);
    if (lstat(path, &st) != 0 || (problem != EEXIST && problem != ELOOP))
        return error_errno(err, ERR_IO, problem, "cannot create the folder '%s'", path);
    if (S_ISLNK(st.st_mode) && stat(path, &st) != 0) return refuse_link(path, errno, err);
    return error_set(err, ERR_IO, "'%s' is %s, expected a folder. Next: move it away, or give another path", path,
                     S_ISREG(st.st_mode) ? "a file" : "no folder");
}

/* An existing folder is not an error. */
static int make_dir(const char *path, Error *err) {
    struct stat st;
    if (mkdir(path, 0755) == 0) {
        owner_take(path);
        return 0;
    }
    int problem = errno;
    if (problem == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) return 0;
    return refuse_dir(path, problem, err);
}

int dir_make(const char *path, Error *err) {
    CLEANUP(free_text) char *partial = xstrdup(path);
    for (char *p = partial; *p != '\0'; p++) {
        if (*p != '/' || p == partial) continue;
        *p = '\0';
        if (make_dir(partial, err) != 0) return -1;
        *p = '/';
    }
    return make_dir(path, err);
}

char *temp_dir_name(void) {
    const char *base = getenv("TMPDIR");
    return xasprintf("%s/smelt-%d-%" PRIx64, base != NULL && base[0] != '\0' ? base : "/tmp", (int)getpid(), clock_mono_ns());
}

char *path_join(const char *dir, const char *name) {
    size_t n = strlen(dir);
    return xasprintf(n > 0 && dir[n - 1] == '/' ? "%s%s" : "%s/%s", dir, name);
}

char *path_parent(const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return xstrdup(".");
    return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

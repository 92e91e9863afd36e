/* files.c: the functions by which a process changes files, in the place of libc's. What is not below FAULT_ROOT goes straight through. */
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { FDS_MAX = 1024, PATH_SIZE = 512 };

/* A descriptor of a watched file; path[0] is 0 for all others. A slot is written by whoever opens or closes that descriptor. */
static struct {
    char path[PATH_SIZE];
    uint32_t handle;
} files[FDS_MAX];

static bool is_watched(const char *path) {
    static char root[PATH_SIZE];
    if (root[0] == '\0') {
        const char *given = getenv("FAULT_ROOT");
        if (given == NULL || strlen(given) >= sizeof root) return false;
        memcpy(root, given, strlen(given) + 1);
    }
    return strncmp(path, root, strlen(root)) == 0 && strlen(path) < PATH_SIZE;
}

static const char *path_of(int fd) {
    return fd >= 0 && fd < FDS_MAX && files[fd].path[0] != '\0' ? files[fd].path : NULL;
}

static int fail(int problem) {
    errno = problem;
    return -1;
}

/* ---- open, close ---- */

static int watched_open(const char *path, int flags, mode_t mode) {
    Verdict v = rules_judge(CALL_OPEN, path, 0, 0);
    if (v.problem != 0) return fail(v.problem);
    ops_lock();
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (fd >= FDS_MAX) abort();
    if (fd >= 0) {
        memcpy(files[fd].path, path, strlen(path) + 1);
        files[fd].handle = ops_open(path, flags);
    }
    ops_unlock();
    return fd;
}

static int do_open(const char *path, int flags, va_list args) {
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
    return is_watched(path) ? watched_open(path, flags, mode) : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    int fd = do_open(path, flags, args);
    va_end(args);
    return fd;
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int close(int fd) {
    if (fd >= 0 && fd < FDS_MAX) files[fd].path[0] = '\0';
    return (int)syscall(SYS_close, fd);
}

/* ---- reading and writing ---- */

ssize_t pread(int fd, void *bytes, size_t n, off_t offset) {
    const char *path = path_of(fd);
    Verdict v = path != NULL ? rules_judge(CALL_READ, path, n, 0) : (Verdict){0, n};
    return v.problem != 0 ? fail(v.problem) : syscall(SYS_pread64, fd, bytes, v.allowed, offset);
}

ssize_t pread64(int fd, void *bytes, size_t n, off_t offset) __attribute__((alias("pread")));

ssize_t read(int fd, void *bytes, size_t n) {
    const char *path = path_of(fd);
    Verdict v = path != NULL ? rules_judge(CALL_READ, path, n, 0) : (Verdict){0, n};
    return v.problem != 0 ? fail(v.problem) : syscall(SYS_read, fd, bytes, v.allowed);
}

static size_t growth(int fd, off_t offset, size_t n) {
    struct stat st;
    if (fstat(fd, &st) != 0 || offset + (off_t)n <= st.st_size) return 0;
    return offset >= st.st_size ? n : (size_t)(offset + (off_t)n - st.st_size);
}

static ssize_t watched_write(int fd, const void *bytes, size_t n, off_t offset) {
    Verdict v = rules_judge(CALL_WRITE, files[fd].path, n, growth(fd, offset, n));
    if (v.problem != 0) return fail(v.problem);
    ops_lock();
    ops_write(files[fd].handle, (uint64_t)offset, bytes, v.allowed);
    ssize_t written = syscall(SYS_pwrite64, fd, bytes, v.allowed, offset);
    ops_unlock();
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t offset) {
    return path_of(fd) != NULL ? watched_write(fd, bytes, n, offset) : syscall(SYS_pwrite64, fd, bytes, n, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t offset) __attribute__((alias("pwrite")));

ssize_t write(int fd, const void *bytes, size_t n) {
    if (path_of(fd) == NULL) return syscall(SYS_write, fd, bytes, n);
    int flags = fcntl(fd, F_GETFL);
    off_t at = lseek(fd, 0, (flags & O_APPEND) != 0 ? SEEK_END : SEEK_CUR);
    ssize_t written = watched_write(fd, bytes, n, at);
    if (written > 0) (void)lseek(fd, at + written, SEEK_SET);
    return written;
}

/* What the kernel copies is a write like any other, or the record would lack it. */
ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t n, unsigned flags) {
    char bytes[1 << 16];
    if (path_of(out) == NULL || in_at != NULL || out_at != NULL) return syscall(SYS_copy_file_range, in, in_at, out, out_at, n, flags);
    ssize_t got = syscall(SYS_read, in, bytes, n < sizeof bytes ? n : sizeof bytes);
    if (got <= 0) return got;
    ssize_t written = write(out, bytes, (size_t)got);
    if (written < got) (void)lseek(in, (written > 0 ? written : 0) - got, SEEK_CUR);
    return written;
}

/* ---- making durable ---- */

static int do_sync(int fd, long number) {
    const char *path = path_of(fd);
    if (path == NULL) return (int)syscall(number, fd);
    Verdict v = rules_judge(CALL_SYNC, path, 0, 0);
    if (v.problem != 0) return fail(v.problem);
    /* The record alone decides what is durable: the harness throws the real files away, so the disk is not waited for. */
    ops_lock();
    int rc = getenv("FAULT_OPS") != NULL ? 0 : (int)syscall(number, fd);
    if (rc == 0) ops_sync(files[fd].handle);
    ops_unlock();
    return rc;
}

int fsync(int fd) {
    return do_sync(fd, SYS_fsync);
}

int fdatasync(int fd) {
    return do_sync(fd, SYS_fdatasync);
}

/* ---- sizes and names ---- */

int ftruncate(int fd, off_t size) {
    const char *path = path_of(fd);
    if (path == NULL) return (int)syscall(SYS_ftruncate, fd, size);
    Verdict v = rules_judge(CALL_TRUNCATE, path, 0, 0);
    if (v.problem != 0) return fail(v.problem);
    ops_lock();
    int rc = (int)syscall(SYS_ftruncate, fd, size);
    if (rc == 0) ops_truncate(files[fd].handle, (uint64_t)size);
    ops_unlock();
    return rc;
}

int ftruncate64(int fd, off_t size) __attribute__((alias("ftruncate")));

int rename(const char *from, const char *to) {
    if (!is_watched(to)) return (int)syscall(SYS_rename, from, to);
    Verdict v = rules_judge(CALL_RENAME, to, 0, 0);
    if (v.problem != 0) return fail(v.problem);
    ops_lock();
    int rc = (int)syscall(SYS_rename, from, to);
    if (rc == 0) ops_rename(from, to);
    ops_unlock();
    return rc;
}

int unlink(const char *path) {
    if (!is_watched(path)) return (int)syscall(SYS_unlink, path);
    Verdict v = rules_judge(CALL_UNLINK, path, 0, 0);
    if (v.problem != 0) return fail(v.problem);
    ops_lock();
    int rc = (int)syscall(SYS_unlink, path);
    if (rc == 0) ops_unlink(path);
    ops_unlock();
    return rc;
}

int remove(const char *path) {
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) return (int)syscall(SYS_rmdir, path);
    return unlink(path);
}

/* ---- room ---- */

/* A disk that is full says so. */
int statvfs(const char *path, struct statvfs *ret) {
    struct statfs found;
    if (syscall(SYS_statfs, path, &found) != 0) return -1;
    *ret = (struct statvfs){.f_bsize = (unsigned long)found.f_bsize,
                            .f_frsize = (unsigned long)found.f_bsize,
                            .f_blocks = found.f_blocks,
                            .f_bfree = found.f_bfree,
                            .f_bavail = found.f_bavail,
                            .f_files = found.f_files,
                            .f_ffree = found.f_ffree,
                            .f_namemax = (unsigned long)found.f_namelen};
    uint64_t room = rules_room() / ret->f_frsize;
    if (room < ret->f_bavail) ret->f_bavail = ret->f_bfree = room;
    return 0;
}

int statvfs64(const char *path, struct statvfs64 *ret) __attribute__((alias("statvfs")));

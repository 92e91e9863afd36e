/* lock.c: the single-writer lock of files.h: flock(2) on a file of its own, never on the database (closing any descriptor of that file
 * would drop DuckDB's lock).
 *
 * flock works when all processes lock the same file on the same node. The second line of the file is for the other cases: a process that
 * takes the lock writes the next generation and a random word there, so that the previous holder can detect it. */
#include "base/files.h"

#include "base/memory.h"
#include "base/owner.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_TRIES    20
#define LOCK_PAUSE_US 10000
#define LOCK_TEXT     400

struct FileLock {
    int fd;
    char *path; /* owned; NULL: shared */
    char *text; /* the content of the file while the lock is held; owned */
    int64_t generation;
    struct stat st;
};

static void close_fd(int *fd) {
    if (*fd >= 0) close(*fd);
}

/* Reads the whole content, NUL-terminated. False when it could not be read; the text is then empty. */
static bool read_text(int fd, char text[LOCK_TEXT]) {
    ssize_t n = pread(fd, text, LOCK_TEXT - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return n >= 0;
}

/* Reads the holder: the first line of the lock file. */
static void read_holder(int fd, char text[LOCK_TEXT]) {
    read_text(fd, text);
    text[strcspn(text, "\n")] = '\0';
}

/* 0: none yet; -1: it could not be read. */
static int64_t read_generation(int fd) {
    char text[LOCK_TEXT];
    int64_t generation = 0;
    if (!read_text(fd, text)) return -1;
    const char *line = strchr(text, '\n');
    return line != NULL && sscanf(line, " generation %" SCNd64, &generation) == 1 ? generation : 0;
}

static int write_holder(FileLock *lock, const char *what) {
    uint64_t word = 0;
    if (getrandom(&word, sizeof word, 0) != sizeof word) return -1;
    int64_t last = read_generation(lock->fd);
    if (last < 0) return -1;
    lock->generation = last + 1;
    lock->text = xasprintf("pid %d: %.200s\ngeneration %" PRId64 " %016" PRIx64 "\n", (int)getpid(), what, lock->generation, word);
    size_t n = strlen(lock->text); /* written before the file is truncated, so that a full disk does not lose the generation */
    return pwrite(lock->fd, lock->text, n, 0) == (ssize_t)n && ftruncate(lock->fd, (off_t)n) == 0 ? 0 : -1;
}

/* Retries, because file_lock_holder of another process takes the lock for a moment. */
static int try_flock(int fd, int operation) {
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        if (flock(fd, operation | LOCK_NB) == 0) return 0;
        if (errno != EWOULDBLOCK) return -1;
        usleep(LOCK_PAUSE_US);
    }
    errno = EWOULDBLOCK;
    return -1;
}

static int open_lock(const char *path, int operation, FileLock **ret, Error *err) {
    int flags = operation == LOCK_EX ? O_RDWR | O_CREAT : O_RDONLY;
    if (file_check_regular(path, err) != 0) return -1;
    CLEANUP(close_fd) int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0644);
    if (fd < 0) return error_errno(err, ERR_IO, errno, "cannot open the lock file %s", path);
    owner_take(path);
    if (try_flock(fd, operation) != 0) {
        if (errno != EWOULDBLOCK) return error_errno(err, ERR_IO, errno, "cannot lock %s", path);
        char holder[LOCK_TEXT];
        read_holder(fd, holder);
        return error_set(err, ERR_BUSY, "%s is held by %s: wait for it to finish, or stop it", path,
                         holder[0] != '\0' ? holder : "another process");
    }
    FileLock *lock = xcalloc(1, sizeof *lock);
    lock->fd = fd;
    fd = -1;
    *ret = lock;
    return 0;
}

/* False when the file was replaced after it was opened: a lock on it would not exclude other processes. */
static bool is_at_path(const FileLock *lock, const char *path) {
    struct stat opened, current;
    return fstat(lock->fd, &opened) == 0 && stat(path, &current) == 0 && opened.st_dev == current.st_dev && opened.st_ino == current.st_ino;
}

int file_lock(const char *path, const char *what, FileLock **ret, Error *err) {
    CLEANUP(file_lock_freep) FileLock *lock = NULL;
    for (int tries = 0; tries < LOCK_TRIES && (lock == NULL || !is_at_path(lock, path)); tries++) {
        file_lock_freep(&lock);
        if (open_lock(path, LOCK_EX, &lock, err) != 0) return -1;
    }
    if (write_holder(lock, what) != 0 || fstat(lock->fd, &lock->st) != 0)
        return error_errno(err, ERR_IO, errno, "cannot write the lock file %s", path);
    lock->path = xstrdup(path);
    *ret = TAKE(lock);
    return 0;
}

/* Opens the file again, because a network file system asks its server only on open. */
int file_lock_check(const FileLock *lock, Error *err) {
    struct stat st;
    char text[LOCK_TEXT];
    CLEANUP(close_fd) int fd = open(lock->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0)
        return error_errno(err, errno == ENOENT ? ERR_BUSY : ERR_IO, errno, "cannot check the lock file %s, which this process took",
                           lock->path);
    if (st.st_dev != lock->st.st_dev || st.st_ino != lock->st.st_ino)
        return error_set(err, ERR_BUSY, "the lock file %s is not the one that this process took: it was removed or replaced", lock->path);
    if (!read_text(fd, text)) return error_errno(err, ERR_IO, errno, "cannot read the lock file %s, which this process took", lock->path);
    if (strcmp(text, lock->text) == 0) return 0;
    text[strcspn(text, "\n")] = '\0';
    return error_set(err, ERR_BUSY, "the lock %s was taken over by %s", lock->path, text[0] != '\0' ? text : "another process");
}

int64_t file_lock_generation(const FileLock *lock) {
    return lock->generation;
}

int file_lock_shared(const char *path, FileLock **ret, Error *err) {
    return open_lock(path, LOCK_SH, ret, err);
}

char *file_lock_holder(const char *path) {
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* also of what is no file */
    if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return NULL;
    char holder[LOCK_TEXT];
    read_holder(fd, holder);
    return xstrdup(holder[0] != '\0' ? holder : "another process");
}

void file_lock_free(FileLock *lock) {
    close(lock->fd);
    free(lock->path);
    free(lock->text);
    free(lock);
}

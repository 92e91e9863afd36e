/* journal.c: see journal.h.
 *
 * Writers take turns by flock on the file itself, so that a line is never inside another one, however long it is. A reader takes no lock:
 * it reads up to the last line end that it finds.
 *
 * Invariant: while a writer holds the lock, everything before the place where it writes ends with a line end. */
#include "base/journal.h"

#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/owner.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_TRIES = 200, LOCK_PAUSE_US = 10000, READ_BYTES = 64 * 1024 };

static void close_fd(int *fd) {
    if (*fd >= 0) close(*fd);
}

/* ---- writing ---- */

/* Never waits for ever: a process that was stopped may hold the lock. */
static int lock_file(int fd, const char *path, Error *err) {
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) return 0;
        if (errno != EWOULDBLOCK && errno != EINTR) return error_errno(err, ERR_IO, errno, "cannot lock %s", path);
        usleep(LOCK_PAUSE_US);
    }
    return error_set(err, ERR_BUSY, "%s was locked by another process for %d s; try again", path, LOCK_TRIES * LOCK_PAUSE_US / 1000000);
}

/* Also true for an empty file. */
static bool ends_with_line(int fd, off_t size) {
    char last = '\n';
    return size == 0 || (pread(fd, &last, 1, size - 1) == 1 && last == '\n');
}

/* In one call of write(2); what could only be written in part is taken back. */
static int write_line(int fd, const char *path, const char *line, size_t n, off_t size, Error *err) {
    ssize_t written;
    do written = write(fd, line, n);
    while (written < 0 && errno == EINTR);
    if (written == (ssize_t)n && fsync(fd) == 0) return 0;
    int problem = written < 0 || written == (ssize_t)n ? errno : ENOSPC;
    if (ftruncate(fd, size) != 0) problem = errno;
    return error_errno(err, ERR_IO, problem, "cannot write %s", path);
}

/* The name of a new file is in its folder after a power cut, too. */
static int sync_folder(const char *path, Error *err) {
    CLEANUP(free_text) char *folder = path_parent(path);
    CLEANUP(close_fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) return error_errno(err, ERR_IO, errno, "cannot make %s durable", folder);
    return 0;
}

int journal_append(const char *path, const json_t *object, Error *err) {
    struct stat st;
    if (file_check_regular(path, err) != 0) return -1;
    CLEANUP(close_fd) int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return error_errno(err, ERR_IO, errno, "cannot open %s to write", path);
    owner_take(path);
    if (lock_file(fd, path, err) != 0) return -1;
    if (fstat(fd, &st) != 0) return error_errno(err, ERR_IO, errno, "cannot look at %s", path);
    CLEANUP(free_text) char *text = json_text(object);
    CLEANUP(free_text) char *line = xasprintf("%s%s\n", ends_with_line(fd, st.st_size) ? "" : "\n", text);
    if (write_line(fd, path, line, strlen(line), st.st_size, err) != 0) return -1;
    return st.st_size == 0 ? sync_folder(path, err) : 0;
}

/* ---- reading ---- */

static void take_line(const char *line, size_t n, const JournalReader *reader) {
    CLEANUP(json_freep) json_t *object = json_loadb(line, n, JSON_ALLOW_NUL, NULL);
    if (json_is_object(object)) reader->take(reader->arg, object);
}

/* The whole lines; returns how many bytes they have. */
static size_t take_lines(const Buf *text, const JournalReader *reader) {
    size_t at = 0;
    for (const char *end; (end = memchr(text->data + at, '\n', text->len - at)) != NULL; at = (size_t)(end - text->data) + 1)
        take_line(text->data + at, (size_t)(end - text->data) - at, reader);
    return at;
}

/* A line that is longer than what was read waits in `text` for its end. */
static int read_lines(int fd, const char *path, JournalPlace *place, const JournalReader *reader, Error *err) {
    CLEANUP(buf_done) Buf text = {0};
    for (;;) {
        ssize_t n = pread(fd, buf_reserve(&text, READ_BYTES), READ_BYTES, place->bytes + (off_t)text.len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error_errno(err, ERR_IO, errno, "cannot read %s", path);
        if (n == 0) return 0;
        text.len += (size_t)n;
        size_t taken = take_lines(&text, reader);
        place->bytes += (int64_t)taken;
        memmove(text.data, text.data + taken, text.len - taken);
        text.len -= taken;
    }
}

int journal_read(const char *path, JournalPlace *place, const JournalReader *reader, Error *err) {
    FileStamp now = file_stamp(path);
    bool is_same = place->device == now.device && place->inode == now.inode && place->bytes <= now.bytes;
    if (is_same && place->bytes == now.bytes) return 0;
    if (!is_same) {
        reader->forget(reader->arg);
        *place = (JournalPlace){.device = now.device, .inode = now.inode};
    }
    if (now.inode == 0) return 0;
    CLEANUP(close_fd) int fd = -1;
    if (file_open_regular(path, &fd, err) != 0) return -1;
    return read_lines(fd, path, place, reader, err);
}

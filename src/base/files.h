/* files.h: files that are complete or absent, directories, and the single-writer lock. Any thread. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

/* Before anything is opened: a caller may have closed descriptors 0, 1 and 2, and the first files that are opened would be what the process
 * reads, prints and logs to. */
void files_keep_standard(void);

/* Only a regular file is read as configuration: one that is missing is no error here; ERR_IO names a pipe, a device or a folder, of which
 * opening or reading might never end. What the caller's shell has opened for it (/dev/stdin, /dev/fd/N) is taken. */
int file_check_regular(const char *path, Error *err) MUST_CHECK;
/* Opens for reading, what file_check_regular takes. ERR_IO. The caller closes. */
int file_open_regular(const char *path, int *ret_fd, Error *err) MUST_CHECK;
/* Reads a whole file, of those, of at most 1 GB. ERR_IO. The caller ends the buffer. */
int file_read(const char *path, Buf *ret, Error *err) MUST_CHECK;
/* Replaces `path` atomically: after a crash or a power cut it has the old or the new content. Durable on return: path.tmp, fsync, rename,
 * fsync of the directory. ERR_IO. */
int file_write_atomic(const char *path, const void *bytes, size_t n, Error *err) MUST_CHECK;
/* The second half of file_write_atomic, for a file that is already written at `tmp`. */
int file_publish(const char *tmp, const char *path, Error *err) MUST_CHECK;
/* Makes an empty file, or empties the one that is there. It is durable when the next file of its folder is (file_publish). ERR_IO. */
int file_create(const char *path, Error *err) MUST_CHECK;
/* Makes what was written to a file durable, not its name. ERR_IO. */
int file_sync(const char *path, Error *err) MUST_CHECK;
/* Copies a file, which must not change meanwhile, to a new file `to`; not durable until file_publish. On failure `to` may remain.
 * ERR_IO. */
int file_copy(const char *from, const char *to, Error *err) MUST_CHECK;
/* False only when it is certain that nothing has this name. True for a link without a target, in a folder that may not be searched, and on
 * a device that gives an error: opening the file then reports the reason, and a file that is out of reach is not taken for a missing one.
 */
bool file_exists(const char *path);
/* What changes when a file is written or replaced: to see that without reading it. All zero when there is no file. */
typedef struct FileStamp {
    int64_t device, inode, bytes, modified_ns;
} FileStamp;
FileStamp file_stamp(const char *path);
bool file_stamp_same(const FileStamp *a, const FileStamp *b);
/* Renames `path` to "<path>.aside-20261124T101500Z" (with -2, -3, ... at the end when that name is taken), durably. ERR_IO. The caller
 * frees `ret_aside`. */
int file_set_aside(const char *path, char **ret_aside, Error *err) MUST_CHECK;
/* mkdir -p. */
int dir_make(const char *path, Error *err) MUST_CHECK;
/* A name below TMPDIR that no other process uses; nothing is created. The caller frees. */
char *temp_dir_name(void) MUST_CHECK;
/* "<dir>/<name>"; the caller frees. */
char *path_join(const char *dir, const char *name) MUST_CHECK;
char *path_parent(const char *path) MUST_CHECK; /* the folder that it is in; the caller frees */

/* An exclusive flock(2) on `path`, held until file_lock_free or the end of the process. The file contains "pid N: what" and, on a second
 * line, a generation that each new holder increments, and a random word. ERR_BUSY names the holder when another process holds the lock;
 * ERR_IO otherwise. */
typedef struct FileLock FileLock;
int file_lock(const char *path, const char *what, FileLock **ret, Error *err) MUST_CHECK;
/* Checks that this process still holds the exclusive lock. ERR_BUSY when the file at its path is missing, is a different file, or has
 * another generation: after a long pause another process may have taken the lock, if a user removed the file or flock does not work between
 * nodes. Takes some microseconds; any thread. */
int file_lock_check(const FileLock *lock, Error *err) MUST_CHECK;
int64_t file_lock_generation(const FileLock *lock);
/* A shared flock on `path`, which must exist (it may be on a read-only mount): marks the file as in use. */
int file_lock_shared(const char *path, FileLock **ret, Error *err) MUST_CHECK;
/* The process that holds the exclusive lock on `path` now ("pid 12: smelt ingest"; the caller frees), or NULL when none does. */
char *file_lock_holder(const char *path) MUST_CHECK;
void file_lock_free(FileLock *lock);
DEFINE_CLEANUP(file_lock_free, FileLock)

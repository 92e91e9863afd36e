/* ops.c: the record of what happened to files, from which tests/faults/powercut.py computes what a disk may hold after a power cut.
 *
 * A record: one byte of kind, then as the kind needs: u32 handle, u64 offset or size, u32 length, bytes. Little-endian, as the machine is.
 * A write is recorded before it is made and a sync after it: whenever the process is killed, the record claims no durability that was not
 * there. */
#include "fault.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int record_fd = -1;
static uint32_t handles;

static void open_record(void) {
    const char *path = getenv("FAULT_OPS");
    if (path == NULL) return;
    record_fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    if (record_fd < 0) abort();
}

void ops_lock(void) {
    pthread_once(&once, open_record);
    if (record_fd >= 0) pthread_mutex_lock(&mutex);
}

void ops_unlock(void) {
    if (record_fd >= 0) pthread_mutex_unlock(&mutex);
}

typedef struct __attribute__((packed)) Head {
    char kind;
    uint32_t handle;
    uint64_t number;
    uint32_t length;
} Head;

static void record(Head head, const void *bytes) {
    if (record_fd < 0) return;
    struct iovec parts[] = {{&head, sizeof head}, {(void *)(uintptr_t)bytes, head.length}};
    ssize_t whole = (ssize_t)(sizeof head + head.length);
    if (syscall(SYS_writev, record_fd, parts, 2) != whole) abort();
}

uint32_t ops_open(const char *path, int flags) {
    uint32_t handle = ++handles;
    record((Head){'o', handle, (uint64_t)(flags & (O_CREAT | O_TRUNC)), (uint32_t)strlen(path)}, path);
    return handle;
}

void ops_write(uint32_t handle, uint64_t offset, const void *bytes, size_t n) {
    record((Head){'w', handle, offset, (uint32_t)n}, bytes);
}

void ops_truncate(uint32_t handle, uint64_t size) {
    record((Head){'t', handle, size, 0}, "");
}

void ops_sync(uint32_t handle) {
    record((Head){'s', handle, 0, 0}, "");
}

void ops_rename(const char *from, const char *to) {
    char both[2048];
    size_t n = strlen(from) + 1, m = strlen(to) + 1;
    if (n + m > sizeof both) abort();
    memcpy(both, from, n);
    memcpy(both + n, to, m);
    record((Head){'r', 0, 0, (uint32_t)(n + m - 1)}, both);
}

void ops_unlink(const char *path) {
    record((Head){'u', 0, 0, (uint32_t)strlen(path)}, path);
}

/* disk_space.c: see disk_space.h. */
#include "base/disk_space.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include <sys/statvfs.h>

enum { CHECK_MS = 500 };

int64_t disk_space_free(const char *dir) {
    struct statvfs v;
    return statvfs(dir, &v) == 0 ? (int64_t)v.f_bavail * (int64_t)v.f_frsize : -1;
}

int64_t disk_space_size(const char *dir) {
    struct statvfs v;
    return statvfs(dir, &v) == 0 ? (int64_t)v.f_blocks * (int64_t)v.f_frsize : -1;
}

int disk_space_check(const char *dir, int64_t least, Error *err) {
    int64_t bytes = disk_space_free(dir);
    if (bytes < 0 || bytes >= least) return 0;
    int64_t all = disk_space_size(dir);
    error_set(err, ERR_FULL, "the disk of %s is full: %.1f MB are free, at least %.1f MB must stay free (disk.reserve)", dir,
              (double)bytes / 1e6, (double)least / 1e6);
    if (all < 0 || all >= least) return -1;
    return error_set(err, ERR_FULL, "%s, which is more than its %.1f MB in all: set disk.reserve lower, or take a larger disk", err->text,
                     (double)all / 1e6);
}

int disk_space_wait(const char *dir, int64_t least, Error *err) {
    int64_t began = clock_mono_ns();
    if (disk_space_check(dir, least, err) == 0) return 0;
    log_error("disk", "paused: %s. All stored data is safe%s", err->text,
              disk_space_size(dir) < least ? "" : "; this process resumes when there is space");
    do {
        error_clear(err);
        if (stop_wait_ms(CHECK_MS)) return error_set(err, ERR_STOPPED, "stopped while waiting for space on the disk of %s", dir);
    } while (disk_space_check(dir, least, err) != 0);
    log_info("disk", "there is space again: resuming after %.0f s", clock_seconds_since(began));
    return 0;
}

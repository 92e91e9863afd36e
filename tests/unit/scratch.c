/* scratch.c: see scratch.h. */
#include "scratch.h"

#include "base/memory.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MEMORY "/dev/shm"
#define PLENTY ((unsigned long)1 << 30)

/* In memory where there is plenty of it: each fsync on a real disk takes milliseconds, and some tests do thousands. */
static const char *base_folder(void) {
    const char *set = getenv("TMPDIR");
    struct statvfs memory;
    if (set != NULL) return set;
    if (statvfs(MEMORY, &memory) != 0 || memory.f_bavail * memory.f_frsize < PLENTY || access(MEMORY, W_OK) != 0) return "/tmp";
    return MEMORY;
}

int scratch_up(void **state) {
    char *dir = xasprintf("%s/smelt-test-XXXXXX", base_folder());
    *state = dir;
    return mkdtemp(dir) != NULL && chdir(dir) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
    (void)st, (void)type, (void)at;
    return remove(path);
}

int scratch_down(void **state) {
    char *dir = *state;
    int rc = chdir("/") == 0 ? nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) : -1;
    free(dir);
    return rc;
}

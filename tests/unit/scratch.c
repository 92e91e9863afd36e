/* scratch.c: see scratch.h. */
#include "scratch.h"

#include "base/memory.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int scratch_up(void **state) {
    const char *base = getenv("TMPDIR");
    char *dir = xasprintf("%s/smelt-test-XXXXXX", base != NULL ? base : "/tmp");
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

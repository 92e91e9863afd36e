/* scratch.h: a folder of its own for each test, removed afterwards: cmocka_unit_test_setup_teardown(test, scratch_up, scratch_down). The
 * test's `state` is the folder's path, which is also the working directory. */
#pragma once
#include "base/memory.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline int scratch_up(void **state) {
    const char *base = getenv("TMPDIR");
    char *dir = xasprintf("%s/smelt-test-XXXXXX", base != NULL ? base : "/tmp");
    *state = dir;
    return mkdtemp(dir) != NULL && chdir(dir) == 0 ? 0 : -1;
}

static inline int scratch_remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
    (void)st, (void)type, (void)at;
    return remove(path);
}

static inline int scratch_down(void **state) {
    char *dir = *state;
    int rc = chdir("/") == 0 ? nftw(dir, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS) : -1;
    free(dir);
    return rc;
}

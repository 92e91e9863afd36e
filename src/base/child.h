/* child.h: runs this program once more, as a child with a command line of its own, and takes what it writes to stdout. The child has this
 * process's environment, folder and stderr, and ends with it. Any thread. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

typedef struct ChildResult {
    int code; /* its exit code; 128 + N when the signal N ended it */
    Buf output;
    bool is_cut; /* it wrote more than `output_max` bytes */
} ChildResult;
void child_result_done(ChildResult *result);

/* Waits for its end. `argv` ends with NULL and has the program's name first. When this process is asked to stop, so is the child; one that
 * does not end then is killed. ERR_STOPPED in that case, ERR_IO when it cannot be started. */
int child_run(char *const argv[], size_t output_max, ChildResult *ret, Error *err) MUST_CHECK;

/* In the child, as early as possible: from now on SIGTERM comes when the parent ends, however it does. Does nothing in a process that
 * child_run has not started. */
void child_follow_parent(void);

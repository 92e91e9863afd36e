/* restart.c: execve of this program. It reads the command line from /proc, because the option parsers reorder argv. */
#include "base/restart.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <errno.h>
#include <linux/close_range.h>
#include <string.h>
#include <unistd.h>

/* Splits the consecutive NUL-terminated texts; the array borrows them. */
static char **split(const Buf *line) {
    size_t n = 0;
    char **argv = NULL;
    for (char *at = line->data; at < line->data + line->len; at += strlen(at) + 1) {
        argv = xrealloc(argv, n + 2, sizeof *argv);
        argv[n++] = at;
        argv[n] = NULL;
    }
    return argv;
}

int restart_process(Error *err) {
    CLEANUP(buf_done) Buf line = {0};
    if (file_read("/proc/self/cmdline", &line, err) != 0) return -1;
    char **argv = split(&line);
    if (argv == NULL) return error_set(err, ERR_IO, "the command line of this process is not known");
    log_end();
    if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0) execv("/proc/self/exe", argv);
    free(argv);
    return error_errno(err, ERR_IO, errno, "cannot restart this process");
}

/* child.c: posix_spawn of /proc/self/exe, without a shell.
 *
 * The child is in a process group of its own: Ctrl-C reaches it once, from here, and not a second time from the terminal, which would end
 * it in the middle of its work (stop.h). A parent that is killed cannot tell it anything, so the kernel does (PR_SET_PDEATHSIG). That looks
 * at the thread that started the child, which is the one that waits for it here. */
#include "base/child.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/stop.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_MS = 100, END_MS = 5, END_WITHIN_S = 20, PIECE = 16384 };
static const char parent_variable[] = "_SMELT_PARENT"; /* not SMELT_...: those are settings */

void child_result_done(ChildResult *result) {
    buf_done(&result->output);
}

/* ---- the child's side ---- */

void child_follow_parent(void) {
    const char *text = getenv(parent_variable);
    if (text == NULL) return;
    long parent = strtol(text, NULL, 10);
    unsetenv(parent_variable);                                                        /* not for its own children */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent) stop_request(); /* it may have ended meanwhile */
}

/* ---- the parent's side ---- */

/* The environment with the variable in front. The caller frees the list and its first text. */
static char **make_environment(void) {
    size_t n = 0;
    while (environ[n] != NULL) n++;
    char **all = xcalloc(n + 2, sizeof *all);
    all[0] = xasprintf("%s=%d", parent_variable, (int)getpid());
    for (size_t i = 0; i < n; i++) all[i + 1] = environ[i];
    return all;
}

static int start(char *const argv[], int output, pid_t *ret_pid) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    char **environment = make_environment();
    int failed = posix_spawn(ret_pid, "/proc/self/exe", &files, &attributes, argv, environment);
    free(environment[0]);
    free(environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

/* What there is now; false: its end. */
static bool read_some(int pipe, size_t output_max, ChildResult *result) {
    char piece[PIECE];
    ssize_t n = read(pipe, piece, sizeof piece);
    if (n < 0) return errno == EINTR || errno == EAGAIN;
    size_t space = output_max - result->output.len, taken = (size_t)n < space ? (size_t)n : space;
    buf_add(&result->output, piece, taken);
    result->is_cut |= taken < (size_t)n;
    return n > 0;
}

/* The first time politely. */
static void pass_on_stop(pid_t pid, int64_t *told_ns) {
    if (*told_ns == 0) {
        kill(pid, SIGTERM);
        *told_ns = clock_mono_ns();
    } else if (clock_seconds_since(*told_ns) > END_WITHIN_S) {
        kill(pid, SIGKILL);
    }
}

/* Reads until it has ended: a child whose pipe is full would wait for ever. `ret_told_ns`: when it was asked to stop; 0: it was not. */
static void wait_for(pid_t pid, int pipe, size_t output_max, ChildResult *result, int64_t *ret_told_ns) {
    int status = 0;
    bool reads = true;
    for (bool ended = false; !ended || reads;) {
        struct pollfd ready = {.fd = reads ? pipe : -1, .events = POLLIN};
        if (poll(&ready, 1, ended ? 0 : reads ? LOOK_MS : END_MS) > 0)
            reads = read_some(pipe, output_max, result);
        else if (ended)
            reads = false; /* a process that the child left behind may still have the pipe */
        if (!ended && stop_requested()) pass_on_stop(pid, ret_told_ns);
        if (!ended) ended = waitpid(pid, &status, WNOHANG) == pid;
    }
    result->code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int child_run(char *const argv[], size_t output_max, ChildResult *ret, Error *err) {
    int ends[2];
    pid_t pid;
    int64_t told_ns = 0;
    ChildResult result = {0};
    if (pipe2(ends, O_CLOEXEC) != 0) return error_errno(err, ERR_IO, errno, "cannot start `smelt %s`", argv[1]);
    int failed = start(argv, ends[1], &pid);
    close(ends[1]);
    if (failed == 0) wait_for(pid, ends[0], output_max, &result, &told_ns);
    close(ends[0]);
    if (failed != 0) return error_errno(err, ERR_IO, failed, "cannot start `smelt %s`", argv[1]);
    if (told_ns != 0 && result.code != 0) {
        child_result_done(&result);
        return error_set(err, ERR_STOPPED, "`smelt %s` was stopped, since the server was", argv[1]);
    }
    *ret = result;
    return 0;
}

/* stop.c: the handler sets a flag and writes to a pipe, both async-signal-safe; waiters poll the pipe, which stays readable. */
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_int requests;
static int wake_pipe[2] = {-1, -1};

static void on_signal(int signal) {
    int saved = errno;
    if (atomic_fetch_add(&requests, 1) > 0) _exit(128 + signal);
    ssize_t ignored = write(wake_pipe[1], "!", 1);
    (void)ignored;
    errno = saved;
}

void stop_install(void) {
    if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0) wake_pipe[0] = wake_pipe[1] = -1;
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct sigaction hangup = {0};
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL); /* not under nohup */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow further (ulimit -f) is an error of the write */
}

bool stop_requested(void) {
    return atomic_load(&requests) > 0;
}

void stop_request(void) {
    atomic_fetch_add(&requests, 1);
    ssize_t ignored = write(wake_pipe[1], "!", 1);
    (void)ignored;
}

bool stop_wait_ms(int ms) {
    struct pollfd wake = {.fd = wake_pipe[0], .events = POLLIN};
    if (!stop_requested()) poll(&wake, 1, ms);
    return stop_requested();
}

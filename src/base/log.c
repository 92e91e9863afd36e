/* log.c: a thread of its own writes the lines, each with one write(2), so that those of several threads do not mix. JSON by jansson.
 *
 * write(2) blocks for as long as the other end of a pipe is not read, a terminal is stopped by Ctrl-S or a log collector hangs. O_NONBLOCK
 * would change stderr for other processes that share it. So a caller waits until its line is written, at most LINE_WAIT_MS, and a crash
 * loses no line. Once a line has taken longer, callers do not wait: lines are queued, up to QUEUE_BYTES, and further ones are dropped and
 * counted.
 *
 * Invariant: lines are written in the order in which they were logged, and the line that counts the dropped ones is where they are missing.
 */
#include "base/log.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/terminal.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { QUEUE_BYTES = 1 << 20, LINE_WAIT_MS = 100, END_WAIT_MS = 500 };

static const char *const level_names[] = {[LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};
static LogLevel least_level = LOG_INFO;
static LogFormat chosen_format = LOG_AUTO;

void log_setup(LogLevel least, LogFormat format) {
    least_level = least;
    chosen_format = format;
}

/* ---- a line ---- */

static bool as_json(void) {
    if (chosen_format != LOG_AUTO) return chosen_format == LOG_JSON;
    return !isatty(STDERR_FILENO);
}

static char *json_line(LogLevel level, const char *component, const char *message) {
    char time[CLOCK_TEXT_SIZE];
    json_t *line = json_pack("{ss ss ss ss}", "time", clock_format(clock_wall_us(), time), "level", level_names[level], "component",
                             component, "message", message);
    char *text = line != NULL ? json_dumps(line, JSON_COMPACT) : NULL;
    json_decref(line);
    CLEANUP(free_text)
    char *shown = text != NULL ? terminal_value(text) : xstrdup("{\"level\":\"error\",\"message\":\"a log line was not valid UTF-8\"}");
    free(text);
    return xasprintf("%s\n", shown);
}

static char *text_line(LogLevel level, const char *component, const char *message) {
    char time[CLOCK_TEXT_SIZE];
    clock_format(clock_wall_us(), time);
    CLEANUP(free_text) char *shown = terminal_message(message);
    return xasprintf("%.8s %-5s %s: %s\n", time + 11, level_names[level], component, shown); /* 11: after "YYYY-MM-DDT" */
}

static char *make_line(LogLevel level, const char *component, const char *message) {
    return as_json() ? json_line(level, component, message) : text_line(level, component, message);
}

/* ---- the queue ---- */

typedef struct Line {
    struct Line *next;
    char *text;
    size_t len;
} Line;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t added, written; /* `written` by clock_cond_init */
static struct {
    Line *first, *last;
    size_t bytes;              /* of them, and of the one that is being written */
    uint64_t count, count_out; /* lines that were put in, and those that were written */
    uint64_t dropped;          /* since the last line that was put in */
    bool is_stuck;             /* a line was not written in time: callers do not wait until the queue is empty again */
    bool has_thread;
} queue;

/* A log that cannot be written cannot be reported. */
static void write_text(const char *text, size_t n) {
    while (n > 0) {
        ssize_t done = write(STDERR_FILENO, text, n);
        if (done < 0 && errno == EAGAIN) poll(&(struct pollfd){.fd = STDERR_FILENO, .events = POLLOUT}, 1, -1);
        if (done < 0 && errno != EAGAIN && errno != EINTR) return;
        text += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
}

static void append(char *text) {
    Line *line = xmalloc(sizeof *line);
    *line = (Line){.text = text, .len = strlen(text)};
    if (queue.first == NULL)
        queue.first = line;
    else
        queue.last->next = line;
    queue.last = line;
    queue.bytes += line->len;
    queue.count++;
    pthread_cond_signal(&added);
}

static void append_dropped(void) {
    CLEANUP(free_text) char *message = xasprintf("%" PRIu64 " log lines were dropped here, because the log was not read", queue.dropped);
    queue.dropped = 0;
    append(make_line(LOG_WARN, "log", message));
}

static Line *take_first(void) {
    while (queue.first == NULL) {
        queue.is_stuck = false;
        if (queue.dropped > 0)
            append_dropped();
        else
            pthread_cond_wait(&added, &mutex);
    }
    Line *line = queue.first;
    queue.first = line->next;
    return line;
}

static void *write_lines(void *unused) {
    pthread_mutex_lock(&mutex);
    for (;;) {
        Line *line = take_first();
        pthread_mutex_unlock(&mutex);
        write_text(line->text, line->len);
        pthread_mutex_lock(&mutex);
        queue.bytes -= line->len;
        queue.count_out++;
        pthread_cond_broadcast(&written);
        free(line->text);
        free(line);
    }
    return unused;
}

/* Signals are for the threads that were there before: a command that waits in one of them is to notice. */
static void start_thread(void) {
    sigset_t all, before;
    pthread_t thread;
    pthread_cond_init(&added, NULL);
    clock_cond_init(&written);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    queue.has_thread = pthread_create(&thread, NULL, write_lines, NULL) == 0;
    if (queue.has_thread) pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* False: not within `ms`. */
static bool wait_until_written(uint64_t number, int ms) {
    struct timespec deadline = clock_deadline(ms);
    while (queue.count_out < number)
        if (pthread_cond_timedwait(&written, &mutex, &deadline) != 0) return queue.count_out >= number;
    return true;
}

/* Takes the text. */
static void put(char *text) {
    if (queue.bytes > 0 && queue.bytes + strlen(text) > QUEUE_BYTES) {
        queue.dropped++;
        free(text);
        return;
    }
    if (queue.dropped > 0) append_dropped();
    append(text);
    if (!queue.is_stuck && !wait_until_written(queue.count, LINE_WAIT_MS)) queue.is_stuck = true;
}

void log_text(const char *text) {
    pthread_once(&once, start_thread);
    pthread_mutex_lock(&mutex);
    if (queue.has_thread)
        put(xstrdup(text));
    else
        write_text(text, strlen(text));
    pthread_mutex_unlock(&mutex);
}

void log_write(LogLevel level, const char *component, const char *fmt, ...) {
    if (level < least_level) return;
    char *message = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&message, fmt, args);
    va_end(args);
    if (n < 0) return;
    CLEANUP(free_text) char *line = make_line(level, component, message);
    free(message);
    log_text(line);
}

void log_end(void) {
    pthread_mutex_lock(&mutex);
    (void)(queue.count == 0 || wait_until_written(queue.count, END_WAIT_MS));
    pthread_mutex_unlock(&mutex);
}

/* audit_log.c: see audit_log.h.
 *
 * A thread of its own writes: write(2) takes as long as the disk hangs, and the event loop adds lines. The caller that adds a line waits
 * until it is written, so that a crash loses none, but at most LINE_WAIT_MS. After a line that took longer, callers wait no more until all
 * lines are written: up to QUEUE_LINES of them are kept meanwhile, and further ones are lost and counted.
 *
 * Invariant: each line of the file is whole, or is followed by an end of line before the next one begins. */
#include "web/audit_log.h"

#include "base/clock.h"
#include "base/counted.h"
#include "base/document.h"
#include "base/hangup.h"
#include "base/log.h"
#include "base/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONTENT_SHOWN = 2000, QUEUE_LINES = 4096, LINE_WAIT_MS = 100, END_WAIT_S = 1 };

typedef struct Pending {
    pthread_mutex_t lock; /* of all below; held only for a moment */
    pthread_cond_t added, written;
    char *lines[QUEUE_LINES];  /* those from count_out to count, at their number modulo QUEUE_LINES; owned */
    uint64_t count, count_out; /* lines that were added, and those that were written */
    int64_t dropped;           /* since the last one that was written */
    bool is_stuck, ends;
} Pending;

struct AuditLog {
    char *path;       /* NULL: lines of the log */
    pthread_t thread; /* with path: it writes what is pending */
    Pending pending;
    pthread_mutex_t lock; /* of all below; held while the file is written */
    int file;             /* -1: it could not be opened again */
    bool is_torn;         /* its last line has no end */
    int64_t lost;         /* lines that are missing since the last one; 0: none */
    char *why;            /* the first of them could not be written */
    int hangups;
};

/* ---- the file ---- */

/* Never waits: a pipe without a reader is refused, not opened. */
static int open_file(const char *path, int *ret, Error *err) {
    struct stat st;
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    if (file < 0) return error_errno(err, ERR_IO, errno, "http.audit_log: cannot open %s", path);
    if (fstat(file, &st) == 0 && (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode))) return *ret = file, 0;
    close(file);
    return error_set(err, ERR_CONFIG, "http.audit_log: %s is neither a file nor a device", path);
}

static bool was_boolean(const char *path) {
    static const char *const words[] = {"yes", "no", "true", "false", "on", "off"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcasecmp(path, words[i]) == 0) return true;
    return false;
}

/* ---- lines; all under lock ---- */

static bool write_text(AuditLog *log, const char *text) {
    size_t n = strlen(text);
    ssize_t written = log->file >= 0 ? write(log->file, text, n) : -1;
    if (written > 0) log->is_torn = text[written - 1] != '\n';
    return written == (ssize_t)n;
}

static const char *why_not_written(const AuditLog *log) {
    return log->file < 0 ? "it could not be opened again" : errno != 0 ? strerror(errno) : "a line was cut off";
}

static void note_lost(AuditLog *log, int64_t lines, const char *why) {
    bool was_lost = log->lost > 0;
    log->lost += lines;
    if (was_lost) return;
    free(log->why);
    log->why = xstrdup(why);
    log_error("audit", "%s cannot be written: %s; requests are answered without it", log->path, why);
}

static char *make_lost_line(const AuditLog *log) {
    char now[CLOCK_TEXT_SIZE];
    CLEANUP(json_freep)
    json_t *line =
        json_pack("{s:s, s:s, s:I}", "time", clock_format(clock_wall_us(), now), "event", "lost", "lines", (json_int_t)log->lost);
    return json_text(line);
}

static bool write_line(AuditLog *log, const char *line) {
    CLEANUP(free_text) char *whole = xasprintf("%s%s\n", log->is_torn ? "\n" : "", line);
    errno = 0;
    return write_text(log, whole);
}

/* How many are missing comes first. */
static bool write_after_lost(AuditLog *log, const char *line) {
    CLEANUP(free_text) char *lost = log->lost > 0 ? make_lost_line(log) : NULL;
    if (lost != NULL && !write_line(log, lost)) return false;
    if (lost != NULL)
        log_warn("audit", "%s can be written again; %" PRId64 " %s missing", log->path, log->lost,
                 counted(log->lost, "line is", "lines are"));
    log->lost = 0;
    return line == NULL || write_line(log, line);
}

/* ---- lines that wait ---- */

/* Takes the text. NULL: the log ends, and there is none. `ret_dropped`: so many before it. */
static char *take_line(Pending *p, int64_t *ret_dropped) {
    char *line = NULL;
    pthread_mutex_lock(&p->lock);
    while (p->count_out == p->count && !p->ends) pthread_cond_wait(&p->added, &p->lock);
    if (p->count_out < p->count) line = TAKE(p->lines[p->count_out % QUEUE_LINES]);
    *ret_dropped = p->dropped;
    p->dropped = 0;
    pthread_mutex_unlock(&p->lock);
    return line;
}

static void note_written(Pending *p) {
    pthread_mutex_lock(&p->lock);
    p->count_out++;
    if (p->count_out == p->count) p->is_stuck = false;
    pthread_cond_broadcast(&p->written);
    pthread_mutex_unlock(&p->lock);
}

static void *write_pending(void *arg) {
    AuditLog *log = arg;
    int64_t dropped;
    for (char *line; (line = take_line(&log->pending, &dropped)) != NULL; note_written(&log->pending)) {
        pthread_mutex_lock(&log->lock);
        if (!write_after_lost(log, line)) note_lost(log, 1, why_not_written(log));
        if (dropped > 0) note_lost(log, dropped, "its disk did not answer for long");
        pthread_mutex_unlock(&log->lock);
        free(line);
    }
    return NULL;
}

/* Under lock. */
static void wait_until_written(Pending *p, uint64_t count) {
    struct timespec deadline = clock_deadline(LINE_WAIT_MS);
    while (p->count_out < count && !p->is_stuck)
        p->is_stuck = pthread_cond_timedwait(&p->written, &p->lock, &deadline) != 0 && p->count_out < count;
}

/* Takes the text. */
static void add_line(AuditLog *log, char *line) {
    Pending *p = &log->pending;
    pthread_mutex_lock(&p->lock);
    if (p->count - p->count_out == QUEUE_LINES) {
        p->dropped++;
        free(line);
    } else {
        p->lines[p->count++ % QUEUE_LINES] = line;
        pthread_cond_signal(&p->added);
        wait_until_written(p, p->count);
    }
    pthread_mutex_unlock(&p->lock);
}

static bool is_stuck(AuditLog *log) {
    pthread_mutex_lock(&log->pending.lock);
    bool stuck = log->pending.is_stuck;
    pthread_mutex_unlock(&log->pending.lock);
    return stuck;
}

/* ---- life ---- */

static void free_log(AuditLog *log) {
    if (log->file >= 0) close(log->file);
    pthread_cond_destroy(&log->pending.added);
    pthread_cond_destroy(&log->pending.written);
    pthread_mutex_destroy(&log->pending.lock);
    pthread_mutex_destroy(&log->lock);
    free(log->path);
    free(log->why);
    free(log);
}

int audit_log_open(const char *path, AuditLog **ret, Error *err) {
    bool to_log = strcmp(path, "log") == 0;
    int file = -1;
    if (path[0] == '\0') return 0;
    if (was_boolean(path))
        return error_set(err, ERR_CONFIG, "http.audit_log is %s: it expects the path of a file, or \"log\" for lines of the log", path);
    if (!to_log && open_file(path, &file, err) != 0) return -1;
    AuditLog *log = xcalloc(1, sizeof *log);
    log->path = to_log ? NULL : xstrdup(path);
    log->file = file;
    if (!to_log) hangup_install();
    log->hangups = hangup_count();
    pthread_mutex_init(&log->lock, NULL);
    pthread_mutex_init(&log->pending.lock, NULL);
    clock_cond_init(&log->pending.added);
    clock_cond_init(&log->pending.written);
    int failed = to_log ? 0 : pthread_create(&log->thread, NULL, write_pending, log);
    if (failed != 0) {
        free_log(log);
        return error_errno(err, ERR_IO, failed, "http.audit_log: cannot start a thread");
    }
    *ret = log;
    return 0;
}

/* False: its disk does not answer, and the thread still uses it. */
static bool end_thread(AuditLog *log) {
    struct timespec until;
    pthread_mutex_lock(&log->pending.lock);
    log->pending.ends = true;
    pthread_cond_signal(&log->pending.added);
    pthread_mutex_unlock(&log->pending.lock);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += END_WAIT_S;
    return pthread_clockjoin_np(log->thread, NULL, CLOCK_MONOTONIC, &until) == 0;
}

void audit_log_free(AuditLog *log) {
    if (log == NULL) return;
    if (log->path == NULL || end_thread(log)) free_log(log);
}

void audit_log_follow(AuditLog *log) {
    Error err = {0};
    int file = -1;
    if (log == NULL || log->path == NULL || pthread_mutex_trylock(&log->lock) != 0) return; /* it is being written */
    bool is_asked = log->hangups != hangup_count();
    log->hangups = hangup_count();
    if ((is_asked || log->lost > 0) && open_file(log->path, &file, &err) == 0) {
        if (log->file >= 0) close(log->file);
        log->file = file;
        log->is_torn = log->is_torn && !is_asked;
    } else if (is_asked && err.kind != ERR_NONE) {
        log_error("audit", "%s; it goes on in the file from before", err.text);
    }
    if (log->lost > 0) (void)write_after_lost(log, NULL);
    pthread_mutex_unlock(&log->lock);
    error_clear(&err);
}

int audit_log_check(void *arg, Error *err) {
    AuditLog *log = arg;
    if (log == NULL) return 0;
    if (is_stuck(log)) return error_set(err, ERR_IO, "%s: a line is not written yet: does its disk answer?", log->path);
    if (pthread_mutex_trylock(&log->lock) != 0) return 0; /* a line is being written */
    int rc = log->lost == 0 ? 0
                            : error_set(err, ERR_IO, "%s cannot be written (%s), and %" PRId64 " %s missing", log->path, log->why,
                                        log->lost, counted(log->lost, "line is", "lines are"));
    pthread_mutex_unlock(&log->lock);
    return rc;
}

/* ---- what is taken ---- */

static bool is_change(const Route *route) {
    return strcmp(route->method, "GET") != 0 && !(route->flags & ROUTE_READS);
}

static bool is_personal(const Route *route) {
    return route->scope == SCOPE_ENTITIES || route->scope == SCOPE_RAW || route->scope == SCOPE_QUERY;
}

static void log_answer(const char *who, const Request *req, int status, const char *content) {
    log_info("audit", "%s %s %s: %d, request %s%s%s", who != NULL ? who : "-", req->method, req->target, status, req->request_id,
             content != NULL ? ", content " : "", content != NULL ? content : "");
}

/* What the client sent, cut between two characters. NULL: nothing, or no text. The caller frees. */
static char *content_of(const Request *req) {
    if (req->content == NULL) return NULL;
    size_t n = strnlen(req->content, CONTENT_SHOWN);
    while (n > 0 && ((unsigned char)req->content[n] & 0xC0) == 0x80) n--;
    return xstrndup(req->content, n);
}

void audit_log_answer(AuditLog *log, const Route *route, const Request *req, int status) {
    char now[CLOCK_TEXT_SIZE];
    if (log == NULL || route == NULL || !(is_change(route) || is_personal(route))) return;
    if (req->who == NULL && status == 401) return; /* nobody, and nothing */
    CLEANUP(free_text) char *content = content_of(req);
    if (log->path == NULL) {
        log_answer(req->who, req, status, content);
        return;
    }
    CLEANUP(json_freep)
    json_t *line = json_pack("{s:s, s:s, s:s?, s:s, s:s, s:s, s:i, s:s}", "time", clock_format(clock_wall_us(), now), "event",
                             is_change(route) ? "change" : "read", "who", req->who, "method", req->method, "route", route->pattern,
                             "target", req->target, "status", status, "request_id", req->request_id);
    json_t *text = content != NULL ? json_string(content) : NULL; /* NULL: not UTF-8 */
    if (text != NULL) json_object_set_new(line, "content", text);
    add_line(log, json_text(line));
}

void audit_log_operation(void *arg, const json_t *view) {
    static const char *const keys[] = {"id", "kind", "target", "state", "error"};
    AuditLog *log = arg;
    char now[CLOCK_TEXT_SIZE];
    if (log == NULL) return;
    CLEANUP(json_freep) json_t *line = json_pack("{s:s, s:s}", "time", clock_format(clock_wall_us(), now), "event", "operation");
    json_object_set(line, "who", json_object_get(view, "by"));
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) json_object_set(line, keys[i], json_object_get(view, keys[i]));
    CLEANUP(free_text) char *text = log->path == NULL ? json_dumps(line, JSON_COMPACT) : NULL;
    if (text != NULL)
        log_info("audit", "%s", text);
    else
        add_line(log, json_text(line));
}

/* fixture.c: see fixture.h. */
#include "fixture.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/memory.h"
#include "lake/schema.h"
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EVENT_SECONDS 60 /* far more than a loaded machine needs: only a test that would fail waits so long */

/* ---- errors ---- */

static pid_t test_process;

__attribute__((constructor)) static void note_test_process(void) {
    test_process = getpid();
}

/* A child that a test has forked ends here: it must not go on to the next test. */
PRINTF_LIKE(3, 4) static void fail_at(const char *file, int line, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vprint_error(fmt, args);
    va_end(args);
    if (getpid() != test_process) _exit(1);
    _fail(file, line);
}

void must_at(int rc, const Error *err, const char *file, int line) {
    if (rc != 0) fail_at(file, line, "ERROR: %s\n", err->text);
}

void assert_failed_at(int rc, ErrorKind kind, const char *about, Error *err, const char *file, int line) {
    if (rc != -1) fail_at(file, line, "ERROR: it did not fail\n");
    if (strstr(err->text, about) == NULL) fail_at(file, line, "ERROR: \"%s\" is not in: %s\n", about, err->text);
    if (err->kind != kind) fail_at(file, line, "ERROR: %s, not %s: %s\n", error_kind_name(err->kind), error_kind_name(kind), err->text);
    error_clear(err);
}

/* ---- a lake ---- */

LakeFixture open_lake_at(const char *file, int line, bool migrated, const char *path, const LakeOptions *options) {
    static const LakeOptions two_threads = {.threads = 2};
    LakeFixture f = {0};
    Error err = {0};
    must_at(lake_open(path, options != NULL ? options : &two_threads, &f.lake, &err), &err, file, line);
    must_at(lake_connect(f.lake, &f.conn, &err), &err, file, line);
    if (migrated) must_at(lake_migrate(f.conn, &err), &err, file, line);
    return f;
}

void lake_fixture_done(LakeFixture *f) {
    lake_conn_freep(&f->conn);
    lake_freep(&f->lake);
}

static int up(void **state, bool migrated) {
    LakeFixture *f = xcalloc(1, sizeof *f);
    *f = open_lake_at(__FILE__, __LINE__, migrated, ":memory:", NULL);
    *state = f;
    return 0;
}

int lake_up(void **state) {
    return up(state, true);
}

int empty_lake_up(void **state) {
    return up(state, false);
}

int lake_down(void **state) {
    lake_fixture_done(*state);
    free(*state);
    return 0;
}

int timed_lake_up(void **state) {
    alarm(HANG_SECONDS);
    return lake_up(state);
}

int timed_lake_down(void **state) {
    alarm(0);
    return lake_down(state);
}

LakeConn *conn_of(void **state) {
    return ((LakeFixture *)*state)->conn;
}

void run_at(LakeConn *conn, const char *sql, const char *file, int line) {
    Error err = {0};
    must_at(lake_exec(conn, "test", sql, &err), &err, file, line);
}

int64_t number_at(LakeConn *conn, const char *sql, const char *file, int line) {
    int64_t n = 0;
    Error err = {0};
    must_at(lake_query_int(conn, "test", sql, NULL, 0, &n, &err), &err, file, line);
    return n;
}

char *query_text_at(LakeConn *conn, const char *sql, const char *file, int line) {
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    Error err = {0};
    must_at(lake_query(conn, "test", sql, NULL, 0, &r, &err), &err, file, line);
    if (lake_next(r, &err) != 1) fail_at(file, line, "ERROR: no row: %s\n", sql);
    return xstrdup(lake_col_text(r, 0, NULL));
}

/* ---- files ---- */

void write_text(const char *path, const char *text) {
    Error err = {0};
    must(file_write_atomic(path, text, strlen(text), &err), &err);
}

/* ---- waiting ---- */

void wait_a_little(int64_t *began_ns, const char *condition, const char *file, int line) {
    if (*began_ns == 0) *began_ns = clock_mono_ns();
    if (clock_seconds_since(*began_ns) > EVENT_SECONDS) fail_at(file, line, "ERROR: not within %d s: %s\n", EVENT_SECONDS, condition);
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

int deadline_up(void **state) {
    (void)state;
    alarm(EVENT_SECONDS);
    return 0;
}

int deadline_down(void **state) {
    (void)state;
    alarm(0);
    return 0;
}

double cpu_seconds(void) {
    return (double)clock() / CLOCKS_PER_SEC;
}

/* ---- processes that are killed ---- */

/* By SIGPROF, which nothing here handles: the system ends the process on the spot. */
void die_after_cpu_us(int64_t us) {
    struct itimerval once = {.it_value = {.tv_sec = us / 1000000, .tv_usec = us % 1000000}};
    if (us == 0) once.it_value.tv_usec = 1; /* 0 would be never */
    if (setitimer(ITIMER_PROF, &once, NULL) != 0) _exit(1);
}

bool was_killed_at(pid_t child, const char *file, int line) {
    int status;
    if (waitpid(child, &status, 0) != child) fail_at(file, line, "ERROR: no such child\n");
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF;
    if (!killed && status != 0) fail_at(file, line, "ERROR: the child ended with status %#x\n", (unsigned)status);
    return killed;
}

/* ---- random numbers ---- */

uint64_t next_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545F4914F6CDD1D);
}

int64_t next_below(uint64_t *state, int64_t n) {
    return (int64_t)(next_random(state) % (uint64_t)n);
}

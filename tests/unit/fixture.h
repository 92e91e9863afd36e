/* fixture.h: what unit tests share: checks that name the line which failed, a lake, a scratch folder, files, waiting for an event,
 * processes that are killed, and random numbers that are the same on each run.
 *
 * A helper that fails ends the test with the error's text, at the line that called the helper; in a child that the test has forked it ends
 * the child with exit code 1. */
#pragma once
/* cmocka needs these four before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "lake/lake.h"
#include "scratch.h"
#include <cmocka.h>
#include <sys/types.h>

/* ---- errors ---- */

/* For a call that has to succeed: must(lake_begin(conn, &err), &err). */
#define must(rc, err) must_at((rc), (err), __FILE__, __LINE__)
/* For a call that has to fail: with -1, an error of `kind`, and `about` in its text. Clears the error. */
#define assert_failed(rc, kind, about, err) assert_failed_at((rc), (kind), (about), (err), __FILE__, __LINE__)

/* ---- a lake ---- */

typedef struct LakeFixture {
    Lake *lake;
    LakeConn *conn;
} LakeFixture;

/* (path, options): opens the lake with one connection. The migrated one has the tables of this binary's version. `path` may be ":memory:",
 * options may be NULL: two threads. End it with lake_fixture_done, which may come again. */
#define open_lake(...)          open_lake_at(__FILE__, __LINE__, false, __VA_ARGS__)
#define open_migrated_lake(...) open_lake_at(__FILE__, __LINE__, true, __VA_ARGS__)
void lake_fixture_done(LakeFixture *f);

/* Setup and teardown for cmocka: a LakeFixture in memory as the test's state. */
int lake_up(void **state);       /* migrated */
int empty_lake_up(void **state); /* without tables */
int lake_down(void **state);
LakeConn *conn_of(void **state);
#define WITH_LAKE(test) cmocka_unit_test_setup_teardown(test, lake_up, lake_down)
/* The same for a test that could wait for ever: SIGALRM ends it. */
#define HANG_SECONDS 60
int timed_lake_up(void **state);
int timed_lake_down(void **state);
#define WITH_TIMED_LAKE(test) cmocka_unit_test_setup_teardown(test, timed_lake_up, timed_lake_down)
#define WITH_EMPTY_LAKE(test) cmocka_unit_test_setup_teardown(test, empty_lake_up, lake_down)
#define IN_SCRATCH(test)      cmocka_unit_test_setup_teardown(test, scratch_up, scratch_down)

/* Runs a script. */
#define run(conn, sql) run_at((conn), (sql), __FILE__, __LINE__)
/* The integer in the first column of the first row. */
#define number(conn, sql) number_at((conn), (sql), __FILE__, __LINE__)
/* The text there; the caller frees. */
#define query_text(conn, sql) query_text_at((conn), (sql), __FILE__, __LINE__)

/* ---- files ---- */

void write_text(const char *path, const char *text);

/* ---- waiting ---- */

/* Waits until the condition is true, and looks every few milliseconds; ends the test when it is not true within a minute. For what another
 * thread or process does: never for time to pass. */
#define eventually(condition)                                                                                                              \
    for (int64_t began_ = 0; !(condition);) wait_a_little(&began_, #condition, __FILE__, __LINE__)

/* For a test that would wait for ever where others fail: ends the process after a minute. */
int deadline_up(void **state);
int deadline_down(void **state);
#define WITH_DEADLINE(test) cmocka_unit_test_setup_teardown(test, deadline_up, deadline_down)

/* The processor time that this process has used. A limit on it holds on a busy machine too, where one on the time of day does not. */
double cpu_seconds(void);

/* ---- processes that are killed ---- */

/* Kills this process, as kill -9 does, when it has used so much more processor time: at the same moment of its work however busy the
 * machine is. For a child process; another time for each kills each at another moment. */
void die_after_cpu_us(int64_t us);
/* Waits for a child that called it. True: it was killed. False: it ended before, with exit code 0; another end fails the test. */
#define was_killed(child) was_killed_at((child), __FILE__, __LINE__)

/* ---- random numbers ---- */

uint64_t next_random(uint64_t *state);          /* xorshift64* (Vigna 2016); the state is the seed, and not 0 */
int64_t next_below(uint64_t *state, int64_t n); /* 0 to n - 1 */

/* ---- behind the macros ---- */

void must_at(int rc, const Error *err, const char *file, int line);
void assert_failed_at(int rc, ErrorKind kind, const char *about, Error *err, const char *file, int line);
LakeFixture open_lake_at(const char *file, int line, bool migrated, const char *path, const LakeOptions *options) MUST_CHECK;
void run_at(LakeConn *conn, const char *sql, const char *file, int line);
int64_t number_at(LakeConn *conn, const char *sql, const char *file, int line);
char *query_text_at(LakeConn *conn, const char *sql, const char *file, int line) MUST_CHECK;
bool was_killed_at(pid_t child, const char *file, int line);
void wait_a_little(int64_t *began_ns, const char *condition, const char *file, int line);

/* test_path.c: a path of `smelt up` that lacks memory, or a service, is tried again; the others go on, and what waiting cannot resolve ends
 * it. */
#include "flow/path.h"

#include "../fixture.h"
#include "base/log.h"
#include "commands/settings_table.h"
#include <stdatomic.h>

#define LARGE "SELECT list(range) FROM range(5000000)"

enum { OFTEN_MS = 1 };

typedef struct Paths {
    LakeFixture lake;
    Settings *settings;
    PathGroup *group;
    Path *large, *other;
    atomic_int tries, others; /* turns that began */
    atomic_int beside;        /* turns of `other` at the same time as a later try of the large one */
    atomic_bool inside, done; /* of the large one */
} Paths;

static int up(void **state) {
    Paths *p = xcalloc(1, sizeof *p);
    Error err = {0};
    log_setup(LOG_ERROR, LOG_TEXT);
    must(settings_load(&settings_table, NULL, NULL, 0, &p->settings, &err), &err);
    p->lake = open_lake(":memory:", &(LakeOptions){.memory_limit = 8 << 20, .threads = 1});
    p->group = path_group_new(p->lake.lake, p->settings);
    *state = p;
    return deadline_up(state);
}

static int down(void **state) {
    Paths *p = *state;
    path_group_free(p->group);
    lake_fixture_done(&p->lake);
    settings_free(p->settings);
    free(p);
    return deadline_down(state);
}

static int other_turn(void *arg, LakeConn *conn, Error *err) {
    Paths *p = arg;
    (void)conn;
    (void)err;
    if (atomic_load(&p->inside) && atomic_load(&p->tries) > 1) atomic_fetch_add(&p->beside, 1);
    atomic_fetch_add(&p->others, 1);
    return 0;
}

/* DuckDB has too little memory for it until the third try. */
static int large_turn(void *arg, LakeConn *conn, Error *err) {
    Paths *p = arg;
    if (atomic_load(&p->done)) return 0;
    atomic_store(&p->inside, true);
    if (atomic_fetch_add(&p->tries, 1) == 2) run(conn, "SET GLOBAL memory_limit = '1GiB'");
    int rc = lake_begin(conn, err) != 0 || lake_exec(conn, "large", LARGE, err) != 0 ? -1 : lake_commit(conn, err);
    atomic_store(&p->inside, false);
    atomic_store(&p->done, rc == 0);
    return rc;
}

static void what_lacks_memory_is_tried_again_alone(void **state) {
    Paths *p = *state;
    Error err = {0};
    must(path_start(p->group, OFTEN_MS, other_turn, p, &p->other, &err), &err);
    must(path_start(p->group, OFTEN_MS, large_turn, p, &p->large, &err), &err);
    eventually(atomic_load(&p->done) || path_has_failed(p->large));
    int before = atomic_load(&p->others);
    eventually(atomic_load(&p->others) > before);
    must(path_end(p->large, &err), &err);
    must(path_end(p->other, &err), &err);
    assert_int_equal(atomic_load(&p->tries), 3);
    assert_int_equal(atomic_load(&p->beside), 0);
}

static int broken_turn(void *arg, LakeConn *conn, Error *err) {
    Paths *p = arg;
    (void)conn;
    atomic_fetch_add(&p->tries, 1);
    return error_set(err, ERR_IO, "the lake is damaged");
}

static void what_waiting_cannot_resolve_ends_the_path(void **state) {
    Paths *p = *state;
    Error err = {0};
    must(path_start(p->group, OFTEN_MS, other_turn, p, &p->other, &err), &err);
    must(path_start(p->group, OFTEN_MS, broken_turn, p, &p->large, &err), &err);
    eventually(path_has_failed(p->large));
    int before = atomic_load(&p->others);
    eventually(atomic_load(&p->others) > before + 1);
    assert_failed(path_end(p->large, &err), ERR_IO, "the lake is damaged", &err);
    must(path_end(p->other, &err), &err);
    assert_int_equal(atomic_load(&p->tries), 1);
}

static void a_path_that_is_held_takes_no_turn(void **state) {
    Paths *p = *state;
    Error err = {0};
    must(path_start(p->group, OFTEN_MS, other_turn, p, &p->other, &err), &err);
    eventually(atomic_load(&p->others) > 0);
    path_hold(p->other); /* although it takes turn after turn */
    int held_at = atomic_load(&p->others);
    path_wake(p->other);
    must(path_start(p->group, OFTEN_MS, broken_turn, p, &p->large, &err), &err);
    eventually(path_has_failed(p->large)); /* the others go on */
    assert_int_equal(atomic_load(&p->others), held_at);
    path_release(p->other);
    eventually(atomic_load(&p->others) > held_at);
    assert_failed(path_end(p->large, &err), ERR_IO, "the lake is damaged", &err);
    must(path_end(p->other, &err), &err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_lacks_memory_is_tried_again_alone, up, down),
        cmocka_unit_test_setup_teardown(a_path_that_is_held_takes_no_turn, up, down),
        cmocka_unit_test_setup_teardown(what_waiting_cannot_resolve_ends_the_path, up, down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

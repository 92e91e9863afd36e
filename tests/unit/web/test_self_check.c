/* test_self_check.c: what the probes say is there at once, also while a look does not end. */
#include "web/self_check.h"

#include "fixture.h"
#include "web/handlers.h"
#include <pthread.h>

enum { SLOW_MS = 50, DEAD_MS = 400 };

static Service service;
static SelfCheck *check;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* a look waits for it, as for a disk */
static const char *reason;                               /* of not being ready; NULL: none */

static int ready_behind_a_gate(void *arg, Error *err) {
    (void)arg;
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    return reason == NULL ? 0 : error_set(err, ERR_FULL, "%s", reason);
}

static void expect_ready(const char *not_ready) {
    CLEANUP(error_clear) Error err = {0};
    assert_int_equal(self_check_ready(check, &err), not_ready == NULL ? 0 : -1);
    if (not_ready != NULL && strstr(err.text, not_ready) == NULL) fail_msg("%s", err.text);
}

static bool is_ready(void) {
    CLEANUP(error_clear) Error err = {0};
    return self_check_ready(check, &err) == 0;
}

static bool is_alive(bool *ret_waits) {
    CLEANUP(error_clear) Error err = {0};
    return self_check_alive(check, ret_waits, &err) == 0;
}

/* As of a lake whose file is away while it is not ready. */
static int refuse_if_not_ready(void *user, Error *err) {
    (void)user;
    return reason == NULL ? 0 : error_set(err, ERR_BUSY, "%s", reason);
}

static void *look(void *arg) {
    self_check_look(check);
    return arg;
}

static void says_what_it_saw_last(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture lake = make_refined_lake();
    Error err = {0};
    bool waits;
    service = (Service){.pool = snapshot_pool_open_live(lake.lake, 0, 0), .ready = ready_behind_a_gate};
    check = self_check_new(&service, SLOW_MS, DEAD_MS);
    expect_ready("the server is starting");
    assert_true(is_alive(&waits));
    self_check_look(check);
    lake_set_fence(lake.lake, refuse_if_not_ready, NULL);
    reason = "the lake was removed";
    self_check_look(check);
    expect_ready("the lake was removed");
    assert_true(is_alive(&waits) && !waits);
    must(lake_check_fence(lake.lake, &err), &err);
    reason = NULL;
    self_check_look(check);
    expect_ready(NULL);
    self_check_free(check);
    snapshot_pool_free(service.pool);
}

static void a_look_that_does_not_end_is_not_ready_and_after_long_dead(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture lake = make_refined_lake();
    pthread_t looking;
    bool waits;
    service = (Service){.pool = snapshot_pool_open_live(lake.lake, 0, 0), .ready = ready_behind_a_gate};
    check = self_check_new(&service, SLOW_MS, DEAD_MS);
    self_check_look(check);
    pthread_mutex_lock(&gate);
    assert_int_equal(pthread_create(&looking, NULL, look, NULL), 0);
    while (is_ready()) usleep(5000);
    expect_ready("does the disk answer?");
    while (is_alive(&waits)) usleep(5000);
    pthread_mutex_unlock(&gate);
    pthread_join(looking, NULL);
    expect_ready(NULL);
    assert_true(is_alive(&waits));
    self_check_free(check);
    snapshot_pool_free(service.pool);
}

static void waiting_for_data_is_alive(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture empty = open_lake(":memory:", NULL);
    bool waits = false;
    service = (Service){.pool = snapshot_pool_open_live(empty.lake, 0, 0)};
    check = self_check_new(&service, SLOW_MS, DEAD_MS);
    self_check_look(check);
    expect_ready("");
    assert_true(is_alive(&waits) && waits);
    self_check_free(check);
    snapshot_pool_free(service.pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_it_saw_last),
        cmocka_unit_test(a_look_that_does_not_end_is_not_ready_and_after_long_dead),
        cmocka_unit_test(waiting_for_data_is_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

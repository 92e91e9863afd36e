/* test_lanes.c: a lane that is blocked holds no other up; what does not fit is refused; what nobody waits for is not computed. */
#include "web/lanes.h"

#include "base/clock.h"
#include "fixture.h"
#include <pthread.h>

enum { PATIENCE_MS = 60000 };

typedef struct Fixture {
    LakeFixture lake;
    Service service;
    Lanes *lanes;
    pthread_mutex_t gate; /* a status waits for it */
    atomic_int begun;
    pthread_mutex_t lock; /* over done */
    pthread_cond_t changed;
    Exchange *done;
} Fixture;

static json_t *status_behind_a_gate(void *arg) {
    Fixture *f = arg;
    atomic_fetch_add(&f->begun, 1);
    pthread_mutex_lock(&f->gate);
    pthread_mutex_unlock(&f->gate);
    return json_pack("{s:s}", "state", "ok");
}

static void take(void *arg) {
    Fixture *f = arg;
    pthread_mutex_lock(&f->lock);
    for (Exchange *x = lanes_take_done(f->lanes), *next; x != NULL; x = next) {
        next = x->next;
        x->next = f->done;
        f->done = x;
    }
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static int setup(void **state) {
    Fixture *f = xcalloc(1, sizeof *f);
    f->lake = make_refined_lake();
    pthread_mutex_init(&f->gate, NULL);
    pthread_mutex_init(&f->lock, NULL);
    clock_cond_init(&f->changed);
    f->service = (Service){.pool = snapshot_pool_open_live(f->lake.lake, 0, 0),
                           .metrics = metrics_new(route_count(), route_pattern),
                           .status = status_behind_a_gate,
                           .status_arg = f};
    f->lanes = lanes_start(&f->service, 1, take, f);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    Fixture *f = *state;
    lanes_stop(f->lanes);
    take(f);
    for (Exchange *x = f->done, *next; x != NULL; x = next) {
        next = x->next;
        exchange_free(x);
    }
    lanes_free(f->lanes);
    snapshot_pool_free(f->service.pool);
    metrics_free(f->service.metrics);
    lake_fixture_done(&f->lake);
    free(f);
    return 0;
}

static Exchange *new_exchange(Fixture *f, const char *target) {
    Exchange *x = exchange_new(request_new(target), f);
    Matched m = service_begin(&f->service, "GET", x->request, &x->response);
    assert_true(m.needs_worker);
    x->route = m.route;
    return x;
}

static bool is_done(const Fixture *f, const Exchange *x) {
    for (const Exchange *d = f->done; d != NULL; d = d->next)
        if (d == x) return true;
    return false;
}

static void wait_for(Fixture *f, const Exchange *x) {
    struct timespec deadline = clock_deadline(PATIENCE_MS);
    int rc = 0;
    pthread_mutex_lock(&f->lock);
    while (!is_done(f, x) && rc == 0) rc = pthread_cond_timedwait(&f->changed, &f->lock, &deadline);
    pthread_mutex_unlock(&f->lock);
    assert_int_equal(rc, 0);
}

static void a_blocked_lane_holds_no_other_up(void **state) {
    Fixture *f = *state;
    Exchange *blocked[5];
    pthread_mutex_lock(&f->gate);
    for (size_t i = 0; i < ARRAY_LEN(blocked); i++) {
        blocked[i] = new_exchange(f, "/api/v1/status");
        assert_true(lanes_push(f->lanes, blocked[i]));
    }
    static const char *const others[] = {"/api/v1/overview", "/api/v1/subscribers", "/api/v1/pipeline"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        Exchange *x = new_exchange(f, others[i]);
        assert_true(lanes_push(f->lanes, x));
        wait_for(f, x);
        assert_int_equal(x->response.status, 200);
    }
    for (size_t i = 0; i < ARRAY_LEN(blocked); i++) assert_false(is_done(f, blocked[i]));
    pthread_mutex_unlock(&f->gate);
    for (size_t i = 0; i < ARRAY_LEN(blocked); i++) wait_for(f, blocked[i]);
}

static void what_does_not_fit_is_refused(void **state) {
    Fixture *f = *state;
    int refused = 0;
    pthread_mutex_lock(&f->gate);
    for (int i = 0; i < 100; i++) {
        Exchange *x = new_exchange(f, "/api/v1/status");
        if (lanes_push(f->lanes, x)) continue;
        assert_int_equal(x->response.status, 503);
        assert_true(x->response.retry_after_s > 0);
        refused++;
        exchange_free(x);
    }
    assert_in_range(refused, 100 - 34, 100 - 32);
    pthread_mutex_unlock(&f->gate);
}

/* Queries say 429: the client asks for too much. One worker is slower than who asks. */
static void too_many_queries_are_429(void **state) {
    Fixture *f = *state;
    int taken = 0, refused = 0;
    for (int i = 0; i < 2000 && refused == 0; i++) {
        Exchange *x = new_exchange(f, "/api/v1/overview");
        if (lanes_push(f->lanes, x)) {
            taken++;
            continue;
        }
        assert_int_equal(x->response.status, 429);
        assert_true(x->response.retry_after_s > 0);
        refused++;
        exchange_free(x);
    }
    assert_true(taken >= 128);
    assert_int_equal(refused, 1);
}

static void what_nobody_waits_for_is_not_computed(void **state) {
    Fixture *f = *state;
    Exchange *gone = new_exchange(f, "/api/v1/status"), *half_closed = new_exchange(f, "/api/v1/status");
    atomic_store(&gone->abandoned_ns, 1);
    atomic_store(&half_closed->abandoned_ns, clock_mono_ns()); /* it may still read */
    assert_true(lanes_push(f->lanes, gone));
    assert_true(lanes_push(f->lanes, half_closed));
    wait_for(f, gone);
    wait_for(f, half_closed);
    assert_int_equal(gone->response.status, 503);
    assert_int_equal(half_closed->response.status, 200);
    assert_int_equal(atomic_load(&f->begun), 1);
}

typedef struct Query {
    LakeConn *conn;
    QueryTimeouts *timeouts;
    int rc;
    Error err;
} Query;

static void *run_long_query(void *arg) {
    Query *q = arg;
    int64_t n;
    query_timeouts_begin(q->timeouts, 0, q->conn);
    q->rc =
        lake_query_int(q->conn, "long", "SELECT count(*) FROM range(10000000) AS a, range(10000000) AS b WHERE a.range % 7 = b.range % 11",
                       NULL, 0, &n, &q->err);
    query_timeouts_end(q->timeouts, 0);
    return NULL;
}

static void the_query_of_a_client_that_has_gone_is_interrupted(void **state) {
    Fixture *f = *state;
    Query q = {.conn = f->lake.conn, .timeouts = query_timeouts_new(1, 1000 * 1000, 0)};
    atomic_int_fast64_t gone_ns = 0;
    pthread_t thread;
    query_timeouts_watch(q.timeouts, 0, &gone_ns);
    assert_int_equal(pthread_create(&thread, NULL, run_long_query, &q), 0);
    query_timeouts_sweep(q.timeouts); /* nobody has gone yet */
    atomic_store(&gone_ns, clock_mono_ns());
    struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    while (pthread_tryjoin_np(thread, NULL) != 0) {
        query_timeouts_sweep(q.timeouts); /* as the janitor does */
        nanosleep(&pause, NULL);
    }
    assert_int_equal(q.rc, -1);
    assert_int_equal(q.err.kind, ERR_STOPPED);
    error_clear(&q.err);
    query_timeouts_free(q.timeouts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_blocked_lane_holds_no_other_up, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_queries_are_429, setup, teardown),
        cmocka_unit_test_setup_teardown(what_nobody_waits_for_is_not_computed, setup, teardown),
        cmocka_unit_test_setup_teardown(the_query_of_a_client_that_has_gone_is_interrupted, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

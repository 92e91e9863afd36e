/* lanes.c: see lanes.h.
 *
 *   monitoring  /metrics, /api/v1/status
 *   sql         /api/v1/query                 what users wrote
 *   queries     everything else that reads the lake
 *
 * A client that closes its sending side may still read, so its request has a moment of grace. */
#include "web/lanes.h"

#include "base/clock.h"
#include "base/memory.h"
#include "web/work.h"
#include <pthread.h>

enum { QUERY_LIMIT_MS = 10000, WAIT_LIMIT_MS = 5000, GRACE_MS = 500 };
#define MS INT64_C(1000000)

typedef enum LaneName { LANE_QUERIES, LANE_MONITORING, LANE_SQL, LANES } LaneName;
static const struct {
    size_t workers, queue_max; /* no workers: as many as lanes_start was told */
} sizes[LANES] = {[LANE_QUERIES] = {0, 128}, [LANE_MONITORING] = {1, 32}, [LANE_SQL] = {2, 8}};

typedef struct Lane {
    struct Lanes *all;
    Workers *workers;
    size_t first; /* worker, as query_timeouts counts them */
} Lane;

struct Lanes {
    Service *service;
    Lane at[LANES];
    void (*notify)(void *arg);
    void *arg;
    atomic_bool ending;
    pthread_mutex_t lock;
    Exchange *done; /* under lock */
};

Exchange *exchange_new(Request *request, void *client) {
    Exchange *x = xcalloc(1, sizeof *x);
    x->request = request;
    x->client = client;
    x->started_ns = clock_mono_ns();
    return x;
}

void exchange_free(Exchange *x) {
    request_free(x->request);
    response_done(&x->response);
    free(x);
}

static void refuse(Exchange *x, int status, const char *why) {
    response_problem(&x->response, status, x->request, "%s", why);
    x->response.retry_after_s = 1;
}

static void run(void *state, size_t worker, void *job) {
    Lane *lane = state;
    Lanes *lanes = lane->all;
    Exchange *x = job;
    int64_t now = clock_mono_ns(), abandoned = atomic_load(&x->abandoned_ns);
    if (atomic_load(&lanes->ending)) {
        refuse(x, 503, "The server is ending.");
    } else if ((abandoned != 0 && now - abandoned > GRACE_MS * MS) || now - x->queued_ns > WAIT_LIMIT_MS * MS) {
        refuse(x, 503, "The request waited too long behind others.");
    } else {
        query_timeouts_watch(lanes->service->timeouts, lane->first + worker, &x->abandoned_ns);
        service_finish(lanes->service, lane->first + worker, x->route, x->request, &x->response);
        query_timeouts_watch(lanes->service->timeouts, lane->first + worker, NULL);
    }
    pthread_mutex_lock(&lanes->lock);
    x->next = lanes->done;
    lanes->done = x;
    pthread_mutex_unlock(&lanes->lock);
    lanes->notify(lanes->arg);
}

Lanes *lanes_start(Service *service, size_t workers, void (*notify)(void *arg), void *arg) {
    Lanes *lanes = xcalloc(1, sizeof *lanes);
    size_t count[LANES], all = 0;
    pthread_mutex_init(&lanes->lock, NULL);
    lanes->service = service;
    lanes->notify = notify;
    lanes->arg = arg;
    for (int i = 0; i < LANES; i++) {
        count[i] = sizes[i].workers > 0 ? sizes[i].workers : workers;
        lanes->at[i] = (Lane){.all = lanes, .first = all};
        all += count[i];
    }
    service->timeouts = query_timeouts_new(all, QUERY_LIMIT_MS, GRACE_MS);
    for (int i = 0; i < LANES; i++) lanes->at[i].workers = workers_start(count[i], sizes[i].queue_max, run, &lanes->at[i]);
    return lanes;
}

static const LaneName lane_of[] = {[COST_QUERY] = LANE_QUERIES, [COST_MONITORING] = LANE_MONITORING, [COST_SQL] = LANE_SQL};

bool lanes_push(Lanes *lanes, Exchange *x) {
    LaneName lane = lane_of[x->route->cost];
    x->queued_ns = clock_mono_ns();
    if (workers_push(lanes->at[lane].workers, x)) return true;
    if (lane == LANE_QUERIES || lane == LANE_SQL)
        refuse(x, 429, "Too many requests are waiting already.");
    else
        refuse(x, 503, "Too many requests of this kind are waiting already.");
    return false;
}

Exchange *lanes_take_done(Lanes *lanes) {
    pthread_mutex_lock(&lanes->lock);
    Exchange *done = TAKE(lanes->done);
    pthread_mutex_unlock(&lanes->lock);
    return done;
}

void lanes_sweep(Lanes *lanes) {
    query_timeouts_sweep(lanes->service->timeouts);
}

void lanes_stop(Lanes *lanes) {
    atomic_store(&lanes->ending, true);
    query_timeouts_interrupt_all(lanes->service->timeouts);
    for (int i = 0; i < LANES; i++) workers_stop(lanes->at[i].workers);
}

void lanes_free(Lanes *lanes) {
    for (int i = 0; i < LANES; i++) workers_free(lanes->at[i].workers);
    query_timeouts_free(TAKE(lanes->service->timeouts));
    pthread_mutex_destroy(&lanes->lock);
    free(lanes);
}

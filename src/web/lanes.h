/* lanes.h: where requests wait for a worker. Each class of routes has a queue and workers of its own, so that metrics never
 * wait behind queries, nor a query behind metrics. A request whose client has gone is not answered any more. */
#pragma once
#include "web/service.h"

/* One request on its way through a lane. The event loop owns it, then a lane, then the event loop again. */
typedef struct Exchange Exchange;
struct Exchange {
    Request *request; /* owned */
    Response response;
    const Route *route;
    void *client; /* whose it is */
    int64_t started_ns, queued_ns;
    atomic_int_fast64_t abandoned_ns; /* when the client stopped sending; 0: it has not. Any thread */
    Exchange *next;                   /* in a list of done ones */
};

Exchange *exchange_new(Request *request, void *client) MUST_CHECK; /* takes the request */
void exchange_free(Exchange *x);

typedef struct Lanes Lanes;
/* `workers`: those for queries. `notify(arg)` is called on a worker's thread when there is something for lanes_take_done. */
Lanes *lanes_start(Service *service, size_t workers, void (*notify)(void *arg), void *arg) MUST_CHECK;
/* False when the lane is full: the exchange got its answer, 429 or 503. Event loop. */
bool lanes_push(Lanes *lanes, Exchange *x) MUST_CHECK;
/* Those that are done, in any order; NULL: none. */
Exchange *lanes_take_done(Lanes *lanes) MUST_CHECK;
/* Interrupts what takes too long, and what no client waits for. To be called a few times a second. */
void lanes_sweep(Lanes *lanes);
/* Interrupts and refuses everything, and ends the threads; then lanes_take_done has the rest. */
void lanes_stop(Lanes *lanes);
void lanes_free(Lanes *lanes); /* after lanes_stop */

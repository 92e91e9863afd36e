/* self_check.h: how the server is, for its probes. Whether data can be stored and queries are answered is seen only by trying, which takes
 * as long as the disk does not answer. So one thread looks again and again, and the event loop says what was seen last, without a wait. */
#pragma once
#include "base/error.h"
#include <stdbool.h>

typedef struct Service Service; /* handlers.h */
typedef struct SelfCheck SelfCheck;

/* A look of more than `slow_ms` says that the server is not ready, one of more than `dead_ms` that it is not alive. `service` is borrowed,
 * and may be set up later. */
SelfCheck *self_check_new(Service *service, int slow_ms, int dead_ms) MUST_CHECK;
void self_check_free(SelfCheck *check); /* after the last look */
/* Looks: Service.ready, and from time to time one query if it is. May take as long as the disk hangs. `check`: a SelfCheck; one thread at a
 * time. */
void self_check_look(void *check);

/* ERR_UNAVAILABLE with the reason: requests should go elsewhere. Any thread, never waits. */
int self_check_ready(SelfCheck *check, Error *err) MUST_CHECK;
/* -1 with the reason: only a restart would help. `ret_waits`: nothing was published yet. Any thread, never waits. */
int self_check_alive(SelfCheck *check, bool *ret_waits, Error *err) MUST_CHECK;

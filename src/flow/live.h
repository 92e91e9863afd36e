/* live.h: the pipeline, continuously: an event is in Bronze, Silver and Gold within about a second; model, scores and snapshot follow every
 * up.publish_interval. The caller's thread, the writer's, lands; refining, publishing and checkpoints have threads of their own.
 * live_check, live_asked: any thread. */
#pragma once
#include "base/settings.h"
#include "lake/lake.h"
#include "ledger/commit_mark_keeper.h"

typedef struct Live Live;

/* The arguments are borrowed. */
Live *live_new(LakeConn *conn, const Settings *settings, CommitMarkKeeper *mark) MUST_CHECK;
void live_free(Live *live);
DEFINE_CLEANUP(live_free, Live)
/* What the API asks for (web.h: write), on the path that does such work: `run` trains when due (always, with {"train": true}), scores and
 * publishes, whether or not anything has changed; `promote` {id, force}; `replay` refines all of Bronze again by the contracts that this
 * process read when it started. Waits for its end, or until live_run has ended: ERR_STOPPED. Any thread. */
int live_write(Live *live, const char *kind, const json_t *args, json_t **ret, Error *err) MUST_CHECK;
/* From now on live_write does nothing, and whoever waits for it gets ERR_STOPPED: for a caller that will not call live_run. */
void live_refuse_writes(Live *live);
/* Somebody asks for data of the lake: for ten seconds, what lands is refined at once. Any thread. */
void live_asked(Live *live);
/* Until stop_requested(): 0. Waits for a Kafka that is away, and tries a topic again that cannot be read (recreated, cut off, without
 * rights). -1 is an error that waiting cannot resolve; everything committed stays. */
int live_run(Live *live, Error *err) MUST_CHECK;
/* ERR_UNAVAILABLE with the reason while none of the topics can be read. Any thread. */
int live_check(Live *live, Error *err) MUST_CHECK;

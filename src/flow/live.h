/* live.h: the pipeline, continuously: an event is in Bronze, Silver and Gold within about a second; model, scores and snapshot follow every
 * up.publish_interval. The caller's thread, the writer's, lands; refining, publishing and checkpoints have threads of their own. */
#pragma once
#include "base/settings.h"
#include "lake/lake.h"
#include "ledger/commit_mark_keeper.h"

/* Until stop_requested(): 0. Waits for a Kafka that is away. -1 is an error that waiting cannot resolve; everything committed
 * stays. */
int live_run(LakeConn *conn, const Settings *settings, CommitMarkKeeper *mark, Error *err) MUST_CHECK;

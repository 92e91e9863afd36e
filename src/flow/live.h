/* live.h: the pipeline without end: what arrives is in Bronze, Silver and Gold within about a second; model, scores and snapshot follow at
 * up.publish_interval. One thread: the writer's. */
#pragma once
#include "base/settings.h"
#include "lake/lake.h"
#include "ledger/commit_mark_keeper.h"

/* Until stop_requested(): 0. A Kafka that is away is waited for. -1 is an error that waiting does not mend; everything committed stays. */
int live_run(LakeConn *conn, const Settings *settings, CommitMarkKeeper *mark, Error *err) MUST_CHECK;

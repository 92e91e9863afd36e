/* ingest.c: see ingest.h. One session after the other: another one begins when the topic has more partitions, and after the disk was
 * full. */
#include "ingest/ingest.h"

#include "base/clock.h"
#include "base/disk_space.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "ingest/session.h"

#define FULL_PAUSE_MS 1000

struct Ingest {
    LakeConn *conn; /* borrowed */
    Feed *feed;     /* borrowed */
    IngestOptions options;
    Session *session; /* NULL: the next step opens one */
    Cuts cuts;        /* found by the sessions so far */
    IngestResult result;
    int64_t began_ns;
};

Ingest *ingest_open(LakeConn *conn, Feed *feed, const IngestOptions *options) {
    Ingest *in = xcalloc(1, sizeof *in);
    *in = (Ingest){.conn = conn, .feed = feed, .options = *options, .began_ns = clock_mono_ns()};
    return in;
}

void ingest_close(Ingest *in) {
    session_freep(&in->session);
    ingest_result_done(&in->result);
    ingest_cuts_done(&in->cuts);
    free(in);
}

/* The session delivers no more: either that was all, or there are partitions to be read in another session. */
static int end_session(Ingest *in, IngestState *ret, Error *err) {
    bool again;
    if (session_end(in->session, in->conn, &in->result, &again, err) != 0) return -1;
    session_freep(&in->session);
    in->result.seconds = clock_seconds_since(in->began_ns);
    if (again) log_info("ingest", "%s has partitions that were not read until now: reading them too", feed_topic(in->feed));
    *ret = again ? INGEST_IDLE : INGEST_DONE;
    return 0;
}

static int step(Ingest *in, IngestState *ret, Error *err) {
    IngestState state;
    if (in->session == NULL && session_open(in->conn, in->feed, &in->options, &in->cuts, &in->session, err) != 0) return -1;
    if (session_step(in->session, &in->result.counts, &state, err) != 0) return -1;
    if (state == INGEST_DONE) return end_session(in, ret, err);
    *ret = state;
    return 0;
}

static bool can_wait_for_disk_space(const Ingest *in, const Error *err) {
    return error_can_wait_for_space(err) && in->options.follow && in->options.disk_dir != NULL;
}

/* A write failed although the reserve was free: what was not stored is read again when there is space. */
static int wait_for_disk_space(const Ingest *in, Error *err) {
    if (!can_wait_for_disk_space(in, err)) return -1;
    log_error("ingest", "%s", err->text);
    error_clear(err);
    if (stop_wait_ms(FULL_PAUSE_MS)) return error_set(err, ERR_STOPPED, "stopped while the disk was full");
    return disk_space_wait(in->options.disk_dir, in->options.reserve, err);
}

int ingest_step(Ingest *in, IngestState *ret, Error *err) {
    if (step(in, ret, err) == 0) return 0;
    session_freep(&in->session);
    if (wait_for_disk_space(in, err) != 0) return -1;
    *ret = INGEST_IDLE;
    return 0;
}

int ingest_run(LakeConn *conn, Feed *feed, const IngestOptions *options, IngestResult *ret, Error *err) {
    CLEANUP(ingest_closep) Ingest *in = ingest_open(conn, feed, options);
    for (IngestState state = INGEST_IDLE; state != INGEST_DONE;)
        if (ingest_step(in, &state, err) != 0) return -1;
    *ret = in->result;
    in->result = (IngestResult){0};
    return 0;
}

/* ingest.c: see ingest.h. Of each topic one session after the other: another one begins when the topic has more partitions, with several
 * topics when it is tried again, and all of them after the disk was full. */
#include "ingest/ingest.h"

#include "base/clock.h"
#include "base/disk_space.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/stop.h"
#include "ingest/session.h"
#include <ctype.h>
#include <string.h>

#define STEP_MS             1000
#define FULL_PAUSE_MS       1000
#define STEPS_TO_READ_AGAIN 10 /* each about a second without a batch */
#define RETRY_FIRST_MS      5000
#define RETRY_MAX_MS        60000
#define NSEC_PER_MS         1000000

typedef struct Topic {
    Feed *feed;          /* borrowed */
    IngestTopic *result; /* of Ingest.result */
    Session *session;    /* NULL: the next step after `due_ns` opens one, unless it is done */
    Cuts cuts;           /* found by the sessions so far */
    bool done, failed;   /* failed: it was given up; result->problem says why */
    Error error;         /* with several topics: why it is not read now; ERR_NONE: it is */
    int pause_ms;        /* before it was, or is, tried again; 0: it never failed, or was read since */
    int64_t due_ns;
} Topic;

struct Ingest {
    LakeConn *conn; /* borrowed */
    IngestOptions options;
    Topic *topics;
    size_t count;
    Bronze *bronze; /* with the pool and the landing; NULL: the next step opens them */
    BatchPool *pool;
    Landing *landing;
    Progress progress;
    bool shown; /* progress */
    IngestResult result;
    Error unstored;  /* why the last batch could not be written although the reserve was free, until one is */
    int steps_since; /* since then, without that error */
    int64_t began_ns;
};

Ingest *ingest_open(LakeConn *conn, Feed *const *feeds, size_t count, const IngestOptions *options) {
    Ingest *in = xcalloc(1, sizeof *in);
    *in = (Ingest){.conn = conn, .options = *options, .count = count, .began_ns = clock_mono_ns()};
    in->topics = xcalloc(count, sizeof *in->topics);
    in->result = (IngestResult){.topics = xcalloc(count, sizeof *in->result.topics), .topic_count = count};
    for (size_t i = 0; i < count; i++) {
        in->result.topics[i].name = feed_topic(feeds[i]);
        in->topics[i] = (Topic){.feed = feeds[i], .result = &in->result.topics[i]};
    }
    return in;
}

/* Ends all threads. The landing first: it borrows from the sessions. */
static void end_sessions(Ingest *in) {
    landing_freep(&in->landing);
    for (size_t i = 0; i < in->count; i++) session_freep(&in->topics[i].session);
    batch_pool_freep(&in->pool);
    bronze_freep(&in->bronze);
    if (in->shown) progress_end(&in->progress);
    in->shown = false;
}

void ingest_close(Ingest *in) {
    end_sessions(in);
    for (size_t i = 0; i < in->count; i++) {
        ingest_cuts_done(&in->topics[i].cuts);
        error_clear(&in->topics[i].error);
    }
    ingest_result_done(&in->result);
    error_clear(&in->unstored);
    free(in->topics);
    free(in);
}

/* ---- the start ---- */

static int start_landing(Ingest *in, Error *err) {
    if (in->landing != NULL) return 0;
    if (bronze_open(lake_of(in->conn), &in->bronze, err) != 0) return -1;
    in->pool = batch_pool_new(in->options.batch_rows, in->options.batch_bytes, in->count);
    if (!in->options.quiet) progress_start(&in->progress, "ingest", "events", 0);
    in->shown = !in->options.quiet;
    return landing_start(in->bronze, in->pool, in->count, &in->landing, err);
}

static int start_sessions(Ingest *in, Error *err) {
    for (size_t i = 0; i < in->count; i++) {
        Topic *t = &in->topics[i];
        if (t->session == NULL && t->error.kind != ERR_NONE && stop_requested()) t->done = true;
        if (t->session != NULL || t->done || clock_mono_ns() < t->due_ns) continue;
        if (session_open(lake_of(in->conn), t->feed, &in->options, &t->cuts, in->pool, in->landing, i, &t->session, err) != 0) return -1;
    }
    return 0;
}

/* ---- a topic that cannot be read ---- */

/* Is it the lake, the disk or Smelt itself, which all topics need? */
static bool is_of_all(const Error *err) {
    return err->fatal || (err->kind != ERR_DATA && err->kind != ERR_CONFIG && err->kind != ERR_UNAVAILABLE && err->kind != ERR_STOPPED);
}

static bool is_of_a_word(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static bool has_word(const char *text, const char *word) {
    size_t n = strlen(word);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        if ((at == text || !is_of_a_word(at[-1])) && !is_of_a_word(at[n])) return true;
    return false;
}

/* Errors of the whole connection do not name it. */
static void name_topic(const Topic *t, Error *err) {
    if (!has_word(err->text, feed_topic(t->feed))) error_prefix(err, "%s", feed_topic(t->feed));
}

/* Without `follow`. -1: none of them could be read. */
static int give_up(Ingest *in, Topic *t, Error *err) {
    size_t failed = 0;
    log_error("ingest", "%s; the other topics are read", err->text);
    t->done = t->failed = true;
    error_move(&t->result->problem, err);
    for (size_t i = 0; i < in->count; i++) failed += in->topics[i].failed ? 1 : 0;
    return failed == in->count ? ingest_result_check(&in->result, err) : 0;
}

static bool can_be_read(const Topic *t) {
    return t->error.kind == ERR_NONE || error_is_retriable(&t->error);
}

const char *ingest_blocked(const Ingest *in) {
    for (size_t i = 0; i < in->count; i++)
        if (can_be_read(&in->topics[i])) return NULL;
    return in->count > 0 ? in->topics[in->count - 1].error.text : NULL;
}

const char *ingest_unstored(const Ingest *in) {
    return in->unstored.text;
}

/* With `follow`. -1: none of them can be read, which waiting does not mend. */
static int put_off(Ingest *in, Topic *t, Error *err) {
    static const char others[] = "The other topics are followed; this one is tried again",
                      alone[] = "Nothing is read until that is mended; it is tried again";
    bool known = t->error.kind != ERR_NONE && strcmp(t->error.text, err->text) == 0;
    t->pause_ms = t->pause_ms == 0 ? RETRY_FIRST_MS : t->pause_ms * 2 < RETRY_MAX_MS ? t->pause_ms * 2 : RETRY_MAX_MS;
    t->due_ns = clock_mono_ns() + (int64_t)t->pause_ms * NSEC_PER_MS;
    if (known) {
        log_debug("ingest", "still: %s", err->text);
    } else {
        log_error("ingest", "%s. %s", err->text, in->count > 1 ? others : alone);
        commit_mark_keeper_away(in->options.mark, feed_topic(t->feed), err->text);
    }
    error_move(&t->error, err);
    if (in->options.keeps_trying || ingest_blocked(in) == NULL) return 0;
    return error_set(err, t->error.kind, "none of the topics can be read: %s", t->error.text);
}

/* The only topic, and what waiting mends by itself: then the caller waits. */
static bool is_left_to_caller(const Ingest *in, const Error *err) {
    bool is_permanent = err->kind == ERR_DATA || err->kind == ERR_CONFIG;
    return in->count == 1 && !(in->options.follow && in->options.keeps_trying && is_permanent);
}

/* -1: it concerns all topics, or there is no other. */
static int fail(Ingest *in, Topic *t, Error *err) {
    session_freep(&t->session);
    if (is_of_all(err) || is_left_to_caller(in, err)) return -1;
    if (err->kind != ERR_STOPPED) {
        name_topic(t, err);
        return in->options.follow ? put_off(in, t, err) : give_up(in, t, err);
    }
    t->done = true;
    t->result->stopped = !in->options.follow;
    error_clear(err);
    return 0;
}

static void note_begin(Ingest *in, Topic *t) {
    uint64_t left;
    if (t->session == NULL) return;
    if (session_has_begun(t->session, &left) && !in->options.follow) in->progress.total += left;
    if (t->error.kind == ERR_NONE || !session_is_read(t->session)) return; /* a topic may be described by who may not read it */
    log_info("ingest", "%s can be read again", feed_topic(t->feed));
    commit_mark_keeper_away(in->options.mark, feed_topic(t->feed), NULL);
    error_clear(&t->error);
}

/* ---- one step ---- */

static int check_disk_space(const IngestOptions *o, Error *err) {
    if (o->disk_dir == NULL) return 0;
    return o->follow ? disk_space_wait(o->disk_dir, o->reserve, err) : disk_space_check(o->disk_dir, o->reserve, err);
}

static void add_counts(LedgerCounts *total, const LedgerCounts *c) {
    total->landed += c->landed;
    total->duplicates += c->duplicates;
    total->rejected += c->rejected;
    total->gaps += c->gaps;
    total->lost += c->lost;
}

static void note_landed(Ingest *in, Topic *t, const LandingEvent *event) {
    session_landed(t->session, event, bronze_batch_id(in->bronze));
    add_counts(&t->result->counts, &event->counts);
    add_counts(&in->result.counts, &event->counts);
    t->pause_ms = 0;
    const LedgerCounts *c = &in->result.counts;
    if (in->shown) progress_update(&in->progress, (uint64_t)(c->landed + c->duplicates + c->rejected + c->gaps));
}

/* The session delivers no more: either that was all, or there are partitions to be read in another session. */
static int end_session(Ingest *in, Topic *t, Error *err) {
    bool again;
    if (session_end(t->session, in->conn, t->result, &again, err) != 0) return fail(in, t, err);
    session_freep(&t->session);
    if (again) log_info("ingest", "%s has partitions that were not read until now: reading them too", feed_topic(t->feed));
    t->done = !again;
    return 0;
}

static bool is_done(const Ingest *in) {
    for (size_t i = 0; i < in->count; i++)
        if (!in->topics[i].done) return false;
    return true;
}

static int take_event(Ingest *in, const LandingEvent *event, Error *err) {
    if (event->kind == LANDING_LANDED) note_landed(in, &in->topics[event->place], event);
    for (size_t i = 0; i < in->count; i++) {
        note_begin(in, &in->topics[i]);
        if (in->topics[i].session != NULL) session_keep_stuck(in->topics[i].session);
    }
    return event->kind == LANDING_ENDED ? end_session(in, &in->topics[event->place], err) : 0;
}

/* What is staged meanwhile lands too, but no topic twice: then other work of the caller has its turn. */
static int land(Ingest *in, IngestState *ret, Error *err) {
    LandingEvent event = {.kind = LANDING_LANDED};
    *ret = INGEST_IDLE;
    for (size_t i = 0; i < in->count && event.kind == LANDING_LANDED; i++) {
        if (check_disk_space(&in->options, err) != 0) return -1;
        if (landing_next(in->landing, i == 0 ? STEP_MS : 0, &event, err) != 0 || take_event(in, &event, err) != 0) return -1;
        if (event.kind == LANDING_LANDED) *ret = INGEST_COMMITTED;
    }
    return 0;
}

static void finish(Ingest *in) {
    end_sessions(in);
    in->result.seconds = clock_seconds_since(in->began_ns);
    for (size_t i = 0; i < in->count; i++) {
        in->result.stopped |= in->result.topics[i].stopped;
        in->result.envelope_changed |= in->result.topics[i].envelope_changed;
    }
}

static int step(Ingest *in, IngestState *ret, Error *err) {
    IngestState state;
    if (start_landing(in, err) != 0 || start_sessions(in, err) != 0 || land(in, &state, err) != 0) return -1;
    if (is_done(in)) {
        finish(in);
        state = INGEST_DONE;
    }
    *ret = state;
    return 0;
}

static bool can_wait_for_disk_space(const Ingest *in, const Error *err) {
    return error_can_wait_for_space(err) && in->options.follow && in->options.disk_dir != NULL;
}

/* A write failed although the reserve was free, as with a quota: what was not stored is read again when there is space. */
static int wait_for_disk_space(Ingest *in, Error *err) {
    if (!can_wait_for_disk_space(in, err)) return -1;
    CLEANUP(error_clear) Error reserve = {0};
    bool is_reserve = disk_space_check(in->options.disk_dir, in->options.reserve, &reserve) != 0;
    if (in->unstored.kind == ERR_NONE) log_error("ingest", "%s%s", err->text, is_reserve ? "" : ". It is tried again each second");
    error_clear(&in->unstored);
    if (!is_reserve) error_move(&in->unstored, err);
    error_clear(err);
    in->steps_since = 0;
    if (stop_wait_ms(FULL_PAUSE_MS)) return error_set(err, ERR_STOPPED, "stopped while the disk was full");
    return disk_space_wait(in->options.disk_dir, in->options.reserve, err);
}

/* A batch that could not be stored is read again within some steps: when there is none by then, it is not known to fail any more. */
static void note_no_error(Ingest *in, IngestState state) {
    if (in->unstored.kind == ERR_NONE || (state != INGEST_COMMITTED && ++in->steps_since < STEPS_TO_READ_AGAIN)) return;
    log_info("ingest", "batches are stored again");
    error_clear(&in->unstored);
}

int ingest_step(Ingest *in, IngestState *ret, Error *err) {
    if (step(in, ret, err) == 0) {
        note_no_error(in, *ret);
        return 0;
    }
    end_sessions(in);
    if (wait_for_disk_space(in, err) != 0) return -1;
    *ret = INGEST_IDLE;
    return 0;
}

int ingest_run(LakeConn *conn, Feed *const *feeds, size_t count, const IngestOptions *options, IngestResult *ret, Error *err) {
    CLEANUP(ingest_closep) Ingest *in = ingest_open(conn, feeds, count, options);
    for (IngestState state = INGEST_IDLE; state != INGEST_DONE;)
        if (ingest_step(in, &state, err) != 0) return -1;
    *ret = in->result;
    in->result = (IngestResult){0};
    return 0;
}

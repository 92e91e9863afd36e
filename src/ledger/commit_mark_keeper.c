/* commit_mark_keeper.c: see commit_mark_keeper.h. The mark in memory is what the lake holds; the file follows it.
 *
 * Invariant: the file is never ahead of what is durable in the lake, because it is written only after the COMMIT. */
#include "ledger/commit_mark_keeper.h"

#include "base/clock.h"
#include "base/counted.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <inttypes.h>
#include <string.h>

struct CommitMarkKeeper {
    char *path;
    CommitMark mark;
    bool failing; /* the last write failed, and that was logged */
};

/* ---- how far the lake is ---- */

static int read_totals(LakeConn *conn, CommitMark *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    if (lake_query(conn, "ledger/mark_totals", lake_sql("ledger/mark_totals"), NULL, 0, &row, err) != 0) return -1;
    int got = lake_next(row, err);
    if (got < 0) return -1;
    if (got == 0) return error_set(err, ERR_DATA, "the lake has no identity");
    ret->lake_id = xstrdup(lake_col_text(row, 0, NULL));
    ret->generation = lake_col_int(row, 1);
    ret->commit = lake_col_int(row, 2);
    ret->landed = lake_col_int(row, 3);
    ret->duplicates = lake_col_int(row, 4);
    ret->rejected = lake_col_int(row, 5);
    ret->gaps = lake_col_int(row, 6);
    return 0;
}

/* Columns of sql/ledger/mark_positions.sql. */
enum { P_TOPIC, P_EPOCH, P_PARTITION, P_START, P_NEXT, P_TOPIC_ID, P_CLUSTER_ID };

static int read_positions(LakeConn *conn, CommitMark *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    if (lake_query(conn, "ledger/mark_positions", lake_sql("ledger/mark_positions"), NULL, 0, &row, err) != 0) return -1;
    int got;
    while ((got = lake_next(row, err)) > 0) {
        LedgerTopic topic = {.name = lake_col_text(row, P_TOPIC, NULL),
                             .epoch = (int)lake_col_int(row, P_EPOCH),
                             .topic_id = lake_col_text(row, P_TOPIC_ID, NULL),
                             .cluster_id = lake_col_text(row, P_CLUSTER_ID, NULL)};
        int64_t start = lake_col_int(row, P_START), next = lake_col_int(row, P_NEXT);
        if (start < 0 || next < 0) continue; /* impossible: an older smelt stored "not known" as an offset; the migration corrects it */
        commit_mark_put(ret, &topic, (int32_t)lake_col_int(row, P_PARTITION), start, next);
    }
    return got;
}

/* A lake of an older schema version has not all of them. */
static int find_tables(LakeConn *conn, bool *ret_identity, bool *ret_ledger, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    *ret_identity = *ret_ledger = false;
    if (lake_query(conn, "ledger/tables", lake_sql("ledger/tables"), NULL, 0, &row, err) != 0) return -1;
    int got;
    while ((got = lake_next(row, err)) > 0) *(strcmp(lake_col_text(row, 0, NULL), "lake_identity") == 0 ? ret_identity : ret_ledger) = true;
    return got;
}

int commit_mark_of_lake(LakeConn *conn, CommitMark *ret, Error *err) {
    CLEANUP(commit_mark_done) CommitMark mark = {0};
    bool has_identity, has_ledger;
    if (find_tables(conn, &has_identity, &has_ledger, err) != 0) return -1;
    if (has_identity && read_totals(conn, &mark, err) != 0) return -1;
    if (has_ledger && read_positions(conn, &mark, err) != 0) return -1;
    *ret = mark;
    mark = (CommitMark){0};
    return 0;
}

/* ---- when the lake is opened ---- */

static int error_behind(const char *path, const CommitMark *mark, const CommitMark *lake, Error *err) {
    CLEANUP(buf_done) Buf where = {0};
    commit_mark_describe(mark, lake, &where);
    return error_set(err, ERR_DATA,
                     "the lake is behind its commit mark %s: commits were lost or taken back: %s. Nothing was changed. "
                     "Next: `smelt recover` shows what it would do",
                     path, where.data);
}

static int error_missing(const char *path, const CommitMark *mark, Error *err) {
    return error_set(err, ERR_DATA,
                     "the lake is gone: by its commit mark %s it had %" PRId64 " %s in %" PRId64
                     " %s. Next: `smelt recover` shows what it would do; to begin a new lake on purpose, move the mark away",
                     path, mark->landed, counted(mark->landed, "event", "events"), mark->commit,
                     counted(mark->commit, "commit", "commits"));
}

static int error_foreign(const char *path, const CommitMark *mark, const CommitMark *lake, Error *err) {
    return error_set(err, ERR_DATA,
                     "the commit mark %s is of another lake (%s; this one is %s): one of the two was replaced. Next: bring back the lake "
                     "that belongs there, or let `smelt recover` set the mark aside",
                     path, mark->lake_id, lake->lake_id);
}

static int set_damaged_aside(const char *path, Error *err) {
    CLEANUP(free_text) char *aside = NULL;
    if (file_set_aside(path, &aside, err) != 0) return -1;
    log_warn("lake", "the commit mark %s was damaged: it is kept as %s, and a new one is written", path, aside);
    return 0;
}

static int compare(LakeConn *conn, const char *path, const CommitMark *mark, CommitMark *lake, Error *err) {
    if (conn == NULL) return mark->commit > 0 ? error_missing(path, mark, err) : 0;
    if (commit_mark_of_lake(conn, lake, err) != 0) return -1;
    switch (commit_mark_compare(mark, lake)) {
    case MARK_REACHED: return 0;
    case MARK_BEHIND: return error_behind(path, mark, lake, err);
    case MARK_FOREIGN: return error_foreign(path, mark, lake, err);
    }
    BUG("unknown verdict");
}

int commit_mark_check(LakeConn *conn, const char *path, CommitMark *lake, Error *err) {
    CLEANUP(commit_mark_done) CommitMark mark = {0};
    CommitMarkState state;
    if (commit_mark_load(path, &state, &mark, err) != 0) return -1;
    if (state == MARK_NONE) return 0;
    return state == MARK_DAMAGED ? set_damaged_aside(path, err) : compare(conn, path, &mark, lake, err);
}

/* The mark is read first: a writer updates it after the lake. */
int commit_mark_verify(LakeConn *conn, const char *path, Error *err) {
    CLEANUP(commit_mark_done) CommitMark mark = {0};
    CLEANUP(commit_mark_done) CommitMark lake = {0};
    CommitMarkState state;
    if (commit_mark_load(path, &state, &mark, err) != 0) return -1;
    return state == MARK_GOOD ? compare(conn, path, &mark, &lake, err) : 0;
}

static void save(CommitMarkKeeper *w) {
    Error err = {0};
    bool failed = commit_mark_save(w->path, &w->mark, &err) != 0;
    if (failed && !w->failing) log_warn("lake", "the commit mark cannot be written, so it is behind the lake for now: %s", err.text);
    if (!failed && w->failing) log_info("lake", "the commit mark is up to date again");
    w->failing = failed;
    error_clear(&err);
}

static bool is_current(const char *path, const CommitMark *lake) {
    CLEANUP(commit_mark_done) CommitMark mark = {0};
    CommitMarkState state = MARK_NONE;
    Error ignored = {0};
    if (commit_mark_load(path, &state, &mark, &ignored) != 0) error_clear(&ignored);
    return state == MARK_GOOD && mark.stuck == NULL && mark.away == NULL && mark.generation == lake->generation &&
           mark.commit == lake->commit && commit_mark_compare(lake, &mark) == MARK_REACHED;
}

int commit_mark_keeper_open(LakeConn *conn, const char *path, CommitMark *lake, CommitMarkKeeper **ret, Error *err) {
    CLEANUP(commit_mark_keeper_freep) CommitMarkKeeper *w = xcalloc(1, sizeof *w);
    w->path = xstrdup(path);
    w->mark = *lake;
    *lake = (CommitMark){0};
    if (w->mark.lake_id == NULL) { /* not read before, or of a lake that got its identity since */
        commit_mark_done(&w->mark);
        if (commit_mark_of_lake(conn, &w->mark, err) != 0) return -1;
    }
    if (!is_current(path, &w->mark)) save(w);
    *ret = TAKE(w);
    return 0;
}

void commit_mark_keeper_free(CommitMarkKeeper *w) {
    commit_mark_done(&w->mark);
    free(w->path);
    free(w);
}

/* ---- afterwards ---- */

void commit_mark_keeper_landed(CommitMarkKeeper *w, const CommitMarkBatch *batch) {
    if (w == NULL) return;
    for (size_t i = 0; i < batch->position_count; i++) {
        const Offsets *moved = &batch->positions[i];
        commit_mark_put(&w->mark, batch->topic, moved->partition, moved->start, moved->next);
    }
    w->mark.commit = batch->batch_id;
    w->mark.landed += batch->counts.landed;
    w->mark.duplicates += batch->counts.duplicates;
    w->mark.rejected += batch->counts.rejected;
    w->mark.gaps += batch->counts.gaps;
    save(w);
}

/* `list` (NULL: empty) with `news` in place of what it has of the topic; NULL when that is nothing. */
static json_t *replaced(json_t *list, const char *topic, const json_t *news) {
    size_t i;
    json_t *item, *all = json_array();
    json_array_foreach(list, i, item) {
        if (strcmp(json_string_value(json_object_get(item, "topic")), topic) != 0) json_array_append(all, item);
    }
    json_array_extend(all, (json_t *)(uintptr_t)news);
    json_decref(list);
    if (json_array_size(all) > 0) return all;
    json_decref(all);
    return NULL;
}

void commit_mark_keeper_stuck(CommitMarkKeeper *w, const char *topic, json_t *stuck) {
    if (w != NULL) {
        w->mark.stuck = replaced(w->mark.stuck, topic, stuck);
        save(w);
    }
    json_decref(stuck);
}

void commit_mark_keeper_away(CommitMarkKeeper *w, const char *topic, const char *reason) {
    if (w == NULL) return;
    CLEANUP(json_freep) json_t *news = json_array();
    if (reason != NULL)
        json_array_append_new(news, json_pack("{ss sI ss}", "topic", topic, "since_us", (json_int_t)clock_wall_us(), "reason", reason));
    w->mark.away = replaced(w->mark.away, topic, news);
    save(w);
}

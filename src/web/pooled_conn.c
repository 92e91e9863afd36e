/* pooled_conn.c: see pooled_conn.h. */
#include "web/pooled_conn.h"

#include "base/memory.h"
#include <string.h>

void pooled_conn_free(PooledConn *c) {
    if (c->conn != NULL) lake_conn_free(c->conn);
    gold_entities_done(&c->entities);
    free(c->declared);
    free(c);
}

static int run_named(const PooledConn *c, const char *name, Error *err) {
    CLEANUP(free_text) char *sql = gold_entity_sql(gold_entities_scored(&c->entities), name);
    return lake_exec(c->conn, name, sql, err);
}

/* Gives the connection the names that the queries use. */
static int prepare(PooledConn *c, Error *err) {
    gold_entities_done(&c->entities);
    if (gold_entities_read(c->conn, &c->entities, err) != 0) return -1;
    if (c->entities.count == 0)
        error_set(err, ERR_UNAVAILABLE, "there is no Gold yet");
    else if (run_named(c, c->live ? "serving/views" : "serving/snapshot", err) == 0 && run_named(c, "serving/names", err) == 0)
        return 0;
    if (!c->live) return -1;
    error_prefix(err, "the live lake has nothing to serve yet");
    err->kind = ERR_UNAVAILABLE;
    return -1;
}

int pooled_conn_open(Lake *lake, bool live, PooledConn **ret, Error *err) {
    CLEANUP(pooled_conn_freep) PooledConn *c = xcalloc(1, sizeof *c);
    c->live = live;
    c->declared = xstrdup("");
    if (lake_connect(lake, &c->conn, err) != 0 || prepare(c, err) != 0) return -1;
    *ret = TAKE(c);
    return 0;
}

/* A live lake has no generation: its tag is what changes with every commit, and when this process began to serve it. *ret_same: the
 * connection has the names of what is declared now. */
static int read_live_tag(PooledConn *c, const char *prefix, char tag[SNAPSHOT_TAG_SIZE], bool *ret_same, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    if (lake_query(c->conn, "serving/version", lake_sql("serving/version"), NULL, 0, &row, err) != 0 || lake_next(row, err) < 0) return -1;
    snprintf(tag, SNAPSHOT_TAG_SIZE, "%s-%s", prefix, lake_col_text(row, 0, NULL));
    const char *declared = lake_is_null(row, 1) ? "" : lake_col_text(row, 1, NULL);
    *ret_same = strcmp(declared, c->declared) == 0;
    if (*ret_same) return 0;
    free(c->declared);
    c->declared = xstrdup(declared);
    return 0;
}

/* DuckDB's transactions see the lake as it is at their first statement. */
static int see_state(PooledConn *c, uint64_t *ret_state, Error *err) {
    uint64_t before, after;
    bool quiet = lake_is_quiet(lake_of(c->conn), &before);
    int64_t unused;
    if (lake_begin(c->conn, err) != 0 || lake_query_int(c->conn, "serving/begin", lake_sql("serving/begin"), NULL, 0, &unused, err) != 0)
        return -1;
    *ret_state = quiet && lake_is_quiet(lake_of(c->conn), &after) && after == before ? before : 0;
    return 0;
}

int pooled_conn_begin(PooledConn *c, const char *prefix, char tag[SNAPSHOT_TAG_SIZE], uint64_t *ret_state, Error *err) {
    bool same = true;
    uint64_t known = c->state;
    c->state = 0;
    if (see_state(c, ret_state, err) != 0) return -1;
    bool seen = *ret_state != 0 && *ret_state == known;
    if (!seen && read_live_tag(c, prefix, c->tag, &same, err) != 0) return -1;
    memcpy(tag, c->tag, SNAPSHOT_TAG_SIZE);
    if (!same && prepare(c, err) != 0) return -1;
    c->state = *ret_state;
    return 0;
}

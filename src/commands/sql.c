/* sql.c: `smelt sql`: runs read-only SQL on the newest snapshot, and prints what contracts and features become. */
#include "base/document.h"
#include "base/json_row.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/periodic.h"
#include "base/stop.h"
#include "commands/all.h"
#include "commands/app.h"
#include "commands/sql_remote.h"
#include "contract/pipeline.h"
#include "refine/show.h"
#include "snapshot/snapshot.h"
#include <stdio.h>

enum { OPT_SHOW = 1, OPT_URL, OPT_TOKEN_FILE, OPT_CA };

typedef struct Options {
    const char *show, *query;
    RemoteQuery remote; /* url NULL: the snapshots of data.dir */
} Options;

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case OPT_SHOW: o->show = arg; return 0;
    case OPT_URL: o->remote.url = arg; return 0;
    case OPT_TOKEN_FILE: o->remote.token_file = arg; return 0;
    case OPT_CA: o->remote.ca = arg; return 0;
    case ARGP_KEY_ARG:
        if (o->query != NULL) return ARGP_ERR_UNKNOWN;
        o->query = arg;
        return 0;
    case ARGP_KEY_END:
        if ((o->query == NULL) == (o->show == NULL)) argp_error(state, "give one query, or --show LAYER");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options =
        (const struct argp_option[]){
            {"show", OPT_SHOW, "LAYER", 0,
             "Print what the contracts and features become, the program that judges events and SQL: silver or gold", 0},
            {"url", OPT_URL, "URL", 0, "Ask the server there, which has http.query on, instead of the snapshots of data.dir", 0},
            {"token-file", OPT_TOKEN_FILE, "FILE", 0, "With --url: the token is the first line of this file; it needs the scope query", 0},
            {"ca", OPT_CA, "FILE", 0, "With --url: the certificates to trust, instead of the system's", 0},
            {0}},
    .parser = parse,
    .args_doc = "[QUERY]",
    .doc = "Runs one read-only query on the newest snapshot and prints one JSON object per row. "
           "The query has no access to files, the network or settings, and never blocks the pipeline."
           "\vExamples:\n"
           "  smelt sql 'SELECT sum(events) AS events FROM silver_drift'\n"
           "  smelt sql 'SHOW TABLES'\n"
           "  smelt sql --url https://smelt.example --token-file token 'SHOW TABLES'\n"
           "  smelt sql --show silver\n",
};

static int show(App *app, const char *what, Error *err) {
    CLEANUP(pipeline_freep) Pipeline *pipeline = NULL;
    CLEANUP(free_text) char *text = NULL;
    if (pipeline_load(app->settings, &pipeline, err) != 0 || refine_show(pipeline, what, &text, err) != 0) return -1;
    say(app, "%s\n", text);
    app->summary = json_pack("{ss ss}", "show", what, "sql", text);
    return 0;
}

/* A query has no timeout of its own: Ctrl-C interrupts it. */
static void interrupt_after_stop(void *conn) {
    if (stop_requested()) lake_interrupt(conn);
}

/* *ret_said: rows of it were printed. */
static int print_rows(App *app, LakeResult *rows, bool *ret_said, Error *err) {
    CLEANUP(json_freep) json_t *all = app->json ? json_array() : NULL;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        CLEANUP(buf_done) Buf row = {0};
        json_write_row(&row, lake_col_text(rows, 0, NULL), app->json);
        json_t *document = app->json ? json_loadb(row.data, row.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
        if (app->json && document == NULL) return error_set(err, ERR_DATA, "a row cannot be printed as JSON: %.200s", row.data);
        *ret_said = *ret_said || !app->json;
        if (app->json)
            json_array_append_new(all, document);
        else
            say(app, "%s\n", row.data);
    }
    if (got == 0 && all != NULL) app->summary = json_pack("{sO}", "rows", all);
    return got;
}

/* `verify`: a generation is asked only after all of it was read. */
static int ask_snapshot(App *app, const char *sql, bool verify, bool *ret_said, Error *err) {
    CLEANUP(snapshot_freep) Snapshot *snapshot = NULL;
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    CLEANUP(periodic_stopp) Periodic *stop_checks = NULL; /* ends before the connection */
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    LakeOptions options = writer_lake_options(app->settings);
    int (*open)(const char *, const LakeOptions *, Snapshot **, Error *) = verify ? snapshot_open_verified : snapshot_open;
    if (open(app->layout.snapshots_dir, &options, &snapshot, err) != 0 || lake_connect(snapshot_lake(snapshot), &conn, err) != 0) return -1;
    if (snapshot_problem(snapshot) != NULL)
        log_warn("sql", "%s; generation %lld is read", snapshot_problem(snapshot), (long long)snapshot_generation(snapshot));
    if (periodic_start(100, interrupt_after_stop, conn, &stop_checks, err) != 0) return -1;
    int rc = lake_query(conn, "your query", sql, NULL, 0, &rows, err);
    return rc == 0 ? print_rows(app, rows, ret_said, err) : rc;
}

/* A damaged block may be one that opening does not read: then the query is asked again of a generation that is whole. */
static int query(App *app, const char *sql, Error *err) {
    bool said = false;
    /* to_json can print every type of DuckDB. A column of the row's own name would stand for the row. */
    CLEANUP(free_text) char *wrapped = lake_user_query("to_json(\"the query's row\")::VARCHAR", sql, "");
    int rc = ask_snapshot(app, wrapped, false, &said, err);
    if (rc != 0 && err->kind == ERR_IO && !said && !stop_requested()) {
        log_warn("sql", "%s", err->text);
        error_clear(err);
        rc = ask_snapshot(app, wrapped, true, &said, err);
    }
    if (rc == 0) return 0;
    if (err->kind == ERR_BUG) err->kind = ERR_USAGE; /* the mistake is in the user's query */
    return err->kind == ERR_USAGE || err->kind == ERR_DATA || err->kind == ERR_IO ? lake_user_query_failed(sql, err) : -1;
    return rc;
}

static int ask_server(App *app, const RemoteQuery *query, Error *err) {
    CLEANUP(json_freep) json_t *answer = NULL;
    if (remote_query(query, &answer, err) != 0) return -1;
    size_t i;
    json_t *row;
    if (json_is_true(json_object_get(answer, "truncated"))) log_warn("sql", "there are more rows: give the query a LIMIT");
    if (app->json) app->summary = json_incref(answer);
    json_array_foreach(json_object_get(answer, "rows"), i, row) {
        CLEANUP(free_text) char *text = app->json ? NULL : json_text(row);
        if (text != NULL) say(app, "%s\n", text);
    }
    return 0;
}

int command_sql(App *app, int argc, char **argv, Error *err) {
    Options o = {0};
    if (command_parse(app, &argp, argc, argv, &o, err) != 0) return -1;
    o.remote.sql = o.query;
    if (o.remote.url == NULL && (o.remote.token_file != NULL || o.remote.ca != NULL))
        return error_set(err, ERR_USAGE, "--token-file and --ca belong to --url");
    if (o.show == NULL && o.remote.url != NULL) return ask_server(app, &o.remote, err);
    return o.show != NULL ? show(app, o.show, err) : query(app, o.query, err);
}

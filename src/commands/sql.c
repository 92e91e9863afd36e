/* sql.c: `smelt sql`: runs read-only SQL on the newest snapshot, and prints what contracts and features become. */
#include "base/document.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/periodic.h"
#include "base/stop.h"
#include "commands/all.h"
#include "commands/app.h"
#include "commands/sql_row.h"
#include "contract/pipeline.h"
#include "refine/show.h"
#include "snapshot/snapshot.h"
#include <stdio.h>

enum { OPT_SHOW = 1 };

typedef struct Options {
    const char *show, *query;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case OPT_SHOW: o->show = arg; return 0;
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
            {0}},
    .parser = parse,
    .args_doc = "[QUERY]",
    .doc = "Runs one read-only query on the newest snapshot and prints one JSON object per row. "
           "The query has no access to files, the network or settings, and never blocks the pipeline."
           "\vExamples:\n"
           "  smelt sql 'SELECT count(*) AS events FROM silver_drift'\n"
           "  smelt sql 'SHOW TABLES'\n"
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

static int print_rows(App *app, LakeResult *rows, Error *err) {
    json_t *all = app->json ? json_array() : NULL;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        CLEANUP(free_text) char *row = sql_row_json(lake_col_text(rows, 0, NULL), app->json);
        json_t *document = app->json ? json_loads(row, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
        if (app->json && document == NULL) return error_set(err, ERR_DATA, "a row cannot be printed as JSON: %.200s", row);
        if (app->json)
            json_array_append_new(all, document);
        else
            say(app, "%s\n", row);
    }
    if (all != NULL) app->summary = json_pack("{so}", "rows", all);
    return got;
}

static int query(App *app, const char *sql, Error *err) {
    CLEANUP(snapshot_freep) Snapshot *snapshot = NULL;
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    CLEANUP(periodic_stopp) Periodic *stop_checks = NULL; /* ends before the connection */
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    LakeOptions options = writer_lake_options(app->settings);
    /* to_json can print every type of DuckDB. A statement that is not a query does not parse inside a SELECT, on purpose. A column of the
     * row's own name would stand for the row. */
    CLEANUP(free_text) char *wrapped = xasprintf("SELECT to_json(\"the query's row\")::VARCHAR FROM (%s\n) AS \"the query's row\"", sql);
    if (snapshot_open(app->layout.snapshots_dir, &options, &snapshot, err) != 0 || lake_connect(snapshot_lake(snapshot), &conn, err) != 0)
        return -1;
    if (snapshot_problem(snapshot) != NULL)
        log_warn("sql", "%s; generation %lld is read", snapshot_problem(snapshot), (long long)snapshot_generation(snapshot));
    if (periodic_start(100, interrupt_after_stop, conn, &stop_checks, err) != 0) return -1;
    int rc = lake_query(conn, "your query", wrapped, NULL, 0, &rows, err);
    if (rc == 0) rc = print_rows(app, rows, err);
    if (rc != 0 && err->kind == ERR_BUG) err->kind = ERR_USAGE; /* the mistake is in the user's query */
    return rc;
}

int command_sql(App *app, int argc, char **argv, Error *err) {
    Options o = {0};
    if (command_parse(app, &argp, argc, argv, &o, err) != 0) return -1;
    return o.show != NULL ? show(app, o.show, err) : query(app, o.query, err);
}

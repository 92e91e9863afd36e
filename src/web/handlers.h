/* handlers.h: the handlers that answer routes, and what they share. Knows nothing of sockets. Service: any thread. */
#pragma once
#include "web/gate.h"
#include "web/metrics.h"
#include "web/query_timeouts.h"
#include "web/request.h"
#include "web/response.h"
#include "web/snapshot_pool.h"
#include <jansson.h>
#include <stdatomic.h>

typedef struct Route Route; /* routes.h */

typedef struct Service {
    const Route *routes; /* the whole table, for what describes it */
    SnapshotPool *pool;
    json_t *(*status)(void *arg);
    void *status_arg;
    json_t *(*samples)(void *arg); /* NULL: none */
    void *samples_arg;
    int (*ready)(void *arg, Error *err); /* NULL: always */
    void *ready_arg;
    void (*asked)(void *arg); /* NULL: nobody wants to know */
    void *asked_arg;
    const char *models_dir; /* where the reports of models are; NULL: nowhere */
    const char *audit_path; /* what `smelt audit` found last; NULL: not known */
    /* Rows that no snapshot holds (snapshot/lake_rows.h); NULL: they cannot be asked for. One call at a time. */
    int (*ask)(void *arg, const char *name, const json_t *args, json_t **ret, Error *err);
    void *ask_arg;
    json_t *(*contracts)(void *arg); /* the contracts as a list; a new reference, NULL: they cannot be read. NULL: none */
    void *contracts_arg;
    json_t *(*system)(void *arg); /* version, settings, backup: a new reference. NULL: none */
    void *system_arg;
    const char *status_history_path; /* NULL: none is kept */
    int64_t started_us, started_ns;  /* by the wall clock, and by clock_mono_ns */
    SnapshotPool *sql;               /* for queries of users; NULL: there are none */
    char *export_dir;                /* where answers become files (parquet.h); NULL: nowhere */
    struct Downloads *downloads;     /* generations as files; NULL: there are none */
    struct Past *past;               /* earlier generations; with downloads */
    struct Exports *exports;         /* tables of generations as files; NULL: there is no folder for them */
    struct Stream *stream;           /* NULL: there is none */
    struct Operations *operations;   /* what changes the lake; NULL: nothing does */
    struct NoteStore *notes;         /* what people wrote (note_store.h); NULL: nothing can be */
    struct AuditLog *audit_log;      /* NULL: there is none */
    struct SelfCheck *self_check;    /* for the probes */
    Gate *gate;                      /* NULL: everybody may ask */
    WebMetrics *metrics;
    QueryTimeouts *timeouts;
    struct SingleFlight *flights; /* of the answers that workers are making; NULL: each request makes its own */
    atomic_bool draining;         /* readyz answers 503, so that no new work is sent here */
} Service;

/* True when the address is the list of an entity that is served: it answers 200, unless there is a cursor. */
bool is_entity_list(const Request *req, const Lease *lease);

/* Whether its rows have a risk: a label is declared, or a model was trained on labels of a file. */
int entity_has_risk(const Lease *lease, const GoldEntity *e, bool *ret, Error *err) MUST_CHECK;

/* Answers, or returns -1 with the error set; a response that was begun is then dropped. `lease` is NULL for routes without ROUTE_LAKE. */
typedef int (*Handler)(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);

/* The same without a query, from the rows in memory that the lease has. False: only a query can tell. */
typedef bool (*AtOnce)(Service *s, const Request *req, const Lease *lease, Response *resp);
bool entity_at_once(Service *s, const Request *req, const Lease *lease, Response *resp);
bool entities_at_once(Service *s, const Request *req, const Lease *lease, Response *resp);

extern const ParamSpec entities_params[], runs_params[], history_params[], changes_params[], features_params[], scores_params[],
    histogram_params[], lookup_params[], range_params[], quality_params[], rules_params[], quarantine_params[], rejects_params[],
    events_params[], message_params[], status_history_params[], notes_params[], related_params[], days_params[], entity_params[],
    snapshot_params[];
/* An earlier generation, of routes with ROUTE_PAST. */
#define AS_OF_PARAM(of)                                                                                                                    \
    { "as_of", PARAM_INT, .least = 1, .most = 999999999999, .help = "as it was in this generation, while that is kept", .only = of }

/* "text/css; charset=utf-8" by the ending of a path; NULL: of no file that there could be. */
const char *asset_type(const char *path);

int handle_openapi(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_newest_snapshot(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_snapshot(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_query(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_stream(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_problem(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_overview(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_history(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_changes(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_pipeline(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_entities(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_entity(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_features(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_entity_scores(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_lookup(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_histogram(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_models(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_model(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_partitions(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_throughput(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_latency(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_audit(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_run(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_quality(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_quality_rules(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_quality_state(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_days(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_related(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_notes(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_note_add(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_notes_lookup(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_quarantine(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_rejects(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_message(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_entity_events(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_contracts(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_system(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_status_history(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_start_run(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_promote(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_replay(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_operations(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_operation(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_runs(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_status(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_livez(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_readyz(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_metrics(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_tokens(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_session(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);
int handle_asset(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);

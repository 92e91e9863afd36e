/* web.h: the HTTP server with the API, the dashboards, the probes and the metrics.
 *
 * One event loop speaks HTTP and never waits; queries run on workers. Reads come from published snapshots, followed without a restart, or
 * from the live lake of this process. Any thread may call; web_stop from one. */
#pragma once
#include "lake/lake.h"
#include <jansson.h>

typedef struct Web Web;
typedef struct AuditLog AuditLog; /* audit_log.h */

typedef struct WebOptions {
    const char *listen;                    /* "127.0.0.1:8080", "[::1]:8080"; port 0 picks a free one */
    const char *hosts;                     /* more hosts that it answers for, "smelt,smelt.example" (hosts.h); NULL: none */
    const char *tokens_path;               /* who may ask (gate.h); NULL: everybody */
    const char *uses_path;                 /* where the last use of tokens is written; with tokens_path */
    bool access_log;                       /* log lines for each answer */
    AuditLog *audit_log;                   /* who read what about persons, or changed what; NULL: nowhere. Borrowed */
    int token_rate;                        /* requests of one token in a second; 0: no limit */
    bool open;                             /* without a file of tokens, everybody may ask, also from other machines */
    const char *tls_certificate, *tls_key; /* PEM files (base/tls.h), read again when they change; NULL or "": no TLS */
    const char *trusted_proxies;           /* whose X-Forwarded-Proto counts (peers.h); NULL: none */
    const char *snapshots_dir;             /* read from what is published there ... */
    Lake *live;                            /* ... or, when this is set, from this lake; borrowed */
    LakeOptions lake;                      /* for snapshots; copied */
    int64_t rows_memory;                   /* bytes for rows of snapshots that are held to answer without a query; 0: none are */
    bool query;                            /* answer queries of users on the newest snapshot ... */
    int64_t query_memory;                  /* ... with so many bytes for all of them */
    /* What GET /api/v1/status answers: {state, components, ...}; a new reference. Called on workers, must be quick. NULL: 404. */
    json_t *(*status)(void *arg);
    void *status_arg;
    /* Samples for GET /metrics besides those of the server and the lake: [[metric, value, {label: value}], ...]; a new reference. Called on
     * workers, must be quick. NULL: none. */
    json_t *(*samples)(void *arg);
    void *samples_arg;
    /* Is this server ready for requests? GET /readyz answers 503 with the error's text when it returns -1. Called about twice a second, on
     * one thread; one that takes long is not ready. NULL: ready when there is data to serve. */
    int (*ready)(void *arg, Error *err);
    void *ready_arg;
    /* Somebody asks for data, not only how the server is. Called on the event loop, must be quick. NULL: nobody wants to know. */
    void (*asked)(void *arg);
    void *asked_arg;
    const char *models_dir;          /* where the reports of models are; NULL: nowhere */
    const char *audit_path;          /* what `smelt audit` found last; NULL: not known */
    const char *operations_path;     /* what was asked to be changed (operation_log.h); NULL: that is kept in memory */
    const char *notes_path;          /* what people write (note_store.h); NULL: nothing can be written */
    const char *status_history_path; /* the changes of the parts' states (health/history.h); NULL: none */
    /* Rows that no snapshot holds (snapshot/lake_rows.h), for a server that reads snapshots. Called on workers, one at a time. NULL: they
     * cannot be asked for. */
    int (*ask)(void *arg, const char *name, const json_t *args, json_t **ret, Error *err);
    void *ask_arg;
    /* What GET /api/v1/quality/contracts answers: a list; a new reference, NULL: they cannot be read. NULL: 404. */
    json_t *(*contracts)(void *arg);
    void *contracts_arg;
    /* What GET /api/v1/system answers, with what is for operators in `settings` and `backup`: a new reference. NULL: 404. */
    json_t *(*system)(void *arg);
    void *system_arg;
    /* What changes the lake (web/operations.h): does it and waits for its end. Called on a thread of its own, one at a time. `kind` is run
     * ({train}), promote ({id, force}) or replay ({}). It returns soon after stop_requested(). NULL: this server changes nothing. */
    int (*write)(void *arg, const char *kind, const json_t *args, json_t **ret, Error *err);
    void *write_arg;
    int workers;         /* queries at a time, besides probes and metrics; 0: twice the cores, at least 4 */
    int max_connections; /* 0: 1024, or what the limit of open files allows */
} WebOptions;

/* Listens and serves from its own threads. ERR_CONFIG: not an address; ERR_IO: it is taken or not allowed. The caller stops it.
 */
int web_start(const WebOptions *options, Web **ret, Error *err) MUST_CHECK;
/* "http://127.0.0.1:41234": what a browser on this machine can open. Valid as long as the server. */
const char *web_url(const Web *web);
/* Refuses new connections, answers open requests (up to 3 s), closes and frees. */
void web_stop(Web *web);
static inline void web_stopp(Web **web) {
    if (*web != NULL) web_stop(*web);
}

/* Every metric of GET /metrics, as a document (docs/metrics.md) and as [{name, type, labels, help}, ...]; the caller's. */
char *web_metrics_document(void) MUST_CHECK;
json_t *web_metrics_list(void) MUST_CHECK;

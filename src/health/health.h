/* health.h: the state of each part, in words: what `smelt status` prints and GET /api/v1/status answers.
 *
 * Each part is checked in its own way (Kafka by a metadata request). A part is late when work waits for it: an idle topic is not an error.
 * A part that could not be checked is never "ok".
 *
 * Health: health_report and health_samples from any thread; the others from one. */
#pragma once
#include "base/settings.h"
#include "kafka/topics.h"
#include "lake/lake.h"
#include <jansson.h>

typedef struct Health Health;

typedef struct HealthOptions {
    const Settings *settings; /* borrowed */
    const TopicList *topics;  /* that are read; borrowed */
    Lake *live;               /* the lake of this process; NULL: the newest snapshot is read, never the live file. Borrowed */
    const char *refused;      /* why this process cannot use the lake, and what to do; NULL: it can. Borrowed */
    /* Asks the process that writes the lake whether it is what its mark says (flow/reader.h: reader_check_writer). NULL: it is not asked.
     */
    int (*check_writer)(const Settings *settings, Error *err);
    int (*check_tokens)(const Settings *settings, Error *err); /* can the API's tokens be read? NULL: it is not asked */
    int (*check_audit_log)(void *arg, Error *err);             /* can the API's audit log be written? NULL: it is not asked */
    void *audit_log;                                           /* its `arg`; borrowed */
    const char *history_path, *by; /* where changes of states are kept (health/history.h), and who looked; NULL: nowhere. Borrowed */
    const char *disk_history_path; /* the free space over time (health/disk_trend.h): added to with `by`, else read. NULL: none. Borrowed */
    bool ask_api;                  /* GET /livez at http.listen; not for a server, which is the API */
} HealthOptions;

/* Checks nothing yet. ERR_CONFIG: Kafka's settings are wrong. */
int health_new(const HealthOptions *options, Health **ret, Error *err) MUST_CHECK;
void health_free(Health *h);
DEFINE_CLEANUP(health_free, Health)
/* Checks every part now; waits up to about 4 s when Kafka is away. */
void health_refresh(Health *h);
/* Refreshes from a thread of its own, every `interval_ms`, until health_free. ERR_IO: there is no thread to spare. */
int health_start(Health *h, int interval_ms, Error *err) MUST_CHECK;

/* {state, summary, checked_at, components: [{name, title, state, detail, verified_at, ...}]}; a new reference. States: "ok", "degraded",
 * "down", and "unknown" before the first refresh, and when a refresh of health_start hangs. The whole is the worst of its parts. */
json_t *health_report(Health *h) MUST_CHECK;
/* The same as numbers for GET /metrics: [[metric, value, {label: value}], ...]; a new reference. Empty before the first refresh. */
json_t *health_samples(Health *h) MUST_CHECK;

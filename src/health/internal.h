/* internal.h: what the files of health share. */
#pragma once
#include "base/buf.h"
#include "base/clock.h"
#include "base/files.h"
#include "health/disk_trend.h"
#include "health/health.h"
#include "health/lake_check.h"
#include "kafka/admin.h"
#include "ledger/commit_mark.h"
#include "recovery/backup.h"

typedef enum State { STATE_OK, STATE_DEGRADED, STATE_DOWN, STATE_UNKNOWN } State; /* later is worse */
const char *state_name(State s);

/* One of the topics that are read. */
typedef struct TopicFacts {
    const char *name; /* borrowed from HealthOptions.topics */
    KafkaTopic kafka; /* when Kafka answered */
    char *problem;    /* why this one was not described; NULL: it was. Owned */
} TopicFacts;

/* What was measured, before it is judged. Owned by Health; health_refresh fills it. */
typedef struct Facts {
    int64_t now_us;
    const Settings *settings;
    bool live, ask_api;
    KafkaPing kafka;
    char *kafka_error; /* NULL: it answered */
    TopicFacts *topics;
    size_t topic_count;
    char *lake_path;
    int64_t lake_bytes, lake_changed_us; /* -1: no lake */
    bool no_data_dir;
    const LakeCheck *lake; /* what was found in it; borrowed. NULL: not looked at */
    const char *refused;   /* why this process does not use it (HealthOptions.refused); borrowed */
    CommitMarkState mark_state;
    CommitMark mark;          /* the commit mark, when it is good */
    char *mark_error;         /* it could not be read */
    BackupState backup_state; /* of backup.dir, when that is set */
    Backup backup;
    char *backup_error;
    char *writer;              /* the process that holds the lake; NULL: none */
    json_t *runs;              /* flow/run_record.h; NULL: no run yet, or not known */
    char *runs_error;          /* the record of runs cannot be read */
    bool run_lost;             /* the last run ended without recording its end */
    json_t *row;               /* of sql/serving/health.sql; NULL: nothing published or refined */
    char *row_error;           /* why not */
    const char *model_problem; /* why nothing can be scored with the model in use; NULL: it can, or that is not known here. Borrowed */
    int64_t generation;        /* of the snapshot that is read, or of the newest when live; 0: none */
    bool snapshot_touched;     /* its file was changed after it was published */
    char *snapshot_problem;    /* why that is not the newest; NULL: it is */
    int64_t snapshot_read_us;  /* when all of it was read; 0: never */
    char *api_url, *api_error; /* NULL error: it is alive */
    char *tokens_error;        /* why it refuses every request; NULL: it does not */
    char *audit_log_error;     /* why it cannot write who reads what; NULL: it can */
    int64_t disk_free, disk_size;
    DiskForecast disk_forecast;
} Facts;

/* One part's finding. */
typedef struct Finding {
    State state;
    Buf detail;   /* sentences */
    json_t *more; /* numbers for machines; merged into the component */
} Finding;

typedef struct Component {
    const char *name, *title;
    bool (*judge)(const Facts *f, Finding *ret); /* false: does not apply here, leave it out */
} Component;
extern const Component health_components[]; /* ends with name == NULL */

/* ---- gathering (facts.c) ---- */
typedef struct FactsCache FactsCache; /* the row of a generation, which never changes */
FactsCache *facts_cache_new(void) MUST_CHECK;
void facts_cache_free(FactsCache *c);
void facts_gather(Facts *f, FactsCache *cache, const HealthOptions *options, KafkaClient *kafka);
void facts_done(Facts *f);
/* Of the row: 0 or NULL when there is no row or the column is NULL. Times in microseconds. */
int64_t facts_int(const Facts *f, const char *column);
int64_t facts_time(const Facts *f, const char *column);
const char *facts_text(const Facts *f, const char *column);
/* The next offset that Bronze reads of a partition: of the commit mark, which is newer than a snapshot, or of the row. */
int64_t facts_next_offset(const Facts *f, const TopicFacts *t, int32_t partition);
/* Events of a partition, or of the topic, that Kafka has and Bronze does not. */
int64_t facts_lag(const Facts *f, const TopicFacts *t, const Offsets *p);
int64_t facts_topic_lag(const Facts *f, const TopicFacts *t);
/* Of the partition at index `i`, or of the topic: messages behind an open transaction, which can be read only once it ends. */
int64_t facts_behind_transaction(const TopicFacts *t, size_t i);
int64_t facts_topic_behind_transaction(const TopicFacts *t);
/* Partitions of all topics whose leaders gave no answer: what waits in them is not known, and counted nowhere. */
size_t facts_unanswered(const Facts *f);
/* Has the lake anything of the topic? */
bool facts_was_read(const Facts *f, const TopicFacts *t);
/* Why the process that reads the topics does not read this one (the commit mark); NULL: it does, as far as is known. */
const char *facts_away(const Facts *f, const TopicFacts *t);
/* The state of the last run that ended, or "lost"; NULL: none. Its object, or NULL. */
const char *facts_run_state(const Facts *f);
const json_t *facts_last_run(const Facts *f);

/* ---- the report (health.c) ---- */
/* A check that hangs, for example on a disk that does not answer, must not leave the last good report standing. */
void report_call_unknown(json_t *report, int64_t age_us);

/* ---- what contracts promise (promises.c) ---- */
/* How long an event may wait until it is in Silver, by the strictest contract; 0: none says it. `ret_type`: of which event type; borrowed.
 */
int64_t promises_wait_us(const Facts *f, const char **ret_type);
/* Adds those that are broken to what is said of Silver. */
void promises_judge(const Facts *f, Finding *ret);

/* ---- what is lost (losses.c) ---- */
/* Adds the messages that were lost for good within a day to what is said of Bronze. */
void losses_judge(const Facts *f, Finding *ret);

/* ---- the files of the model (model_files.c) ---- */
typedef struct ModelFiles {
    char *id; /* NULL: not looked at. Owned, as is `problem` */
    FileStamp document, metadata;
    char *problem; /* a sentence with the next step, without its end; NULL: none */
} ModelFiles;
void model_files_look(ModelFiles *m, const char *dir, const char *id);
void model_files_done(ModelFiles *m);

/* ---- the disk (disk.c) ---- */
bool disk_judge(const Facts *f, Finding *ret);

/* ---- numbers (samples.c) ---- */
/* [[metric, value, {label: value}], ...], the samples of one metric side by side; `parts`: the components of the report. A new reference.
 */
json_t *samples_of(const Facts *f, const json_t *parts) MUST_CHECK;

/* ---- text (format.c) ---- */
void format_count(Buf *out, int64_t n, const char *one, const char *many); /* "1 event", "12,345 events" */
void format_age(Buf *out, int64_t us);                                     /* "3 minutes" */
void format_bytes(Buf *out, int64_t bytes);                                /* "1.2 GB" */

/* ---- the API (probe.c) ---- */
/* GET /livez. 0 when a server of Smelt answered 200; ERR_UNAVAILABLE otherwise. `ret_url` (caller frees) also on failure. */
int probe_livez(const char *listen, bool tls, int timeout_ms, char **ret_url, Error *err) MUST_CHECK;

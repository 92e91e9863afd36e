/* facts.c: measures every part, judges nothing.
 *
 * The row of a snapshot never changes, so it is read once per generation; while nothing new is published, a refresh costs one stat.
 * Invariant: nothing of an earlier gathering is left in Facts; a fact that could not be read has its error instead. */
#include "health/internal.h"

#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include "flow/run_record.h"
#include "lake/layout.h"
#include "snapshot/entities.h"
#include "snapshot/snapshot.h"
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { KAFKA_TIMEOUT_MS = 2000, API_TIMEOUT_MS = 1000 };
#define LIVE_ROW_NS (60 * NSEC_PER_SEC) /* of a lake that does not change: what is in the future counts once its time has come */

struct FactsCache {
    SnapshotStamp stamp; /* of the snapshot that `row` is of */
    int64_t generation, read_us;
    char *problem; /* why it is not the newest */
    json_t *row;
    /* of a live lake: */
    uint64_t live_state; /* lake_is_quiet's when `live_row` was read; 0: it may have changed */
    int64_t live_ns;     /* when that was */
    json_t *live_row;
    LakeCheck lake;
    ModelFiles model;
};

FactsCache *facts_cache_new(void) {
    return xcalloc(1, sizeof(FactsCache));
}

void facts_cache_free(FactsCache *c) {
    json_decref(c->row);
    json_decref(c->live_row);
    free(c->problem);
    lake_check_done(&c->lake);
    model_files_done(&c->model);
    free(c);
}

void facts_done(Facts *f) {
    free(f->kafka_error);
    for (size_t i = 0; i < f->topic_count; i++) {
        kafka_topic_done(&f->topics[i].kafka);
        free(f->topics[i].problem);
    }
    free(f->topics);
    free(f->lake_path);
    free(f->writer);
    json_decref(f->runs);
    free(f->runs_error);
    commit_mark_done(&f->mark);
    free(f->mark_error);
    backup_done(&f->backup);
    free(f->backup_error);
    json_decref(f->row);
    free(f->row_error);
    free(f->snapshot_problem);
    free(f->api_url);
    free(f->api_error);
    free(f->tokens_error);
    free(f->audit_log_error);
    *f = (Facts){0};
}

/* The caller frees the text; the error is clear afterwards. */
static char *take_text(Error *err) {
    char *text = xstrdup(err->text);
    error_clear(err);
    return text;
}

/* When none of the topics can be described, it is Kafka that gives no answer. */
static void gather_kafka(Facts *f, const TopicList *topics, KafkaClient *kafka) {
    Error err = {0};
    size_t problems = 0;
    f->topics = xcalloc(topics->count, sizeof *f->topics);
    f->topic_count = topics->count;
    for (size_t i = 0; i < topics->count; i++) f->topics[i].name = topics->names[i];
    if (kafka_ping(kafka, KAFKA_TIMEOUT_MS, &f->kafka, &err) != 0) f->kafka_error = take_text(&err);
    for (size_t i = 0; i < f->topic_count && f->kafka_error == NULL; i++) {
        if (kafka_topic_describe_high(kafka, f->topics[i].name, KAFKA_TIMEOUT_MS, &f->topics[i].kafka, &err) == 0) continue;
        f->topics[i].problem = take_text(&err);
        if (++problems == f->topic_count) f->kafka_error = xstrdup(f->topics[0].problem);
    }
}

static void gather_lake(Facts *f) {
    CLEANUP(layout_done) Layout layout = layout_of(f->settings);
    struct stat st;
    f->lake_path = xstrdup(layout.lake_path);
    f->lake_bytes = -1;
    f->no_data_dir = !file_exists(layout.data_dir);
    if (stat(f->lake_path, &st) != 0) return;
    f->lake_bytes = st.st_size;
    f->lake_changed_us = st.st_mtim.tv_sec * USEC_PER_SEC;
    if (stat(layout.wal_path, &st) == 0) {
        f->lake_bytes += st.st_size;
        if (st.st_mtim.tv_sec * USEC_PER_SEC > f->lake_changed_us) f->lake_changed_us = st.st_mtim.tv_sec * USEC_PER_SEC;
    }
    f->writer = file_lock_holder(layout.lock_path);
}

static json_t *read_runs(Facts *f) {
    json_t *runs = NULL;
    Error err = {0};
    free(TAKE(f->runs_error));
    if (run_record_read(f->settings, &runs, &err) != 0) f->runs_error = take_text(&err);
    return runs;
}

/* A run holds the lake's lock from before it is recorded as running until after its end is recorded. So a run that was recorded as running
 * both before and after the lock was found free has ended without recording it. */
static void gather_runs(Facts *f) {
    CLEANUP(layout_done) Layout layout = layout_of(f->settings);
    CLEANUP(json_freep) json_t *before = read_runs(f);
    CLEANUP(free_text) char *holder = file_lock_holder(layout.lock_path);
    const json_t *running = json_object_get(before, "running");
    f->runs = read_runs(f);
    f->run_lost = holder == NULL && json_is_object(running) && json_equal(running, json_object_get(f->runs, "running"));
}

static void gather_mark(Facts *f) {
    Error err = {0};
    CLEANUP(layout_done) Layout layout = layout_of(f->settings);
    if (commit_mark_load(layout.mark_path, &f->mark_state, &f->mark, &err) != 0) f->mark_error = take_text(&err);
}

static void gather_backup(Facts *f) {
    Error err = {0};
    const char *dir = settings_text(f->settings, "backup.dir");
    size_t good;
    if (dir[0] == '\0') return;
    if (backup_read(dir, &f->backup_state, &f->backup, &err) != 0 ||
        (f->backup_state == BACKUP_GOOD &&
         (backup_check_lake(&f->backup, &f->mark, &err) != 0 || backup_check(&f->backup, BACKUP_SIZES, &good, &err) != 0)))
        f->backup_error = take_text(&err);
}

/* Gives the connection the names that the query uses. */
static int make_views(LakeConn *conn, const char *views, Error *err) {
    CLEANUP(gold_entities_done) GoldEntities entities = {0};
    if (gold_entities_read(conn, &entities, err) != 0) return -1;
    if (entities.count == 0) return error_set(err, ERR_UNAVAILABLE, "there is no Gold yet: run `smelt refine` first");
    CLEANUP(free_text) char *sql = gold_entity_sql(gold_entities_scored(&entities), views);
    return lake_exec(conn, views, sql, err);
}

/* Into the row, as `quality`: the rules that do not hold. A snapshot of an earlier version has none. */
static int add_quality(LakeConn *conn, json_t *row, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *result = NULL;
    int64_t exists = 0;
    if (lake_query_int(conn, "quality/exists", lake_sql("quality/exists"), NULL, 0, &exists, err) != 0) return -1;
    if (exists == 0) return 0;
    if (lake_query(conn, "quality/broken", lake_sql("quality/broken"), NULL, 0, &result, err) != 0 || lake_next(result, err) < 0) return -1;
    CLEANUP(json_freep) json_t *broken = lake_row_json(result);
    json_object_set(row, "quality", json_object_get(broken, "broken"));
    return 0;
}

/* Into the row, as `losses`: the newest ranges of offsets whose messages are gone for good. */
static int add_losses(LakeConn *conn, json_t *row, Error *err) {
    enum { MOST = 1000 };
    CLEANUP(lake_result_freep) LakeResult *result = NULL;
    LakeValue most = lake_int(MOST);
    json_t *losses;
    if (lake_query(conn, "serving/losses", lake_sql("serving/losses"), &most, 1, &result, err) != 0) return -1;
    if (lake_rows_json(result, &losses, err) != 0) return -1;
    json_object_set_new(row, "losses", losses);
    return 0;
}

/* Into the row, as `other_units`: what came within a day in another unit than its contract says. */
static int add_other_units(LakeConn *conn, json_t *row, Error *err) {
    char since[CLOCK_TEXT_SIZE];
    CLEANUP(lake_result_freep) LakeResult *result = NULL;
    LakeValue day_ago = lake_text(clock_format(clock_wall_us() - INT64_C(86400) * USEC_PER_SEC, since));
    json_t *units;
    if (lake_query(conn, "serving/other_units", lake_sql("serving/other_units"), &day_ago, 1, &result, err) != 0) return -1;
    if (lake_rows_json(result, &units, err) != 0) return -1;
    json_object_set_new(row, "other_units", units);
    return 0;
}

static int query_row(Lake *lake, const char *views, json_t **ret, Error *err) {
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    if (lake_connect(lake, &conn, err) != 0) return -1;
    lake_only_reads(conn);
    if (make_views(conn, views, err) != 0) return -1;
    if (lake_query(conn, "serving/health", lake_sql("serving/health"), NULL, 0, &row, err) != 0) return -1;
    int got = lake_next(row, err);
    if (got < 0) return -1;
    if (got == 0) return error_set(err, ERR_DATA, "the lake has no progress row");
    CLEANUP(json_freep) json_t *found = lake_row_json(row);
    if (add_quality(conn, found, err) != 0 || add_losses(conn, found, err) != 0 || add_other_units(conn, found, err) != 0) return -1;
    *ret = TAKE(found);
    return 0;
}

/* Reads all of the snapshot, once. */
static int read_snapshot(FactsCache *cache, const char *dir, Error *err) {
    LakeOptions options = {.threads = 1};
    CLEANUP(snapshot_freep) Snapshot *snapshot = NULL;
    SnapshotStamp stamp = snapshot_stamp(dir);
    if (cache->row != NULL && snapshot_stamp_same(&stamp, &cache->stamp)) return 0;
    json_t *row;
    if (snapshot_open_verified(dir, &options, &snapshot, err) != 0 ||
        query_row(snapshot_lake(snapshot), "serving/snapshot", &row, err) != 0)
        return -1;
    json_decref(cache->row);
    free(cache->problem);
    cache->row = row;
    cache->stamp = stamp;
    cache->read_us = clock_wall_us();
    cache->generation = snapshot_generation(snapshot);
    cache->problem = snapshot_problem(snapshot) != NULL ? xstrdup(snapshot_problem(snapshot)) : NULL;
    return 0;
}

static void gather_snapshot(Facts *f, FactsCache *cache, const char *dir) {
    Error err = {0};
    if (read_snapshot(cache, dir, &err) != 0) {
        f->row_error = take_text(&err);
        return;
    }
    f->row = json_incref(cache->row);
    f->generation = cache->generation;
    f->snapshot_read_us = cache->read_us;
    f->snapshot_problem = cache->problem != NULL ? xstrdup(cache->problem) : NULL;
}

/* The lake is asked when something was committed since. */
static int read_live(FactsCache *cache, Lake *live, Error *err) {
    uint64_t before, after;
    int64_t now = clock_mono_ns();
    bool quiet = lake_is_quiet(live, &before);
    if (quiet && before == cache->live_state && now - cache->live_ns < LIVE_ROW_NS) return 0;
    json_t *row;
    cache->live_state = 0;
    if (query_row(live, "serving/views", &row, err) != 0) return -1;
    json_decref(cache->live_row);
    cache->live_row = row;
    cache->live_ns = now;
    if (quiet && lake_is_quiet(live, &after) && after == before) cache->live_state = before;
    return 0;
}

static void gather_row(Facts *f, FactsCache *cache, Lake *live) {
    Error err = {0};
    CLEANUP(layout_done) Layout layout = layout_of(f->settings);
    f->generation = snapshot_current(layout.snapshots_dir);
    f->snapshot_touched = snapshot_was_touched(layout.snapshots_dir);
    if (live == NULL)
        gather_snapshot(f, cache, layout.snapshots_dir);
    else if (read_live(cache, live, &err) != 0)
        f->row_error = take_text(&err);
    else
        f->row = json_incref(cache->live_row);
}

/* A machine that has only snapshots has no models, and needs none. */
static void gather_model(Facts *f, ModelFiles *files) {
    CLEANUP(layout_done) Layout layout = layout_of(f->settings);
    const char *id = facts_text(f, "model_id");
    f->model_problem = NULL;
    if (id == NULL || f->lake_bytes < 0) return;
    model_files_look(files, layout.models_dir, id);
    f->model_problem = files->problem;
}

static void gather_disk(Facts *f) {
    struct statvfs v;
    const char *dir = settings_text(f->settings, "data.dir");
    if (statvfs(file_exists(dir) ? dir : ".", &v) != 0) return;
    f->disk_free = (int64_t)v.f_bavail * (int64_t)v.f_frsize;
    f->disk_size = (int64_t)v.f_blocks * (int64_t)v.f_frsize;
}

static void gather_tokens(Facts *f, const HealthOptions *options) {
    Error err = {0};
    if (options->check_tokens != NULL && options->check_tokens(f->settings, &err) != 0) f->tokens_error = take_text(&err);
    if (options->check_audit_log != NULL && options->check_audit_log(options->audit_log, &err) != 0) f->audit_log_error = take_text(&err);
}

static void gather_api(Facts *f) {
    Error err = {0};
    if (!f->ask_api) return;
    bool tls = settings_text(f->settings, "http.tls.certificate")[0] != '\0';
    if (probe_livez(settings_text(f->settings, "http.listen"), tls, API_TIMEOUT_MS, &f->api_url, &err) != 0) f->api_error = take_text(&err);
}

void facts_gather(Facts *f, FactsCache *cache, const HealthOptions *options, KafkaClient *kafka) {
    facts_done(f);
    f->settings = options->settings;
    f->live = options->live != NULL;
    f->ask_api = options->ask_api;
    f->refused = options->refused;
    gather_kafka(f, options->topics, kafka);
    gather_lake(f);
    lake_check(&cache->lake, options, f->writer);
    f->lake = &cache->lake;
    gather_runs(f);
    gather_row(f, cache, options->live);
    gather_mark(f); /* after the row: what was published is never newer */
    gather_backup(f);
    gather_model(f, &cache->model);
    gather_disk(f);
    gather_api(f);
    gather_tokens(f, options);
    f->now_us = clock_wall_us();
}

int64_t facts_int(const Facts *f, const char *column) {
    return json_integer_value(json_object_get(f->row, column));
}

const char *facts_text(const Facts *f, const char *column) {
    return json_string_value(json_object_get(f->row, column));
}

int64_t facts_time(const Facts *f, const char *column) {
    int64_t us = 0;
    Error err = {0};
    const char *text = facts_text(f, column);
    if (text != NULL && clock_parse(text, &us, &err) != 0) error_clear(&err);
    return us;
}

/* ---- what follows from them ---- */

/* Of the newest incarnation of the topic. NULL: the mark does not know the partition. */
static const Offsets *offsets_of(const Facts *f, const TopicFacts *t, int32_t partition) {
    const Offsets *newest = NULL;
    int epoch = -1;
    for (size_t i = 0; i < f->mark.count; i++) {
        const TopicOffsets *list = &f->mark.topics[i];
        bool newer = list->topic.epoch > epoch && strcmp(list->topic.name, t->name) == 0;
        const Offsets *p = newer ? topic_offsets_find(list, partition) : NULL;
        if (p == NULL) continue;
        newest = p;
        epoch = list->topic.epoch;
    }
    return newest;
}

static bool is_of(const json_t *object, const TopicFacts *t) {
    const char *topic = json_string_value(json_object_get(object, "topic"));
    return topic != NULL && strcmp(topic, t->name) == 0;
}

int64_t facts_next_offset(const Facts *f, const TopicFacts *t, int32_t partition) {
    size_t i;
    json_t *p;
    const Offsets *offsets = offsets_of(f, t, partition);
    if (offsets != NULL) return offsets->next;
    json_array_foreach(json_object_get(f->row, "partitions"), i, p) {
        if (is_of(p, t) && json_integer_value(json_object_get(p, "partition")) == partition)
            return json_integer_value(json_object_get(p, "next_offset"));
    }
    return 0;
}

int64_t facts_lag(const Facts *f, const TopicFacts *t, const Offsets *p) {
    int64_t from = facts_next_offset(f, t, p->partition);
    if (!offsets_are_known(p)) return 0; /* its leader did not answer */
    if (from < p->start) from = p->start;
    return p->end > from ? p->end - from : 0;
}

int64_t facts_topic_lag(const Facts *f, const TopicFacts *t) {
    int64_t lag = 0;
    for (size_t i = 0; i < t->kafka.partition_count; i++) lag += facts_lag(f, t, &t->kafka.partitions[i]);
    return lag;
}

int64_t facts_behind_transaction(const TopicFacts *t, size_t i) {
    const Offsets *p = &t->kafka.partitions[i];
    if (t->kafka.high == NULL || !offsets_are_known(p)) return 0;
    return t->kafka.high[i] > p->end ? t->kafka.high[i] - p->end : 0;
}

int64_t facts_topic_behind_transaction(const TopicFacts *t) {
    int64_t behind = 0;
    for (size_t i = 0; i < t->kafka.partition_count; i++) behind += facts_behind_transaction(t, i);
    return behind;
}

size_t facts_unanswered(const Facts *f) {
    size_t unanswered = 0;
    for (size_t i = 0; i < f->topic_count; i++) unanswered += f->topics[i].kafka.unanswered;
    return unanswered;
}

bool facts_was_read(const Facts *f, const TopicFacts *t) {
    for (size_t i = 0; i < f->mark.count; i++)
        if (strcmp(f->mark.topics[i].topic.name, t->name) == 0) return true;
    size_t i;
    json_t *p;
    json_array_foreach(json_object_get(f->row, "partitions"), i, p) {
        if (is_of(p, t)) return true;
    }
    return false;
}

const char *facts_away(const Facts *f, const TopicFacts *t) {
    size_t i;
    json_t *away;
    json_array_foreach(f->mark.away, i, away) {
        if (is_of(away, t)) return json_string_value(json_object_get(away, "reason"));
    }
    return NULL;
}

const json_t *facts_last_run(const Facts *f) {
    return json_object_get(f->runs, f->run_lost ? "running" : "last");
}

const char *facts_run_state(const Facts *f) {
    return f->run_lost ? "lost" : json_string_value(json_object_get(facts_last_run(f), "state"));
}

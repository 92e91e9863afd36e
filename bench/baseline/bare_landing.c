/* bare_landing.c: the lower bound for `smelt ingest`: Kafka to DuckDB without any other work.
 *
 *   bare_landing BOOTSTRAP TOPIC DATABASE
 *
 * One thread polls librdkafka and copies each message once into a batch; another appends full batches to a table, with unchanged values,
 * and commits rows and next offsets together. No parsing, no duplicates, no rejects, no ledger: no C program with these two libraries can
 * be much faster. It reads up to the end offsets at its start, and prints one JSON line. The settings are those of `smelt ingest`: two
 * batches of one row group each, DuckDB's buffer manager at 256 MiB.
 *
 * Invariant: while a batch is `full` only the landing thread touches it, otherwise only the polling thread. */
#include <duckdb.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH_ROWS  122880 /* a row group of DuckDB: such transactions bypass the WAL */
#define BATCH_BYTES (48u << 20)
#define BATCHES     2
#define PARTITIONS  64
#define TIMEOUT_MS  10000

typedef struct Message {
    int32_t partition;
    int64_t offset, timestamp_us;
    size_t at, len;
} Message;

typedef struct Batch {
    Message *messages;
    char *bytes;
    size_t count, used, size;
    bool full;
} Batch;

static Batch batches[BATCHES];
static bool ended; /* no further batch becomes full */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static _Noreturn void die(const char *what, const char *why) {
    fprintf(stderr, "bare_landing: %s: %s\n", what, why != NULL ? why : "no reason given");
    exit(1);
}

static void *allocate(size_t n) {
    void *p = malloc(n);
    if (p == NULL) die("memory", "none left");
    return p;
}

/* ---- the landing thread ---- */

static void query(duckdb_connection con, const char *sql) {
    duckdb_result result;
    if (duckdb_query(con, sql, &result) != DuckDBSuccess) die(sql, duckdb_result_error(&result));
    duckdb_destroy_result(&result);
}

static void fill_chunk(duckdb_data_chunk chunk, const Batch *b, size_t first, size_t n) {
    duckdb_vector value = duckdb_data_chunk_get_vector(chunk, 3);
    int32_t *partition = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    int64_t *offset = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 1));
    int64_t *timestamp = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 2));
    for (size_t row = 0; row < n; row++) {
        const Message *m = &b->messages[first + row];
        partition[row] = m->partition;
        offset[row] = m->offset;
        timestamp[row] = m->timestamp_us;
        duckdb_vector_assign_string_element_len(value, row, b->bytes + m->at, m->len);
    }
    duckdb_data_chunk_set_size(chunk, n);
}

static void append_batch(duckdb_connection con, duckdb_data_chunk chunk, const Batch *b) {
    duckdb_appender appender;
    if (duckdb_appender_create(con, NULL, "landed", &appender) != DuckDBSuccess) die("appender", duckdb_appender_error(appender));
    for (size_t first = 0; first < b->count; first += duckdb_vector_size()) {
        size_t n = b->count - first < duckdb_vector_size() ? b->count - first : duckdb_vector_size();
        duckdb_data_chunk_reset(chunk);
        fill_chunk(chunk, b, first, n);
        if (duckdb_append_data_chunk(appender, chunk) != DuckDBSuccess) die("append", duckdb_appender_error(appender));
    }
    if (duckdb_appender_close(appender) != DuckDBSuccess) die("append", duckdb_appender_error(appender));
    duckdb_appender_destroy(&appender);
}

static void store_offsets(duckdb_connection con, const Batch *b) {
    int64_t next[PARTITIONS] = {0};
    char sql[128];
    for (size_t i = 0; i < b->count; i++) next[b->messages[i].partition] = b->messages[i].offset + 1;
    for (int p = 0; p < PARTITIONS; p++) {
        if (next[p] == 0) continue;
        int n = snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO next_offsets VALUES (%d, %" PRId64 ")", p, next[p]);
        if (n < 0 || (size_t)n >= sizeof sql) die("offsets", "too long");
        query(con, sql);
    }
}

static void land_batch(duckdb_connection con, duckdb_data_chunk chunk, const Batch *b) {
    query(con, "BEGIN");
    append_batch(con, chunk, b);
    store_offsets(con, b);
    query(con, "COMMIT");
}

static Batch *next_full(size_t at) {
    Batch *b = &batches[at % BATCHES];
    pthread_mutex_lock(&mutex);
    while (!b->full && !ended) pthread_cond_wait(&changed, &mutex);
    bool full = b->full;
    pthread_mutex_unlock(&mutex);
    return full ? b : NULL;
}

static void set_full(Batch *b, bool full) {
    pthread_mutex_lock(&mutex);
    b->full = full;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static duckdb_data_chunk new_chunk(void) {
    duckdb_logical_type types[] = {duckdb_create_logical_type(DUCKDB_TYPE_INTEGER), duckdb_create_logical_type(DUCKDB_TYPE_BIGINT),
                                   duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP_TZ), duckdb_create_logical_type(DUCKDB_TYPE_BLOB)};
    duckdb_data_chunk chunk = duckdb_create_data_chunk(types, 4);
    for (size_t i = 0; i < 4; i++) duckdb_destroy_logical_type(&types[i]);
    return chunk;
}

static void *land_all(void *connection) {
    duckdb_connection con = connection;
    duckdb_data_chunk chunk = new_chunk();
    Batch *b;
    for (size_t at = 0; (b = next_full(at)) != NULL; at++) {
        land_batch(con, chunk, b);
        b->count = b->used = 0;
        set_full(b, false);
    }
    duckdb_destroy_data_chunk(&chunk);
    return NULL;
}

/* ---- the polling thread ---- */

static Batch *next_empty(size_t at) {
    Batch *b = &batches[at % BATCHES];
    pthread_mutex_lock(&mutex);
    while (b->full) pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
    return b;
}

static bool has_room(const Batch *b, size_t len) {
    return b->count < BATCH_ROWS && (b->used + len <= b->size || b->count == 0);
}

static void add(Batch *b, const rd_kafka_message_t *m) {
    if (b->used + m->len > b->size) die("a message", "it is larger than a batch");
    b->messages[b->count++] = (Message){.partition = m->partition,
                                        .offset = m->offset,
                                        .timestamp_us = rd_kafka_message_timestamp(m, NULL) * 1000,
                                        .at = b->used,
                                        .len = m->len};
    if (m->len > 0) memcpy(b->bytes + b->used, m->payload, m->len);
    b->used += m->len;
}

static void configure(rd_kafka_conf_t *conf, const char *key, const char *value) {
    char why[512];
    if (rd_kafka_conf_set(conf, key, value, why, sizeof why) != RD_KAFKA_CONF_OK) die(key, why);
}

static rd_kafka_t *open_consumer(const char *bootstrap) {
    char why[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    configure(conf, "bootstrap.servers", bootstrap);
    configure(conf, "group.id", "bare-landing");
    configure(conf, "enable.auto.commit", "false");
    configure(conf, "enable.auto.offset.store", "false");
    configure(conf, "auto.offset.reset", "error");
    configure(conf, "queued.max.messages.kbytes", "32768");
    configure(conf, "fetch.message.max.bytes", "4194304");
    configure(conf, "fetch.queue.backoff.ms", "5");
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (rk == NULL) die("consumer", why);
    rd_kafka_poll_set_consumer(rk);
    return rk;
}

static int partition_count(rd_kafka_t *rk, const char *topic) {
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    const struct rd_kafka_metadata *metadata;
    if (rd_kafka_metadata(rk, 0, handle, &metadata, TIMEOUT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) die(topic, "Kafka does not answer");
    int n = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
    if (n < 1 || n > PARTITIONS) die(topic, "it does not exist, or has too many partitions");
    return n;
}

/* Assigns every partition from its beginning. `ends` gets their end offsets; returns the number of messages before them. */
static int64_t assign_all(rd_kafka_t *rk, const char *topic, int64_t ends[PARTITIONS]) {
    int partitions = partition_count(rk, topic);
    int64_t total = 0;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
    for (int p = 0; p < partitions; p++) {
        int64_t low;
        rd_kafka_resp_err_t e = rd_kafka_query_watermark_offsets(rk, topic, p, &low, &ends[p], TIMEOUT_MS);
        if (e != RD_KAFKA_RESP_ERR_NO_ERROR) die(topic, rd_kafka_err2str(e));
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = low;
        total += ends[p] - low;
    }
    rd_kafka_resp_err_t e = rd_kafka_assign(rk, list);
    if (e != RD_KAFKA_RESP_ERR_NO_ERROR) die(topic, rd_kafka_err2str(e));
    rd_kafka_topic_partition_list_destroy(list);
    return total;
}

/* Polls until every partition is at its end. The bench's topics have no gaps, so counting the messages is enough. */
static void read_all(rd_kafka_t *rk, const int64_t ends[PARTITIONS], int64_t total) {
    size_t at = 0;
    Batch *b = next_empty(at);
    while (total > 0) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, TIMEOUT_MS);
        if (m == NULL) die("poll", "no message for 10 s");
        if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) die("poll", rd_kafka_message_errstr(m));
        if (m->offset < ends[m->partition]) {
            if (!has_room(b, m->len)) {
                set_full(b, true);
                b = next_empty(++at);
            }
            add(b, m);
            total--;
        }
        rd_kafka_message_destroy(m);
    }
    if (b->count > 0) set_full(b, true);
}

/* ---- both threads ---- */

static duckdb_database open_database(const char *path) {
    duckdb_config config;
    duckdb_database db;
    char *why = NULL;
    if (duckdb_create_config(&config) != DuckDBSuccess) die("DuckDB", "no configuration");
    duckdb_set_config(config, "memory_limit", "256MiB");
    duckdb_set_config(config, "preserve_insertion_order", "false");
    if (duckdb_open_ext(path, &db, config, &why) != DuckDBSuccess) die(path, why);
    duckdb_destroy_config(&config);
    return db;
}

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int64_t run(rd_kafka_t *rk, const char *topic, duckdb_connection con) {
    int64_t ends[PARTITIONS] = {0};
    pthread_t lander;
    int64_t total = assign_all(rk, topic, ends);
    if (pthread_create(&lander, NULL, land_all, con) != 0) die("thread", "it could not be started");
    read_all(rk, ends, total);
    pthread_mutex_lock(&mutex);
    ended = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    pthread_join(lander, NULL);
    return total;
}

int main(int argc, char **argv) {
    if (argc != 4) die("usage", "bare_landing BOOTSTRAP TOPIC DATABASE");
    double began = now_s();
    for (size_t i = 0; i < BATCHES; i++)
        batches[i] = (Batch){.messages = allocate(BATCH_ROWS * sizeof(Message)), .bytes = allocate(BATCH_BYTES), .size = BATCH_BYTES};
    duckdb_database db = open_database(argv[3]);
    duckdb_connection con;
    if (duckdb_connect(db, &con) != DuckDBSuccess) die(argv[3], "no connection");
    query(con, "CREATE TABLE landed (kafka_partition INTEGER, kafka_offset BIGINT, kafka_timestamp TIMESTAMPTZ, value BLOB)");
    query(con, "CREATE TABLE next_offsets (kafka_partition INTEGER PRIMARY KEY, next_offset BIGINT)");
    rd_kafka_t *rk = open_consumer(argv[1]);
    int64_t total = run(rk, argv[2], con);
    double landed = now_s();
    duckdb_disconnect(&con);
    duckdb_close(&db); /* its checkpoint is part of the measured time */
    double seconds = now_s() - began;
    printf("{\"events\": %" PRId64 ", \"seconds\": %.3f, \"landed_after\": %.3f}\n", total, seconds, landed - began);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    return 0;
}

/* consumer.c: manual assignment over librdkafka's consumer_poll (its batch calls lose or repeat messages around seeks).
 *
 * Invariant: offsets stored at the broker are never used, and auto.offset.reset=error: a missing offset is an event, not a silent jump. */
#include "kafka/consumer.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "kafka/client_internal.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FINISH_MS         500  /* for the answer to the last report */
#define FINISH_AGAIN_MS   3000 /* when reports fail, or none was answered yet: a new cluster makes its topic of offsets at the first one */
#define FINISH_PAUSE_NS   (NSEC_PER_SEC / 10)
#define AGAIN_MS          1000 /* before a report that failed is sent again, doubled up to AGAIN_MAX_MS */
#define AGAIN_MAX_MS      30000
#define LAST_MS_OF_9999   INT64_C(253402300799999)
#define SEEK_MS           2000                /* within the client: no broker is waited for */
#define BEGIN_MS          20000               /* until the client reads a partition that it was given: longer on a busy machine */
#define THROTTLE_STAYS_NS (30 * NSEC_PER_SEC) /* the answer to the next fetch takes its time */

struct KafkaConsumer {
    KafkaClient *client;
    char *topic;
    rd_kafka_topic_partition_list_t *assigned;
    rd_kafka_message_t *held;                  /* the message that the last event borrows from */
    atomic_int reports;                        /* offset reports that the broker has not answered yet */
    atomic_bool answered;                      /* a report was, whether it failed or not */
    atomic_bool no_reports;                    /* the group may not be used */
    pthread_mutex_t lock;                      /* of `reported`: another thread may report while one polls */
    rd_kafka_topic_partition_list_t *reported; /* the newest position of each partition */
    atomic_llong again_ns;                     /* when to report them again, since a report failed; 0: they are known, or on their way */
    atomic_int pause_ms;                       /* before that; 0: the last report did not fail */
    char *throttle;                            /* the broker that made it wait last by a quota, and how long; NULL: none does. Owned */
    int64_t throttle_ends_ns;                  /* when that is no news any more */
    char *headers;                             /* of the last event; NULL: it has none. Owned */
};

static void warn_of_group(const KafkaConsumer *c) {
    char group[KAFKA_VALUE_SIZE], who[KAFKA_VALUE_SIZE];
    log_warn("kafka",
             "no right READ on the group %s (kafka.group.id) for %s: reading goes on, but the broker's lag tools cannot see how far",
             kafka_client_property(c->client, "group.id", group), kafka_client_principal(c->client, who));
}

/* The group is for lag tools alone: without rights on it Smelt reads like with them. */
static void report_failed(KafkaConsumer *c, rd_kafka_resp_err_t code) {
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    if (code != RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
        log_debug("kafka", "offsets could not be reported to the broker: %s", rd_kafka_err2str(code));
    else if (!atomic_exchange(&c->no_reports, true))
        warn_of_group(c);
}

/* No other report may follow: of a topic that is idle from now on, a broker that has just come back would never know. */
static void report_later(KafkaConsumer *c) {
    int pause_ms = atomic_load(&c->pause_ms) * 2;
    if (pause_ms < AGAIN_MS) pause_ms = AGAIN_MS;
    if (pause_ms > AGAIN_MAX_MS) pause_ms = AGAIN_MAX_MS;
    atomic_store(&c->pause_ms, pause_ms);
    atomic_store(&c->again_ns, clock_mono_ns() + pause_ms * INT64_C(1000000));
}

static void on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *offsets, void *opaque) {
    (void)rk, (void)offsets;
    KafkaConsumer *c = ((KafkaClient *)opaque)->owner;
    atomic_fetch_sub(&c->reports, 1);
    atomic_store(&c->answered, true);
    report_failed(c, code);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        atomic_store(&c->pause_ms, 0);
    else
        report_later(c);
}

/* Takes the list over. */
static void send_report(KafkaConsumer *c, rd_kafka_topic_partition_list_t *list) {
    atomic_fetch_add(&c->reports, 1);
    rd_kafka_resp_err_t code = rd_kafka_commit(c->client->rk, list, 1);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        atomic_fetch_sub(&c->reports, 1);
        report_failed(c, code);
        report_later(c);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

static void report_again(KafkaConsumer *c) {
    if (atomic_exchange(&c->again_ns, 0) == 0 || atomic_load(&c->no_reports)) return;
    pthread_mutex_lock(&c->lock);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_copy(c->reported);
    pthread_mutex_unlock(&c->lock);
    send_report(c, list);
}

/* In the thread that polls. 0 ms: it waits no longer. */
static void on_throttle(rd_kafka_t *rk, const char *broker, int32_t id, int ms, void *opaque) {
    (void)rk;
    KafkaConsumer *c = ((KafkaClient *)opaque)->owner;
    free(c->throttle);
    c->throttle = ms > 0 ? xasprintf("broker %d (%s) throttles this client by a quota, %.1f s at a time", (int)id, broker, ms / 1e3) : NULL;
    c->throttle_ends_ns = clock_mono_ns() + THROTTLE_STAYS_NS + ms * INT64_C(1000000);
}

const char *kafka_consumer_throttle(KafkaConsumer *c) {
    return clock_mono_ns() < c->throttle_ends_ns ? c->throttle : NULL;
}

static void configure(rd_kafka_conf_t *conf) {
    rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
    rd_kafka_conf_set_throttle_cb(conf, on_throttle);
}

#define PREFETCHED_KBYTES 16384 /* with queued.min.messages they bound the memory of all consumers of the process */
#define FETCH_WAIT_MS     100
#define FETCH_WAIT_MAX_MS 500 /* librdkafka's own */

static const KafkaProperty consumer_fixed[] = {{"enable.auto.commit", "false"},       {"enable.auto.offset.store", "false"},
                                               {"isolation.level", "read_committed"}, {"auto.offset.reset", "error"},
                                               {"enable.partition.eof", "true"},      {NULL, NULL}};

/* One of so many consumers: each prefetches its part of the memory, and asks an idle broker less often, so that all of them together ask
 * hardly more often than one. What is new is answered at once. */
static int open_client(KafkaConsumer *c, const Settings *settings, size_t consumers, Error *err) {
    size_t wait_ms = FETCH_WAIT_MS * consumers, kbytes = PREFETCHED_KBYTES / consumers;
    CLEANUP(free_text) char *wait = xasprintf("%zu", wait_ms < FETCH_WAIT_MAX_MS ? wait_ms : FETCH_WAIT_MAX_MS);
    CLEANUP(free_text) char *prefetched = xasprintf("%zu", kbytes > 0 ? kbytes : 1);
    const KafkaProperty defaults[] = {
        {"group.id", "smelt"},
        {"queued.max.messages.kbytes", prefetched},
        {"queued.min.messages", "20000"},
        {"fetch.queue.backoff.ms", "5"},
        {"fetch.wait.max.ms", wait},
        {"fetch.error.backoff.ms", "200"},
        {"reconnect.backoff.max.ms", "2000"},
        {"check.crcs", "true"},
        /* A broker that is frozen, not gone, does not say that another one leads its partitions now: others are asked, and when that was
         * asked of the frozen one too, it is given up as early as by Kafka's own client. By librdkafka's defaults it would hold its
         * partitions up for more than a minute. */
        {"topic.metadata.refresh.interval.ms", "10000"},
        {"socket.timeout.ms", "30000"},
        /* What a default broker takes may unpack to more than librdkafka's 100 MB; then it would never be read. */
        {"receive.message.max.bytes", "1000000000"},
        {NULL, NULL}};
    KafkaRole role = {.type = RD_KAFKA_CONSUMER, .defaults = defaults, .fixed = consumer_fixed, .configure = configure};
    return kafka_client_new(settings, &role, c, &c->client, err);
}

int kafka_consumer_open(const Settings *settings, const char *topic, size_t consumers, KafkaConsumer **ret, Error *err) {
    CLEANUP(kafka_consumer_freep) KafkaConsumer *c = xcalloc(1, sizeof *c);
    c->topic = xstrdup(topic);
    c->reported = rd_kafka_topic_partition_list_new(1);
    pthread_mutex_init(&c->lock, NULL);
    if (open_client(c, settings, consumers, err) != 0) return -1;
    *ret = TAKE(c);
    return 0;
}

int kafka_consumer_read(KafkaConsumer *c, const Offsets *partitions, size_t n, Error *err) {
    BUG_IF(c->assigned != NULL);
    c->assigned = rd_kafka_topic_partition_list_new((int)n);
    for (size_t i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(c->assigned, c->topic, partitions[i].partition)->offset = partitions[i].next;
    atomic_store(&c->client->consuming, true);
    rd_kafka_poll_set_consumer(c->client->rk);
    rd_kafka_resp_err_t code = rd_kafka_assign(c->client->rk, c->assigned);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_fail(c->client, code, NULL, err, "reading the topic %s", c->topic);
    return 0;
}

static void release_held(KafkaConsumer *c) {
    if (c->held != NULL) rd_kafka_message_destroy(c->held);
    c->held = NULL;
    free(c->headers);
    c->headers = NULL;
}

static bool has_unreported(const KafkaConsumer *c) {
    return atomic_load(&c->again_ns) != 0 && !atomic_load(&c->no_reports);
}

/* Waits a moment for the answer to the last report, so that lag tools show what has landed, and sends one that failed again. Not
 * librdkafka's own close: with an absent broker it waits far longer than the 5 s within which Smelt promises to end, and there is no group
 * to leave. */
static void finish_reports(KafkaConsumer *c) {
    int64_t began = clock_mono_ns(), sent = began;
    report_again(c);
    rd_kafka_assign(c->client->rk, NULL);
    for (int64_t now = began; atomic_load(&c->reports) > 0 || has_unreported(c); now = clock_mono_ns()) {
        bool slow = has_unreported(c) || !atomic_load(&c->answered);
        int64_t limit_ms = slow && !stop_requested() ? FINISH_AGAIN_MS : FINISH_MS;
        if (now - (slow ? began : sent) >= limit_ms * (NSEC_PER_SEC / 1000)) break;
        if (atomic_load(&c->reports) == 0 && now - sent >= FINISH_PAUSE_NS) {
            sent = now;
            report_again(c);
        }
        rd_kafka_message_t *m = rd_kafka_consumer_poll(c->client->rk, 1); /* serves on_commit */
        if (m != NULL) rd_kafka_message_destroy(m);
    }
}

static void *destroy(void *consumer) {
    KafkaConsumer *c = consumer;
    kafka_client_freep(&c->client);
    rd_kafka_topic_partition_list_destroy(c->reported);
    pthread_mutex_destroy(&c->lock);
    free(c->throttle);
    free(c->topic);
    free(c);
    return NULL;
}

/* librdkafka waits for the answer to a report that is under way, up to socket.timeout.ms: a detached thread does that, and the process may
 * end before it. */
static void destroy_in_background(KafkaConsumer *c) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, destroy, c) == 0)
        pthread_detach(thread);
    else
        destroy(c);
}

void kafka_consumer_free(KafkaConsumer *c) {
    release_held(c);
    if (c->assigned != NULL) rd_kafka_topic_partition_list_destroy(c->assigned);
    if (c->client != NULL) finish_reports(c);
    if (atomic_load(&c->reports) > 0)
        destroy_in_background(c);
    else
        destroy(c);
}

int64_t kafka_time_us(int64_t ms) {
    return ms < 0 || ms > LAST_MS_OF_9999 ? INT64_MIN : ms * 1000;
}

static int64_t message_time_us(const rd_kafka_message_t *m) {
    rd_kafka_timestamp_type_t type;
    int64_t ms = rd_kafka_message_timestamp(m, &type);
    return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? INT64_MIN : kafka_time_us(ms);
}

/* librdkafka reports a log that was cut off like an offset that is out of range, and says only in its text which it is, and how far the log
 * is still the same: tests/integration/test_partitions.py holds the linked version to this. */
static KafkaEvent reset_event(const rd_kafka_message_t *m) {
    static const char cut[] = "Partition log truncation detected", unknown[] = "No epoch found less or equal",
                      end[] = "broker end offset is ";
    const char *text = rd_kafka_message_errstr(m);
    KafkaEvent event = {.kind = KAFKA_OUT_OF_RANGE, .partition = m->partition, .offset = m->offset};
    if (strstr(text, cut) == NULL && strstr(text, unknown) == NULL) return event;
    const char *at = strstr(text, end);
    long long offset = at != NULL ? strtoll(at + sizeof end - 1, NULL, 10) : -1;
    event.kind = KAFKA_TRUNCATED;
    event.offset = strstr(text, cut) != NULL && offset >= 0 ? offset : OFFSET_UNKNOWN;
    return event;
}

/* What the messages themselves are to blame for: reading them again gives the same. */
static bool is_unreadable(rd_kafka_resp_err_t code) {
    switch (code) {
    case RD_KAFKA_RESP_ERR__BAD_MSG:         /* wrong checksum, or not a batch */
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION: /* also: larger than receive.message.max.bytes when unpacked */
    case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED: /* a codec or format that this librdkafka lacks */
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG: /* the broker itself finds it damaged */
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE: return true;
    default: return false;
    }
}

/* Errors that librdkafka retries by itself concern one partition, or none (KAFKA_NOTHING; the client's log callback has logged them). */
static int on_problem(KafkaConsumer *c, const rd_kafka_message_t *m, KafkaEvent *ret, Error *err) {
    bool unreadable = is_unreadable(m->err);
    *ret = (KafkaEvent){.kind = KAFKA_NOTHING};
    switch (m->err) {
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED: report_failed(c, m->err); return 0;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF: *ret = (KafkaEvent){.kind = KAFKA_END, .partition = m->partition, .offset = m->offset}; return 0;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: *ret = reset_event(m); return 0;
    default: break;
    }
    if (!unreadable && kafka_error_kind(m->err) != ERR_UNAVAILABLE)
        return kafka_fail(c->client, m->err, rd_kafka_message_errstr(m), err, "reading the topic %s", c->topic);
    if (m->rkt == NULL || m->partition < 0) return 0;
    *ret = (KafkaEvent){.kind = KAFKA_PROBLEM,
                        .partition = m->partition,
                        .offset =
                            m->err == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED ? OFFSET_UNKNOWN : m->offset, /* read from what may be no batch */
                        .reason = rd_kafka_message_errstr(m),
                        .unreadable = unreadable};
    return 0;
}

static json_t *hex_json(const unsigned char *bytes, size_t n) {
    CLEANUP(free_text) char *hex = xcalloc(2 * n + 1, 1);
    for (size_t i = 0; i < n; i++) snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    return json_pack("{ss}", "hex", hex);
}

static json_t *header_json(const char *name, const void *value, size_t n) {
    json_t *text = json_string(name), *content = value != NULL ? json_stringn(value, n) : json_null();
    if (text == NULL) text = hex_json((const unsigned char *)name, strlen(name));
    if (content == NULL) content = hex_json(value, n);
    return json_pack("[oo]", text, content);
}

/* NULL: the message has no headers, which is what costs nothing. The caller frees. */
static char *headers_text(const rd_kafka_message_t *m) {
    rd_kafka_headers_t *headers;
    const char *name;
    const void *value;
    size_t n;
    if (rd_kafka_message_headers(m, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return NULL;
    CLEANUP(json_freep) json_t *list = json_array();
    for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &n) == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        json_array_append_new(list, header_json(name, value, n));
    return json_dumps(list, JSON_COMPACT);
}

/* Of what is there, without a timeout: that alone reads the clock twice for each message. */
static rd_kafka_message_t *poll_client(const KafkaConsumer *c, int timeout_ms) {
    rd_kafka_message_t *m = rd_kafka_consumer_poll(c->client->rk, 0);
    return m != NULL || timeout_ms == 0 ? m : rd_kafka_consumer_poll(c->client->rk, timeout_ms);
}

int kafka_consumer_poll(KafkaConsumer *c, int timeout_ms, KafkaEvent *ret, Error *err) {
    int64_t again_ns = atomic_load(&c->again_ns);
    if (again_ns != 0 && clock_coarse_ns() >= again_ns) report_again(c);
    release_held(c);
    rd_kafka_message_t *m = poll_client(c, timeout_ms);
    if (m == NULL) {
        kafka_client_keep_trying(c->client);
        *ret = (KafkaEvent){.kind = KAFKA_NOTHING};
        return 0;
    }
    c->held = m;
    if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) return on_problem(c, m, ret, err);
    c->headers = headers_text(m);
    *ret = (KafkaEvent){.kind = KAFKA_MESSAGE,
                        .partition = m->partition,
                        .offset = m->offset,
                        .leader_epoch = rd_kafka_message_leader_epoch(m),
                        .timestamp_us = message_time_us(m),
                        .value = m->payload,
                        .len = m->len,
                        .key = m->key,
                        .key_len = m->key_len,
                        .headers = c->headers,
                        .headers_len = c->headers != NULL ? strlen(c->headers) : 0};
    return 0;
}

int kafka_consumer_seek(KafkaConsumer *c, int32_t partition, int64_t offset, Error *err) {
    rd_kafka_topic_partition_t *p = rd_kafka_topic_partition_list_find(c->assigned, c->topic, partition);
    if (p == NULL) return error_set(err, ERR_BUG, "partition %d of %s is not being read", (int)partition, c->topic);
    p->offset = offset;
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, c->topic, partition)->offset = offset;
    rd_kafka_error_t *problem = rd_kafka_incremental_unassign(c->client->rk, one);
    if (problem == NULL) problem = rd_kafka_incremental_assign(c->client->rk, one);
    rd_kafka_topic_partition_list_destroy(one);
    return problem == NULL ? 0 : kafka_fail_error(c->client, problem, err, "reading the topic %s on", c->topic);
}

/* Once. *ret_code: see is_not_read_yet. */
static int seek_to(KafkaConsumer *c, rd_kafka_topic_partition_list_t *one, rd_kafka_resp_err_t *ret_code, Error *err) {
    rd_kafka_error_t *problem = rd_kafka_seek_partitions(c->client->rk, one, SEEK_MS);
    *ret_code = one->elems[0].err;
    if (problem == NULL) return 0;
    if (rd_kafka_error_code(problem) != RD_KAFKA_RESP_ERR__TIMED_OUT)
        return kafka_fail_error(c->client, problem, err, "reading the topic %s on", c->topic);
    rd_kafka_error_destroy(problem);
    return 0;
}

/* __STATE: librdkafka does not read the partition. __PREV_IN_PROGRESS: it is stopping to. __IN_PROGRESS: no answer within SEEK_MS. */
static bool is_not_read_yet(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR__STATE || code == RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS || code == RD_KAFKA_RESP_ERR__IN_PROGRESS;
}

/* librdkafka stops reading a partition whose first fetch brings damaged bytes: it takes them for the next offset, which is out of range.
 * When that is before the seek, the seek fails with __STATE. Then the partition is assigned again, and the seek repeated at once, before
 * the next fetch is answered. */
static int seek_until_read(KafkaConsumer *c, rd_kafka_topic_partition_list_t *one, rd_kafka_resp_err_t *ret_code, Error *err) {
    int64_t until = clock_mono_ns() + BEGIN_MS * INT64_C(1000000), offset = one->elems[0].offset;
    for (;;) {
        if (seek_to(c, one, ret_code, err) != 0) return -1;
        if (!is_not_read_yet(*ret_code) || clock_mono_ns() >= until || stop_requested()) return 0;
        if (*ret_code == RD_KAFKA_RESP_ERR__STATE && kafka_consumer_seek(c, one->elems[0].partition, offset, err) != 0) return -1;
    }
}

int kafka_consumer_verify(KafkaConsumer *c, int32_t partition, int64_t offset, int32_t leader_epoch, Error *err) {
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *p = rd_kafka_topic_partition_list_add(one, c->topic, partition);
    rd_kafka_resp_err_t code;
    p->offset = offset;
    rd_kafka_topic_partition_set_leader_epoch(p, leader_epoch);
    int rc = seek_until_read(c, one, &code, err);
    rd_kafka_topic_partition_list_destroy(one);
    if (rc != 0 || code == RD_KAFKA_RESP_ERR_NO_ERROR) return rc;
    if (stop_requested()) return error_set(err, ERR_STOPPED, "stopped while %s was not read yet", c->topic);
    if (is_not_read_yet(code))
        return error_set(err, ERR_UNAVAILABLE,
                         "Kafka at %s: reading partition %d of %s could not begin within %d s: this machine is busy. Next: try again",
                         c->client->address, (int)partition, c->topic, BEGIN_MS / 1000);
    return kafka_fail(c->client, code, NULL, err, "reading the topic %s on", c->topic);
}

/* Under lock. */
static void note_reported(KafkaConsumer *c, const Offsets *p) {
    rd_kafka_topic_partition_t *known = rd_kafka_topic_partition_list_find(c->reported, c->topic, p->partition);
    if (known == NULL) known = rd_kafka_topic_partition_list_add(c->reported, c->topic, p->partition);
    known->offset = p->next;
}

void kafka_consumer_report(KafkaConsumer *c, const Offsets *partitions, size_t n) {
    if (atomic_load(&c->no_reports)) return;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < n; i++) {
        rd_kafka_topic_partition_list_add(list, c->topic, partitions[i].partition)->offset = partitions[i].next;
        note_reported(c, &partitions[i]);
    }
    pthread_mutex_unlock(&c->lock);
    send_report(c, list);
}

KafkaClient *kafka_consumer_client(KafkaConsumer *c) {
    return c->client;
}

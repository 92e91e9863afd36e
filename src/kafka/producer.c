/* producer.c: an idempotent librdkafka producer with counted delivery reports.
 *
 * The queue is bounded. When it is full, the sender waits and handles delivery reports, so a slow broker slows the sender down and memory
 * does not grow. librdkafka batches for up to 20 ms, compresses with lz4 (a tenth of zstd's CPU time on these events) and retries until
 * message.timeout.ms. Partitions are chosen by murmur2 of the key, as in Java clients, so that other producers choose the same partition
 * for a key.
 *
 * Invariant: sent = acked + failed + in flight; a message is counted as acked only when its report says that all in-sync replicas have
 * it. */
#include "kafka/producer.h"

#include "base/clock.h"
#include "base/counted.h"
#include "base/memory.h"
#include "base/stop.h"
#include "kafka/client_internal.h"
#include <string.h>

#define POLL_EVERY     256 /* sends */
#define FULL_POLL_MS   50
#define FLUSH_SLICE_MS 100
#define NSEC_PER_MS    1000000

struct KafkaProducer {
    KafkaClient *client;
    rd_kafka_topic_t *topic;
    KafkaDeliveries deliveries;
    rd_kafka_resp_err_t failure; /* of the last message that failed by itself */
};

static const KafkaProperty defaults[] = {
    {"linger.ms", "20"},
    {"compression.codec", "lz4"},
    {"partitioner", "murmur2_random"},
    {"queue.buffering.max.kbytes", "65536"},
    {"queue.buffering.max.messages", "500000"},
    {NULL, NULL},
};

static const KafkaProperty fixed[] = {
    {"enable.idempotence", "true"},          {"acks", "all"}, {"request.required.acks", "all"}, /* its other name */
    {"delivery.report.only.error", "false"}, {NULL, NULL},
};

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
    (void)rk;
    KafkaProducer *producer = ((KafkaClient *)opaque)->owner;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        producer->deliveries.acked++;
        return;
    }
    bool by_another = message->err == RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD; /* of its batch: the reason is that one's */
    if (producer->deliveries.failed++ > 0 && by_another) return;
    /* Not rd_kafka_message_produce_errstr: librdkafka 2.15 has freed that text when it reports the messages of a batch later. */
    producer->failure = message->err;
}

static void configure(rd_kafka_conf_t *conf) {
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
}

/* ---- life ---- */

int kafka_producer_open(const Settings *settings, const char *topic, KafkaProducer **ret, Error *err) {
    static const KafkaRole role = {.type = RD_KAFKA_PRODUCER, .defaults = defaults, .fixed = fixed, .configure = configure};
    CLEANUP(kafka_producer_freep) KafkaProducer *producer = xcalloc(1, sizeof *producer);
    if (kafka_client_new(settings, &role, producer, &producer->client, err) != 0) return -1;
    producer->topic = rd_kafka_topic_new(producer->client->rk, topic, NULL);
    if (producer->topic == NULL) return kafka_fail(producer->client, rd_kafka_last_error(), NULL, err, "topic %s", topic);
    *ret = TAKE(producer);
    return 0;
}

void kafka_producer_free(KafkaProducer *producer) {
    if (producer == NULL) return;
    if (producer->topic != NULL) rd_kafka_topic_destroy(producer->topic);
    kafka_client_free(producer->client);
    free(producer);
}

KafkaClient *kafka_producer_client(KafkaProducer *producer) {
    return producer->client;
}

/* ---- sending ---- */

void kafka_producer_poll(KafkaProducer *producer) {
    rd_kafka_poll(producer->client->rk, 0);
}

/* librdkafka writes to neither: with MSG_F_COPY the casts are only for its types. */
static rd_kafka_resp_err_t try_send_at(KafkaProducer *producer, int64_t timestamp_ms, const char *key, size_t key_len, const char *value,
                                       size_t value_len) {
    return rd_kafka_producev(producer->client->rk, RD_KAFKA_V_RKT(producer->topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                             RD_KAFKA_V_KEY((void *)(uintptr_t)key, key_len), RD_KAFKA_V_VALUE((void *)(uintptr_t)value, value_len),
                             RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_END);
}

static rd_kafka_resp_err_t try_send(KafkaProducer *producer, int64_t timestamp_ms, const char *key, size_t key_len, const char *value,
                                    size_t value_len) {
    if (timestamp_ms != 0) return try_send_at(producer, timestamp_ms, key, key_len, value, value_len);
    int result = rd_kafka_produce(producer->topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)value, value_len, key,
                                  key_len, NULL);
    return result == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
}

int kafka_producer_send_at(KafkaProducer *producer, int64_t timestamp_ms, const char *key, size_t key_len, const char *value,
                           size_t value_len, Error *err) {
    rd_kafka_resp_err_t code;
    while ((code = try_send(producer, timestamp_ms, key, key_len, value, value_len)) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        if (stop_requested()) return error_set(err, ERR_STOPPED, "stopped while Kafka at %s was behind", producer->client->address);
        rd_kafka_poll(producer->client->rk, FULL_POLL_MS);
        kafka_client_keep_trying(producer->client);
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_fail(producer->client, code, NULL, err, "sending to %s", rd_kafka_topic_name(producer->topic));
    if (++producer->deliveries.sent % POLL_EVERY == 0) kafka_producer_poll(producer);
    return 0;
}

int kafka_producer_send(KafkaProducer *producer, const char *key, size_t key_len, const char *value, size_t value_len, Error *err) {
    return kafka_producer_send_at(producer, 0, key, key_len, value, value_len, err);
}

/* The leaders are there, and acknowledge nothing: a broker that lacks replicas says so to librdkafka, which tries again without a word. */
static int not_acknowledged(KafkaProducer *producer, Error *err) {
    KafkaDeliveries d = producer->deliveries;
    uint64_t open = d.sent - d.acked - d.failed;
    kafka_fail(producer->client, RD_KAFKA_RESP_ERR__TIMED_OUT, NULL, err, "%llu %s not acknowledged", (unsigned long long)open,
               counted((int64_t)open, "message", "messages"));
    if (strstr(err->text, rd_kafka_err2str(RD_KAFKA_RESP_ERR__TIMED_OUT)) == NULL) return -1;
    return error_set(err, err->kind, "%s (are as many replicas of %s in sync as its min.insync.replicas asks for?)", err->text,
                     rd_kafka_topic_name(producer->topic));
}

int kafka_producer_flush(KafkaProducer *producer, int timeout_ms, Error *err) {
    int64_t end_ns = clock_mono_ns() + (int64_t)timeout_ms * NSEC_PER_MS;
    while (rd_kafka_flush(producer->client->rk, FLUSH_SLICE_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        kafka_client_keep_trying(producer->client);
        if (clock_mono_ns() >= end_ns) return not_acknowledged(producer, err);
    }
    return 0;
}

KafkaDeliveries kafka_producer_deliveries(const KafkaProducer *producer) {
    return producer->deliveries;
}

/* The brokers have one code for all of these. */
static const char invalid_record[] =
    "the broker refuses a message: its timestamp is older or newer than the topic allows (message.timestamp.before.max.ms, "
    "message.timestamp.after.max.ms), or the topic is compacted and the message has no key";

static const char too_large[] = "a message, or a batch of them, is larger than the topic allows (max.message.bytes)";

int kafka_producer_failure(KafkaProducer *producer, Error *err) {
    BUG_IF(producer->deliveries.failed == 0);
    const char *detail = producer->failure == RD_KAFKA_RESP_ERR_INVALID_RECORD       ? invalid_record
                         : producer->failure == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ? too_large
                                                                                     : NULL;
    return kafka_fail(producer->client, producer->failure, detail, err, "%llu of %llu %s to %s not delivered",
                      (unsigned long long)producer->deliveries.failed, (unsigned long long)producer->deliveries.sent,
                      counted((int64_t)producer->deliveries.sent, "message", "messages"), rd_kafka_topic_name(producer->topic));
}

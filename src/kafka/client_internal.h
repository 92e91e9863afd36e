/* client_internal.h: what the files of this module share. No other module includes it, or rdkafka.h. */
#pragma once
#include "kafka/client.h"
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>

#define KAFKA_REASON_SIZE 1024 /* librdkafka's longest texts have half of this */

/* The `opaque` of every librdkafka callback is the KafkaClient. */
struct KafkaClient {
    rd_kafka_t *rk;
    char *address;
    void *owner; /* the consumer or producer around it; NULL for kafka_connect */
    pthread_mutex_t mutex;
    rd_kafka_resp_err_t reason_code; /* the last complaint of the network, under mutex; with its time and text */
    int64_t reason_ns;
    char reason[KAFKA_REASON_SIZE];
    atomic_llong complained_ns; /* when the last such complaint was logged */
    atomic_int complaints_held; /* complaints since then */
};

typedef struct KafkaProperty {
    const char *name, *value; /* in librdkafka's terms */
} KafkaProperty;

typedef struct KafkaRole {
    rd_kafka_type_t type;
    const KafkaProperty *defaults;            /* the user's settings go over these; ends with name == NULL */
    const KafkaProperty *fixed;               /* required for Smelt's guarantees: another value in the settings is ERR_CONFIG; same end */
    void (*configure)(rd_kafka_conf_t *conf); /* sets the callbacks of the role; NULL: none */
} KafkaRole;

/* ERR_CONFIG. The caller frees with kafka_client_free, after everything that uses `rk` is gone. */
int kafka_client_new(const Settings *settings, const KafkaRole *role, void *owner, KafkaClient **ret, Error *err) MUST_CHECK;

/* Sets the error for librdkafka's `code`: the kind from a table, the text "Kafka at ADDRESS: <what>: <reason>". When the code only means
 * that no answer came, the last complaint of the network is the reason, and a refused login makes it ERR_CONFIG. `detail` is librdkafka's
 * own text, NULL when there is none. Returns -1. */
int kafka_fail(KafkaClient *client, rd_kafka_resp_err_t code, const char *detail, Error *err, const char *what, ...) PRINTF_LIKE(5, 6);
/* The same for an rd_kafka_error_t, which it destroys. */
int kafka_fail_error(KafkaClient *client, rd_kafka_error_t *error, Error *err, const char *what, ...) PRINTF_LIKE(4, 5);
/* The network's last complaint; copied. Any thread. */
void kafka_complaint_keep(KafkaClient *client, rd_kafka_resp_err_t code, const char *reason);
/* The time of a record in microseconds; INT64_MIN when its milliseconds are no time of the years 1970 to 9999. Unless the topic has
 * LogAppendTime, it is what the producer says: in any unit, by any clock. */
int64_t kafka_time_us(int64_t ms);
/* The error kind of a code: whether the caller should retry or stop. */
ErrorKind kafka_error_kind(rd_kafka_resp_err_t code);

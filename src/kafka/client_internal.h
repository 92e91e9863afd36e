/* client_internal.h: what the files of this module share. No other module includes it, or rdkafka.h. */
#pragma once
#include "kafka/client.h"
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>

#define KAFKA_REASON_SIZE 1024 /* librdkafka's longest texts have half of this */

#define KAFKA_BROKER_SIZE 256 /* host:port */
#define KAFKA_VALUE_SIZE  256 /* of a property that is shown */

/* The `opaque` of every librdkafka callback is the KafkaClient. */
struct KafkaClient {
    rd_kafka_t *rk;
    char *address;
    void *owner;           /* the consumer or producer around it; NULL for kafka_connect */
    atomic_bool consuming; /* a consumer that reads: its callbacks run where it polls, and nowhere else */
    pthread_mutex_t mutex;
    rd_kafka_resp_err_t reason_code; /* the last complaint of the network, under mutex; with its time and text */
    int64_t reason_ns;
    char reason[KAFKA_REASON_SIZE];
    int refused_code; /* of OpenSSL, why it refused a certificate of a broker last; 0: it did not. Under mutex, with its place in the chain
                       */
    int refused_depth;
    char refused_broker[KAFKA_BROKER_SIZE];
    atomic_llong complained_ns; /* when the last such complaint was logged */
    atomic_int complaints_held; /* complaints since then */
    /* Of attempts.c: */
    int64_t patience_ns;     /* longer than librdkafka rests before it tries to connect once more */
    atomic_int attempts;     /* sockets that are open, and names that are looked up */
    atomic_llong tried_ns;   /* when one of these began or ended last, or it was given its addresses again */
    atomic_llong revived_ns; /* the last of these; 0: it was not given them */
    atomic_llong pause_ns;   /* before it is given them once more, when it has not tried since */
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

/* ---- attempts.c ---- */

/* Before the handle is made: from now on its attempts to connect are noted. */
void kafka_attempts_watch(rd_kafka_conf_t *conf, KafkaClient *client);
/* To be called now and then while an answer is waited for: a handle that does not try to connect any more is given its addresses again. Any
 * thread; never waits. */
void kafka_client_keep_trying(KafkaClient *client);

/* ---- client_conf.c ---- */

/* The defaults of the role, the user's settings, and what the role has fixed. ERR_CONFIG names the setting. */
int kafka_conf_fill(rd_kafka_conf_t *conf, const Settings *settings, const KafkaRole *role, const char *addresses, Error *err) MUST_CHECK;
/* ERR_CONFIG for what rd_kafka_new complains of: with the setting that it is about, when it names one. Returns -1. */
int kafka_conf_refuse(const Settings *settings, const char *reason, Error *err);

/* ---- client_security.c ---- */

/* A property's value; "" when it has none. */
void kafka_conf_read(const rd_kafka_conf_t *conf, const char *name, char value[KAFKA_VALUE_SIZE]);
/* ERR_CONFIG for settings of TLS and SASL that lack others, or can never work. */
int kafka_conf_check_security(const rd_kafka_conf_t *conf, const Settings *settings, Error *err) MUST_CHECK;

/* ---- client_files.c ---- */

/* Of a setting that rd_kafka_new complained of: what its file is, to be said behind its path. NULL: no file of TLS, or not known. Static.
 */
const char *kafka_conf_explain_file(const Settings *settings, const Setting *setting, const char *reason);

/* ---- client_errors.c ---- */

/* Sets the error for librdkafka's `code`: the kind from a table, the text "Kafka at ADDRESS: <what>: <reason>". When the code only means
 * that no answer came, the last complaint of the network is the reason, and a refused login makes it ERR_CONFIG. `detail` is librdkafka's
 * own text, NULL when there is none. Returns -1. */
int kafka_fail(KafkaClient *client, rd_kafka_resp_err_t code, const char *detail, Error *err, const char *what, ...) PRINTF_LIKE(5, 6);
/* The same for an rd_kafka_error_t, which it destroys. */
int kafka_fail_error(KafkaClient *client, rd_kafka_error_t *error, Error *err, const char *what, ...) PRINTF_LIKE(4, 5);
/* A property of librdkafka, "" when it has none. Into value; returns it. */
const char *kafka_client_property(const KafkaClient *client, const char *name, char value[KAFKA_VALUE_SIZE]);
/* Whom the cluster takes this client for, as far as that is known here. Maybe into text. */
const char *kafka_client_principal(const KafkaClient *client, char text[KAFKA_VALUE_SIZE]);
/* The network's last complaint; copied. That a connection was dropped does not replace what says more, for a while. Any thread. */
void kafka_complaint_keep(KafkaClient *client, rd_kafka_resp_err_t code, const char *reason);
/* Why OpenSSL refused a certificate, `depth` certificates above that of the broker; copied. Any thread. */
void kafka_certificate_keep(KafkaClient *client, int code, int depth, const char *broker);
/* The time of a record in microseconds; INT64_MIN when its milliseconds are no time of the years 1970 to 9999. Unless the topic has
 * LogAppendTime, it is what the producer says: in any unit, by any clock. */
int64_t kafka_time_us(int64_t ms);
/* The error kind of a code: whether the caller should retry or stop. */
ErrorKind kafka_error_kind(rd_kafka_resp_err_t code);

/* client_errors.c: what librdkafka says, as our errors: for the whole module.
 *
 * librdkafka reports an outage as a timeout of whatever was waiting; what the network answered comes by a callback. The client keeps the
 * last such complaint, so that an error reads "connection refused" or "wrong password" rather than "timed out". In the same way it reports
 * what an idempotent producer cannot go on from as "fatal", and keeps the reason. */
#include "kafka/client_internal.h"

#include "base/clock.h"
#include "base/memory.h"
#include <stdarg.h>
#include <stdbool.h>

#define PROPERTY_SIZE  256
#define REASON_AGES_NS (60 * NSEC_PER_SEC) /* an older complaint does not explain a failure now */

/* What is not here is ERR_UNAVAILABLE: librdkafka has hundreds of codes, nearly all of them mean "not now". */
static const struct {
    rd_kafka_resp_err_t code;
    ErrorKind kind;
} error_kinds[] = {
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, ERR_CONFIG},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, ERR_CONFIG},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, ERR_CONFIG},
    {RD_KAFKA_RESP_ERR__SSL, ERR_CONFIG},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, ERR_CONFIG},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, ERR_CONFIG},
    {RD_KAFKA_RESP_ERR__UNKNOWN_GROUP, ERR_CONFIG},
    {RD_KAFKA_RESP_ERR_INVALID_GROUP_ID, ERR_CONFIG},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, ERR_CONFIG},
    {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, ERR_CONFIG},
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, ERR_CONFIG}, /* a name that Kafka does not accept */
    {RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, ERR_CONFIG},
    {RD_KAFKA_RESP_ERR_INVALID_CONFIG, ERR_CONFIG},
    {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, ERR_CONFIG},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, ERR_CONFIG},
    {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, ERR_CONFIG},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ERR_DATA},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, ERR_DATA},
    {RD_KAFKA_RESP_ERR_INVALID_RECORD, ERR_DATA},
    {RD_KAFKA_RESP_ERR__INVALID_ARG, ERR_BUG},
};

/* Codes that only mean "no answer"; the reason is in the client's last complaint. */
static const rd_kafka_resp_err_t silence[] = {
    RD_KAFKA_RESP_ERR__TIMED_OUT,       RD_KAFKA_RESP_ERR__TRANSPORT,      RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
    RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR__WAIT_COORD,     RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
    RD_KAFKA_RESP_ERR__WAIT_CACHE,      RD_KAFKA_RESP_ERR__UNKNOWN_BROKER, RD_KAFKA_RESP_ERR__NODE_UPDATE,
    RD_KAFKA_RESP_ERR__DESTROY_BROKER,
};

ErrorKind kafka_error_kind(rd_kafka_resp_err_t code) {
    for (size_t i = 0; i < ARRAY_LEN(error_kinds); i++)
        if (error_kinds[i].code == code) return error_kinds[i].kind;
    return ERR_UNAVAILABLE;
}

static bool is_silence(rd_kafka_resp_err_t code) {
    for (size_t i = 0; i < ARRAY_LEN(silence); i++)
        if (silence[i] == code) return true;
    return false;
}

/* A TLS handshake that is interrupted means that the broker is going down; only one that completes and fails is a wrong configuration. */
static ErrorKind complaint_kind(rd_kafka_resp_err_t code, const char *reason) {
    if (code == RD_KAFKA_RESP_ERR__SSL && (strstr(reason, "isconnected") != NULL || strstr(reason, "reset by peer") != NULL))
        return ERR_UNAVAILABLE;
    return kafka_error_kind(code);
}

static void complaint_get(KafkaClient *client, rd_kafka_resp_err_t *ret_code, char text[KAFKA_REASON_SIZE]) {
    pthread_mutex_lock(&client->mutex);
    bool fresh = clock_mono_ns() - client->reason_ns < REASON_AGES_NS;
    *ret_code = fresh ? client->reason_code : RD_KAFKA_RESP_ERR_NO_ERROR;
    memcpy(text, client->reason, KAFKA_REASON_SIZE);
    pthread_mutex_unlock(&client->mutex);
}

void kafka_complaint_keep(KafkaClient *client, rd_kafka_resp_err_t code, const char *reason) {
    pthread_mutex_lock(&client->mutex);
    client->reason_code = code;
    client->reason_ns = clock_mono_ns();
    size_t n = strnlen(reason, KAFKA_REASON_SIZE - 1);
    memcpy(client->reason, reason, n);
    client->reason[n] = '\0';
    pthread_mutex_unlock(&client->mutex);
}

/* The rights that a refusal is about, by the names that Kafka's own tools have for them; NULL: it is about none. */
static const char *needed_right(const KafkaClient *client, rd_kafka_resp_err_t code) {
    bool sends = client->owner != NULL && rd_kafka_type(client->rk) == RD_KAFKA_PRODUCER;
    bool reads = rd_kafka_type(client->rk) == RD_KAFKA_CONSUMER;
    switch (code) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        return sends   ? "sending needs the rights DESCRIBE and WRITE on the topic, and CREATE for a new one"
               : reads ? "reading needs the rights DESCRIBE and READ on the topic"
                       : "reading needs the rights DESCRIBE and READ on the topic, `produce` DESCRIBE and WRITE, and CREATE for a new one";
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED: return "needs the right READ on the group that kafka.group.id names";
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        return sends
                   ? "sending needs the right WRITE on the topic, before Kafka 2.8 also IDEMPOTENT_WRITE on the cluster; a new topic needs "
                     "CREATE on the cluster, or on the topic"
                   : "needs the right CREATE on the cluster, or on the topic";
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED: return "needs the rights DESCRIBE and WRITE on the transactional id";
    default: return NULL;
    }
}

static void read_conf(const KafkaClient *client, const char *name, char value[PROPERTY_SIZE]) {
    size_t size = PROPERTY_SIZE;
    if (rd_kafka_conf_get(rd_kafka_conf(client->rk), name, value, &size) != RD_KAFKA_CONF_OK) value[0] = '\0';
}

/* Whom the cluster takes us for, as far as that is known here. Into text; returns it. */
static const char *principal(const KafkaClient *client, char text[PROPERTY_SIZE + 16]) {
    char protocol[PROPERTY_SIZE], user[PROPERTY_SIZE], certificate[PROPERTY_SIZE];
    read_conf(client, "security.protocol", protocol);
    read_conf(client, "sasl.username", user);
    read_conf(client, "ssl.certificate.location", certificate);
    bool sasl = strstr(protocol, "sasl") != NULL;
    if (sasl && user[0] == '\0') return "the one that logs in";
    if (!sasl && certificate[0] != '\0') return "the subject of the certificate in kafka.ssl.certificate.location";
    snprintf(text, PROPERTY_SIZE + 16, "User:%s", sasl ? user : "ANONYMOUS");
    return text;
}

static void add_right(const KafkaClient *client, rd_kafka_resp_err_t code, Error *err) {
    char text[PROPERTY_SIZE + 16];
    const char *right = needed_right(client, code);
    if (right != NULL) error_set(err, err->kind, "%s (%s; the principal is %s)", err->text, right, principal(client, text));
}

static bool is_dropped(const char *reason) {
    static const char *const texts[] = {"transport failure", "Broken pipe", "reset by peer", "isconnected"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (strstr(reason, texts[i]) != NULL) return true;
    return false;
}

/* The setting that is probably wrong: brokers drop a connection in the wrong protocol without a word. */
static void add_hint(const KafkaClient *client, const char *reason, Error *err) {
    char protocol[PROPERTY_SIZE];
    read_conf(client, "security.protocol", protocol);
    bool tls = strstr(protocol, "ssl") != NULL;
    const char *hint = strstr(reason, "certificate verify failed") != NULL
                           ? "is the name in kafka.bootstrap one of the certificate's, and its CA in kafka.ssl.ca.location?"
                       : strstr(reason, "current SASL state") != NULL ? "does this port expect SASL?"
                       : tls && is_dropped(reason)                    ? "does this port expect TLS?"
                       : is_dropped(reason)                           ? "if the broker is up, does this port expect TLS or SASL?"
                                                                      : NULL;
    if (hint != NULL) error_set(err, err->kind, "%s (%s kafka.security.protocol is %s)", err->text, hint, protocol);
}

static int fail_with(KafkaClient *client, rd_kafka_resp_err_t code, const char *detail, Error *err, const char *what) {
    /* Producer and admin handles run their callbacks only in rd_kafka_poll; a consumer runs them in its own poll. */
    if (rd_kafka_type(client->rk) == RD_KAFKA_PRODUCER) rd_kafka_poll(client->rk, 0);
    char reason[KAFKA_REASON_SIZE], fatal[KAFKA_REASON_SIZE];
    rd_kafka_resp_err_t reason_code;
    if (code == RD_KAFKA_RESP_ERR__FATAL || code == RD_KAFKA_RESP_ERR__PURGE_QUEUE) { /* the reason is kept elsewhere */
        rd_kafka_resp_err_t cause = rd_kafka_fatal_error(client->rk, fatal, sizeof fatal);
        if (cause != RD_KAFKA_RESP_ERR_NO_ERROR) {
            code = cause;
            detail = fatal;
        }
    }
    complaint_get(client, &reason_code, reason);
    if (is_silence(code) && reason_code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        error_set(err, complaint_kind(reason_code, reason), "Kafka at %s: %s: %s", client->address, what, reason);
        add_hint(client, reason, err);
        return -1;
    }
    if (detail == NULL || *detail == '\0') detail = rd_kafka_err2str(code);
    error_set(err, complaint_kind(code, detail), "Kafka at %s: %s: %s", client->address, what, detail);
    add_right(client, code, err);
    if (is_silence(code)) add_hint(client, detail, err);
    return -1;
}

#define FORMAT_WHAT(what, text)                                                                                                            \
    va_list args;                                                                                                                          \
    va_start(args, what);                                                                                                                  \
    if (vasprintf(&(text), what, args) < 0) (text) = NULL;                                                                                 \
    va_end(args)

int kafka_fail(KafkaClient *client, rd_kafka_resp_err_t code, const char *detail, Error *err, const char *what, ...) {
    CLEANUP(free_text) char *text = NULL;
    FORMAT_WHAT(what, text);
    return fail_with(client, code, detail, err, text != NULL ? text : "request");
}

int kafka_fail_error(KafkaClient *client, rd_kafka_error_t *error, Error *err, const char *what, ...) {
    CLEANUP(free_text) char *text = NULL;
    FORMAT_WHAT(what, text);
    int result = fail_with(client, rd_kafka_error_code(error), rd_kafka_error_string(error), err, text != NULL ? text : "request");
    rd_kafka_error_destroy(error);
    return result;
}

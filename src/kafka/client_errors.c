/* client_errors.c: what librdkafka says, as our errors: for the whole module.
 *
 * librdkafka reports an outage as a timeout of whatever was waiting; what the network answered comes by a callback. The client keeps the
 * last such complaint, so that an error reads "connection refused" or "wrong password" rather than "timed out". In the same way it reports
 * what an idempotent producer cannot go on from as "fatal", and keeps the reason. */
#include "kafka/client_internal.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/span.h"
#include <openssl/x509_vfy.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#define REASON_AGES_NS  (60 * NSEC_PER_SEC) /* an older complaint does not explain a failure now */
#define REASON_STAYS_NS (10 * NSEC_PER_SEC) /* ... and until then one that says more is not replaced by one that says less */

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
    {RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD, ERR_DATA},
    {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, ERR_DATA},
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

/* The alerts of TLS (RFC 8446) by which a broker refuses a client's certificate, or that there is none. With TLS 1.3 they come after the
 * handshake, as a failure of the transport. */
static bool is_certificate_alert(const char *reason) {
    static const char before[] = "SSL alert number ";
    const char *at = strstr(reason, before);
    long alert = at != NULL ? strtol(at + sizeof before - 1, NULL, 10) : 0;
    return (alert >= 40 && alert <= 49) || alert == 116;
}

static const char token[] = "OAUTHBEARER token";

/* Who gives out the tokens gave no answer, by the texts of curl. */
static bool is_token_away(const char *reason) {
    static const char *const texts[] = {"connect to", "resolve", "timed out", "Timeout", "reset by peer", "empty reply", "Empty reply"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (strstr(reason, texts[i]) != NULL) return strstr(reason, token) != NULL;
    return false;
}

/* A TLS handshake that is interrupted means that the broker is going down; only one that completes and fails is a wrong configuration. */
static ErrorKind complaint_kind(rd_kafka_resp_err_t code, const char *reason) {
    if (is_certificate_alert(reason)) return ERR_CONFIG;
    if (is_token_away(reason)) return ERR_UNAVAILABLE;
    if (code == RD_KAFKA_RESP_ERR__SSL && (strstr(reason, "isconnected") != NULL || strstr(reason, "reset by peer") != NULL))
        return ERR_UNAVAILABLE;
    return kafka_error_kind(code);
}

static bool is_dropped(const char *reason) {
    static const char *const texts[] = {"transport failure", "Broken pipe", "reset by peer", "isconnected"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (strstr(reason, texts[i]) != NULL) return true;
    return false;
}

static void complaint_get(KafkaClient *client, rd_kafka_resp_err_t *ret_code, char text[KAFKA_REASON_SIZE]) {
    pthread_mutex_lock(&client->mutex);
    bool fresh = clock_mono_ns() - client->reason_ns < REASON_AGES_NS;
    *ret_code = fresh ? client->reason_code : RD_KAFKA_RESP_ERR_NO_ERROR;
    memcpy(text, client->reason, KAFKA_REASON_SIZE);
    pthread_mutex_unlock(&client->mutex);
}

/* Under mutex: a broker that refuses a client often only drops its next connection. */
static bool says_more(const KafkaClient *client) {
    bool recent = client->reason_code != RD_KAFKA_RESP_ERR_NO_ERROR && clock_mono_ns() - client->reason_ns < REASON_STAYS_NS;
    return recent && complaint_kind(client->reason_code, client->reason) == ERR_CONFIG;
}

void kafka_complaint_keep(KafkaClient *client, rd_kafka_resp_err_t code, const char *reason) {
    pthread_mutex_lock(&client->mutex);
    if (!is_dropped(reason) || complaint_kind(code, reason) == ERR_CONFIG || !says_more(client)) {
        client->reason_code = code;
        client->reason_ns = clock_mono_ns();
        size_t n = strnlen(reason, KAFKA_REASON_SIZE - 1);
        memcpy(client->reason, reason, n);
        client->reason[n] = '\0';
    }
    pthread_mutex_unlock(&client->mutex);
}

void kafka_certificate_keep(KafkaClient *client, int code, int depth, const char *broker) {
    pthread_mutex_lock(&client->mutex);
    client->refused_code = code;
    client->refused_depth = depth;
    snprintf(client->refused_broker, sizeof client->refused_broker, "%s", broker);
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

const char *kafka_client_property(const KafkaClient *client, const char *name, char value[KAFKA_VALUE_SIZE]) {
    kafka_conf_read(rd_kafka_conf(client->rk), name, value);
    return value;
}

/* Not in a file of its own. */
static bool has_other_certificate(const KafkaClient *client) {
    char pem[KAFKA_VALUE_SIZE], keystore[KAFKA_VALUE_SIZE];
    kafka_client_property(client, "ssl.certificate.pem", pem);
    kafka_client_property(client, "ssl.keystore.location", keystore);
    return pem[0] != '\0' || keystore[0] != '\0';
}

const char *kafka_client_principal(const KafkaClient *client, char text[KAFKA_VALUE_SIZE]) {
    char protocol[KAFKA_VALUE_SIZE], user[KAFKA_VALUE_SIZE], certificate[KAFKA_VALUE_SIZE];
    kafka_client_property(client, "sasl.username", user);
    kafka_client_property(client, "ssl.certificate.location", certificate);
    kafka_client_property(client, "security.protocol", protocol);
    bool sasl = strstr(protocol, "sasl") != NULL, tls = strcmp(protocol, "ssl") == 0;
    if (sasl && user[0] == '\0') return "the one that logs in";
    if (tls && certificate[0] != '\0') return "the subject of the certificate in kafka.ssl.certificate.location";
    if (tls && has_other_certificate(client)) return "the subject of the client certificate";
    snprintf(text, KAFKA_VALUE_SIZE, "User:%.200s", sasl ? user : "ANONYMOUS");
    return text;
}

static void add_right(const KafkaClient *client, rd_kafka_resp_err_t code, Error *err) {
    char text[KAFKA_VALUE_SIZE];
    const char *right = needed_right(client, code);
    if (right != NULL) error_set(err, err->kind, "%s (%s; the principal is %s)", err->text, right, kafka_client_principal(client, text));
}

/* ---- the setting that is probably wrong ---- */

static const char unverified[] = "certificate verify failed";

/* What helps against each reason for which OpenSSL refuses a certificate. */
static const char *certificate_hint(int code) {
    switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "it has to be renewed at the broker.";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "is the clock of this machine right?";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "kafka.bootstrap, and what the brokers advertise, must be a name that the certificate has.";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: return "is the CA that signed it in kafka.ssl.ca.location?";
    default: return "is its name that of kafka.bootstrap, and its CA in kafka.ssl.ca.location?";
    }
}

static const char *client_certificate_hint(const KafkaClient *client) {
    char file[KAFKA_VALUE_SIZE];
    kafka_client_property(client, "ssl.certificate.location", file);
    return file[0] == '\0' && !has_other_certificate(client)
               ? "the broker asks for a client certificate: set kafka.ssl.certificate.location and kafka.ssl.key.location."
               : "the broker refuses the client certificate: is that in kafka.ssl.certificate.location still valid, is its CA one that the "
                 "broker trusts, and its key in kafka.ssl.key.location?";
}

/* Brokers drop a connection in the wrong protocol without a word: by when they do. */
static const char *dropped_hint(const char *reason, const char *protocol) {
    if (strstr(reason, "transport failure") != NULL) return "if the broker is up, is it what this port expects?"; /* no reason came */
    bool handshake = strstr(reason, "handshake") != NULL || strstr(reason, "HANDSHAKE") != NULL;
    if (strcmp(protocol, "ssl") == 0 && !handshake) return "if the broker is up, does this port expect SASL, too (sasl_ssl)?";
    if (strstr(protocol, "ssl") != NULL) return "does this port expect TLS?";
    if (strcmp(protocol, "sasl_plaintext") == 0) return "if the broker is up, does this port expect TLS, too (sasl_ssl)?";
    return "if the broker is up, does this port expect TLS or SASL?";
}

/* librdkafka takes the first four bytes of an answer for its length, and advises to allow more. "": the answer may be Kafka's. */
static const char *speaks(const char *reason) {
    static const char before[] = "Invalid response size ";
    const char *at = strstr(reason, before);
    unsigned long size = at != NULL ? strtoul(at + sizeof before - 1, NULL, 10) : 0;
    if (size == 0x48545450) return "HTTP"; /* the letters */
    if (size >> 24 >= ' ' && size >> 24 <= '~' && (size >> 16 & 0xff) >= ' ' && (size >> 16 & 0xff) <= '~') return "another protocol";
    return "";
}

static const char *stranger_hint(const char *protocol) {
    if (strcmp(protocol, "HTTP") == 0) return "this port speaks HTTP: is it that of a REST proxy, a registry or a console?";
    return "is this the port of a broker of Kafka?";
}

static bool uses_tokens(const KafkaClient *client, const char *protocol) {
    char mechanism[KAFKA_VALUE_SIZE];
    return strstr(protocol, "sasl") != NULL && strcmp(kafka_client_property(client, "sasl.mechanisms", mechanism), "OAUTHBEARER") == 0;
}

/* Of who gives out the tokens, when it is not well, librdkafka says nothing, and connects to no broker. */
static const char *token_hint(const char *reason) {
    if (is_token_away(reason)) return "is kafka.sasl.oauthbearer.token.endpoint.url up, and right?";
    if (strstr(reason, token) == NULL)
        return "has a token come from kafka.sasl.oauthbearer.token.endpoint.url? Is it well, and the broker?";
    return "are kafka.sasl.oauthbearer.token.endpoint.url, .client.id, .client.secret and .scope right?";
}

static const char *hint_for(const KafkaClient *client, const char *reason, const char *protocol) {
    if (strstr(reason, token) != NULL) return token_hint(reason);
    if (strstr(reason, "transport failure") != NULL && uses_tokens(client, protocol)) return token_hint(reason);
    if (is_certificate_alert(reason)) return client_certificate_hint(client);
    if (speaks(reason)[0] != '\0') return stranger_hint(speaks(reason));
    if (strstr(reason, unverified) != NULL) return certificate_hint(client->refused_code);
    if (strstr(reason, "ApiVersionRequest failed: Local: Timed out") != NULL)
        return "this port takes connections, and answers nothing: is the broker well, and is it Kafka's port?";
    if (strstr(reason, "current SASL state") != NULL) return "does this port expect SASL?";
    return is_dropped(reason) ? dropped_hint(reason, protocol) : NULL;
}

/* Is "host:port" one of kafka.bootstrap's? */
static bool is_bootstrap(const KafkaClient *client, Span address) {
    for (const char *at = client->address; (at = memmem(at, strlen(at), address.at, address.len)) != NULL; at++) {
        bool begins = at == client->address || strchr(", /\t", at[-1]) != NULL;
        if (begins && (at[address.len] == '\0' || strchr(", \t", at[address.len]) != NULL)) return true;
    }
    return false;
}

/* Of a complaint that begins with [PROTOCOL://]HOST:PORT/NUMBER or "GroupCoordinator: HOST:PORT": the address that a broker told as its
 * own. Empty: the complaint is about another connection. */
static Span advertised(const char *reason) {
    static const char group[] = "GroupCoordinator: ";
    bool of_group = strncmp(reason, group, sizeof group - 1) == 0;
    const char *first = of_group ? reason + sizeof group - 1 : reason, *end = strstr(first, ": "), *protocol = strstr(first, "://");
    if (end == NULL) return (Span){0};
    if (protocol != NULL && protocol < end) first = protocol + 3;
    const char *slash = memrchr(first, '/', (size_t)(end - first));
    if (of_group && slash == NULL) return (Span){first, (size_t)(end - first)};
    bool numbered = slash != NULL && slash + 1 < end && slash[1 + strspn(slash + 1, "0123456789")] == ':';
    return numbered ? (Span){first, (size_t)(slash - first)} : (Span){0};
}

/* The brokers of kafka.bootstrap answer, and tell where all brokers are: with addresses of a network that is not this one, all else fails.
 */
static bool add_advertised(const KafkaClient *client, const char *reason, Error *err) {
    bool unreached = strstr(reason, "Connect to") != NULL || strstr(reason, "Failed to resolve") != NULL ||
                     strstr(reason, "Connection setup timed out") != NULL;
    Span address = advertised(reason);
    if (!unreached || address.len == 0 || is_bootstrap(client, address)) return false;
    error_set(err, err->kind,
              "%s (a broker advertises the address %.*s, which is none of kafka.bootstrap: if it is up, that must be one that this machine "
              "reaches. Next: see advertised.listeners of the broker)",
              err->text, (int)address.len, address.at);
    return true;
}

static void add_hint(KafkaClient *client, const char *reason, Error *err) {
    if (add_advertised(client, reason, err)) return;
    char protocol[KAFKA_VALUE_SIZE];
    kafka_client_property(client, "security.protocol", protocol);
    pthread_mutex_lock(&client->mutex);
    const char *hint = hint_for(client, reason, protocol);
    pthread_mutex_unlock(&client->mutex);
    if (hint != NULL) error_set(err, err->kind, "%s (%s kafka.security.protocol is %s)", err->text, hint, protocol);
}

/* What librdkafka adds is not for people: " (after 5ms in state CONNECT, 1 identical error(s) suppressed)"; and its guess about a broker
 * that answers nothing is of another time. */
static void drop_additions(char *reason) {
    static const char *const additions[] = {" (after ", ": probably due to broker version"};
    for (size_t i = 0; i < ARRAY_LEN(additions); i++) {
        char *at = strstr(reason, additions[i]);
        if (at != NULL) *at = '\0';
    }
}

/* Puts OpenSSL's reason in the place of librdkafka's guess, which is about the CA whatever it was. */
static void name_refusal(KafkaClient *client, char reason[KAFKA_REASON_SIZE]) {
    char *at = strstr(reason, unverified);
    pthread_mutex_lock(&client->mutex);
    if (at != NULL && client->refused_code != X509_V_OK) {
        at += sizeof unverified - 1;
        snprintf(at, (size_t)(reason + KAFKA_REASON_SIZE - at), ": %s, of %s%s", X509_verify_cert_error_string(client->refused_code),
                 client->refused_depth > 0 ? "a CA of " : "", client->refused_broker);
    }
    pthread_mutex_unlock(&client->mutex);
}

static void name_stranger(char reason[KAFKA_REASON_SIZE]) {
    char *at = strstr(reason, "Invalid response size ");
    if (at != NULL && speaks(reason)[0] != '\0')
        snprintf(at, (size_t)(reason + KAFKA_REASON_SIZE - at), "the answer is not in Kafka's protocol");
}

static int fail_with(KafkaClient *client, rd_kafka_resp_err_t code, const char *detail, Error *err, const char *what) {
    /* Callbacks run in rd_kafka_poll alone, but for a consumer that reads: it runs them in its own poll. */
    if (!atomic_load(&client->consuming)) rd_kafka_poll(client->rk, 0);
    if (is_silence(code)) kafka_client_keep_trying(client);
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
        char shown[KAFKA_REASON_SIZE];
        memcpy(shown, reason, sizeof shown);
        drop_additions(shown);
        name_refusal(client, shown);
        name_stranger(shown);
        error_set(err, complaint_kind(reason_code, reason), "Kafka at %s: %s: %s", client->address, what, shown);
        add_hint(client, reason, err); /* of all of it: the counters have the state in which the connection was dropped */
        return -1;
    }
    if (detail == NULL || *detail == '\0') detail = rd_kafka_err2str(code);
    error_set(err, complaint_kind(code, detail), "Kafka at %s: %s: %s", client->address, what, detail);
    add_right(client, code, err);
    if (code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)
        error_set(err, err->kind, "%s (does kafka.bootstrap have the port of a controller, in place of a broker's?)", err->text);
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

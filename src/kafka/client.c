/* client.c: one handle of librdkafka: its life, and what it calls back: its logs, its complaints, why it refused a certificate. */
#include "kafka/client_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/threads.h"
#include <openssl/x509_vfy.h>
#include <stdbool.h>

#define CONF_ERROR_SIZE   512
#define LOG_LEVEL_ERR     3 /* of syslog */
#define COMPLAIN_EVERY_NS (30 * NSEC_PER_SEC)
#define CLIENT_THREADS    4 /* main, its own broker, one of the addresses, and one to spare */

/* ---- callbacks of librdkafka ---- */

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque) {
    (void)rk;
    KafkaClient *client = opaque;
    /* "2/3 brokers are down" adds nothing to the reason reported before it. */
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
    kafka_complaint_keep(client, (rd_kafka_resp_err_t)code, reason);
}

/* A connection that a broker drops is no error to librdkafka, which only logs it: who waits would learn of nothing but the timeout. */
static void keep_dropped(KafkaClient *client, int level, const char *facility, const char *text) {
    bool reported = level <= LOG_LEVEL_ERR; /* to on_error too */
    if (!reported && strcmp(facility, "FAIL") == 0) kafka_complaint_keep(client, RD_KAFKA_RESP_ERR__TRANSPORT, text);
}

/* Why OpenSSL refuses the broker's certificate, which librdkafka's complaint about the handshake leaves out. It decides nothing: it returns
 * what OpenSSL has found. In a thread of librdkafka's. */
static int on_certificate(rd_kafka_t *rk, const char *broker, int32_t broker_id, int *code, int depth, const char *der, size_t len,
                          char *text, size_t size, void *opaque) {
    (void)rk, (void)broker_id, (void)der, (void)len;
    if (*code == X509_V_OK) return 1;
    snprintf(text, size, "%s", X509_verify_cert_error_string(*code));
    kafka_certificate_keep(opaque, *code, depth, broker);
    return 0;
}

/* During an outage librdkafka logs each attempt to connect: true for one of them per COMPLAIN_EVERY_NS. */
static bool complaint_is_due(KafkaClient *client, int *ret_held) {
    long long now = clock_mono_ns(), last = atomic_load(&client->complained_ns);
    bool due = (last == 0 || now - last >= COMPLAIN_EVERY_NS) && atomic_compare_exchange_strong(&client->complained_ns, &last, now);
    if (due)
        *ret_held = atomic_exchange(&client->complaints_held, 0);
    else
        atomic_fetch_add(&client->complaints_held, 1);
    return due;
}

static LogLevel level_of(int syslog_level) {
    if (syslog_level <= 4) return LOG_WARN; /* librdkafka retries by itself: what it logs as an error is a warning here */
    return syslog_level == 5 ? LOG_INFO : LOG_DEBUG;
}

static bool is_complaint(const char *facility) {
    return strcmp(facility, "FAIL") == 0 || strcmp(facility, "ERROR") == 0 || strcmp(facility, "SSLCERTVRFY") == 0;
}

/* Called from librdkafka's own threads, also before rd_kafka_new has returned. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text) {
    KafkaClient *client = rk != NULL ? rd_kafka_opaque(rk) : NULL;
    if (client != NULL) keep_dropped(client, level, facility, text);
    if (strcmp(facility, "CONFWARN") == 0) return;     /* a property of the other role: producer and consumer share the settings */
    if (strcmp(facility, "GETPID") == 0) level = 7;    /* the broker has just started: librdkafka retries */
    if (strcmp(facility, "TERMINATE") == 0) level = 7; /* messages that were not acknowledged: the caller says how many */
    int held = 0;
    bool complaint = client != NULL && level_of(level) == LOG_WARN && is_complaint(facility);
    if (complaint && !complaint_is_due(client, &held)) return;
    if (held > 0)
        log_write(level_of(level), "kafka", "%s (and %d similar errors before it)", text, held);
    else
        log_write(level_of(level), "kafka", "%s", text);
}

/* ---- life ---- */

static void set_callbacks(rd_kafka_conf_t *conf, const KafkaRole *role, KafkaClient *client) {
    char verifies[sizeof "false"] = "";
    size_t size = sizeof verifies;
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    if (rd_kafka_conf_get(conf, "enable.ssl.certificate.verification", verifies, &size) == RD_KAFKA_CONF_OK &&
        strcmp(verifies, "true") == 0)
        rd_kafka_conf_set_ssl_cert_verify_cb(conf, on_certificate);
    kafka_attempts_watch(conf, client);
    if (role->configure != NULL) role->configure(conf);
}

int kafka_client_new(const Settings *settings, const KafkaRole *role, void *owner, KafkaClient **ret, Error *err) {
    CLEANUP(kafka_client_freep) KafkaClient *client = xcalloc(1, sizeof *client);
    client->address = xstrdup(settings_text(settings, "kafka.bootstrap"));
    client->owner = owner;
    pthread_mutex_init(&client->mutex, NULL);
    if (client->address[0] == '\0') return error_set(err, ERR_CONFIG, "setting kafka.bootstrap is empty");
    /* librdkafka 2.15 waits for its own threads without end when it cannot start one of them. */
    if (threads_check(CLIENT_THREADS, err) != 0) return error_prefix(err, "a client of Kafka");
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[CONF_ERROR_SIZE] = "";
    if (kafka_conf_fill(conf, settings, role, client->address, err) != 0) {
        rd_kafka_conf_destroy(conf);
        return -1;
    }
    set_callbacks(conf, role, client);
    client->rk = rd_kafka_new(role->type, conf, reason, sizeof reason); /* owns conf, unless it fails */
    if (client->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return kafka_conf_refuse(settings, reason, err);
    }
    *ret = TAKE(client);
    return 0;
}

/* It connects to one broker alone, and asks that one until the connection fails: a broker that is frozen, not gone, would hold up all that
 * is asked for librdkafka's 60 s. */
#define ADMIN_DEFAULTS                                                                                                                     \
    { "socket.timeout.ms", "5000" }

int kafka_connect(const Settings *settings, KafkaClient **ret, Error *err) {
    static const KafkaProperty defaults[] = {ADMIN_DEFAULTS, {NULL, NULL}};
    static const KafkaRole admin = {.type = RD_KAFKA_PRODUCER, .defaults = defaults}; /* the lighter of the two kinds of handle */
    return kafka_client_new(settings, &admin, NULL, ret, err);
}

int kafka_connect_for_long(const Settings *settings, KafkaClient **ret, Error *err) {
    static const KafkaProperty patient[] = {ADMIN_DEFAULTS, {"reconnect.backoff.ms", "400"}, {NULL, NULL}};
    static const KafkaRole admin = {.type = RD_KAFKA_PRODUCER, .defaults = patient};
    return kafka_client_new(settings, &admin, NULL, ret, err);
}

void kafka_client_free(KafkaClient *client) {
    if (client == NULL) return;
    /* A consumer is in no group: closing it would only wait. */
    if (client->rk != NULL)
        rd_kafka_destroy_flags(client->rk, rd_kafka_type(client->rk) == RD_KAFKA_CONSUMER ? RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE : 0);
    pthread_mutex_destroy(&client->mutex);
    free(client->address);
    free(client);
}

const char *kafka_client_address(const KafkaClient *client) {
    return client->address;
}

const char *kafka_library_version(void) {
    return rd_kafka_version_str();
}

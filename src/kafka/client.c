/* client.c: librdkafka's configuration and logs, in one place for the whole module.
 *
 * Configuration is applied in order: the role's defaults, the user's `kafka.NAME` settings, the role's fixed properties. librdkafka checks
 * each value itself, so we keep no list of its properties; its complaint becomes an ERR_CONFIG that names the setting.
 *
 * Invariant: a fixed property always has the role's value: exact offsets and reliable acknowledgements depend on it.
 */
#include "kafka/client_internal.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <stdarg.h>
#include <stdbool.h>
#include <strings.h>
#include <sys/stat.h>

#define PREFIX            "kafka."
#define PREFIX_LEN        (sizeof PREFIX - 1)
#define CONF_ERROR_SIZE   512
#define COMPLAIN_EVERY_NS (30 * NSEC_PER_SEC)

/* ---- callbacks of librdkafka ---- */

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque) {
    (void)rk;
    KafkaClient *client = opaque;
    /* "2/3 brokers are down" adds nothing to the reason reported before it. */
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
    kafka_complaint_keep(client, (rd_kafka_resp_err_t)code, reason);
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

/* Called from librdkafka's own threads, also before rd_kafka_new has returned. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text) {
    KafkaClient *client = rk != NULL ? rd_kafka_opaque(rk) : NULL;
    if (strcmp(facility, "CONFWARN") == 0) return;  /* a property of the other role: producer and consumer share the settings */
    if (strcmp(facility, "GETPID") == 0) level = 7; /* the broker has just started: librdkafka retries */
    int held = 0;
    bool complaint = client != NULL && level_of(level) == LOG_WARN && (strcmp(facility, "FAIL") == 0 || strcmp(facility, "ERROR") == 0);
    if (complaint && !complaint_is_due(client, &held)) return;
    if (held > 0)
        log_write(level_of(level), "kafka", "%s (and %d similar errors before it)", text, held);
    else
        log_write(level_of(level), "kafka", "%s", text);
}

/* ---- configuration ---- */

static int conf_refused(Error *err, const Setting *setting, const char *name, const char *reason) {
    if (setting == NULL) return error_set(err, ERR_BUG, "librdkafka rejects Smelt's %s: %s", name, reason);
    return error_set(err, ERR_CONFIG, "setting %s (from %s): %s", setting->key, setting->place, reason);
}

static int conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, const Setting *setting, Error *err) {
    char reason[CONF_ERROR_SIZE];
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) == RD_KAFKA_CONF_OK) return 0;
    return conf_refused(err, setting, name, reason);
}

static int conf_set_all(rd_kafka_conf_t *conf, const KafkaProperty *properties, Error *err) {
    for (const KafkaProperty *p = properties; p != NULL && p->name != NULL; p++)
        if (conf_set(conf, p->name, p->value, NULL, err) != 0) return -1;
    return 0;
}

/* `kafka.NAME` that is not a key of the table. */
static bool is_passed_through(const Setting *setting) {
    return setting->spec == NULL && strncmp(setting->key, PREFIX, PREFIX_LEN) == 0;
}

/* Properties that no role may have, whatever their value: docs/kafka.md lists them. */
static const struct {
    const char *name, *why;
} refused[] = {
    {"bootstrap.servers", "use kafka.bootstrap instead"},
    {"metadata.broker.list", "use kafka.bootstrap instead"},
    {"auto.commit.enable",
     "the lake stores the offsets, in the transaction of their rows: remove it"}, /* the old name of enable.auto.commit */
    {"auto.commit.interval.ms", "the lake stores the offsets, in the transaction of their rows: remove it"},
    {"offset.store.method", "the lake stores the offsets, in the transaction of their rows: remove it"},
    {"offset.store.path", "the lake stores the offsets, in the transaction of their rows: remove it"},
    {"offset.store.sync.interval.ms", "the lake stores the offsets, in the transaction of their rows: remove it"},
    {"test.mock.num.brokers", "it replaces the cluster by one in memory: remove it"},
    {"transactional.id", "`produce` sends without transactions: remove it"},
    {"group.instance.id", "Smelt joins no group: remove it"},
    {"log.queue", "nothing reads that queue, and its log lines would be lost: remove it"},
};

static int check_not_fixed(const KafkaProperty *fixed, const Setting *setting, Error *err) {
    const char *name = setting->key + PREFIX_LEN;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        if (strcmp(name, refused[i].name) == 0)
            return error_set(err, ERR_CONFIG, "setting %s (from %s): %s", setting->key, setting->place, refused[i].why);
    if (strcmp(name, "group.id") == 0 && setting->value[0] == '\0')
        return error_set(err, ERR_CONFIG, "setting %s (from %s) is empty: remove it for the default, smelt", setting->key, setting->place);
    for (const KafkaProperty *p = fixed; p != NULL && p->name != NULL; p++)
        if (strcmp(p->name, name) == 0 && strcasecmp(p->value, setting->value) != 0)
            return error_set(err, ERR_CONFIG, "setting %s (from %s) is %s, but exactly-once needs %s: remove it", setting->key,
                             setting->place, setting->value, p->value);
    return 0;
}

/* librdkafka opens the files of TLS when the client is made, and says of one that it cannot read neither the name nor the setting. */
static int check_file(const Setting *setting, Error *err) {
    CLEANUP(buf_done) Buf ignored = {0};
    const char *name = setting->key + PREFIX_LEN;
    struct stat st;
    bool is_file = strncmp(name, "ssl.", 4) == 0 && strlen(name) > 9 && strcmp(name + strlen(name) - 9, ".location") == 0;
    bool is_probed = strcmp(name, "ssl.ca.location") == 0 &&
                     (strcmp(setting->value, "probe") == 0 || (stat(setting->value, &st) == 0 && S_ISDIR(st.st_mode)));
    if (!is_file || is_probed || setting->value[0] == '\0' || file_read(setting->value, &ignored, err) == 0) return 0;
    err->kind = ERR_CONFIG;
    return error_prefix(err, "setting %s (from %s)", setting->key, setting->place);
}

static int conf_set_user(rd_kafka_conf_t *conf, const Settings *settings, const KafkaProperty *fixed, Error *err) {
    for (size_t i = 0; i < settings_count(settings); i++) {
        Setting setting = settings_at(settings, i);
        if (!is_passed_through(&setting)) continue;
        if (check_not_fixed(fixed, &setting, err) != 0) return -1;
        if (check_file(&setting, err) != 0 || conf_set(conf, setting.key + PREFIX_LEN, setting.value, &setting, err) != 0) return -1;
    }
    return 0;
}

static const KafkaProperty common_defaults[] = {
    {"client.id", "smelt"},
    {"client.software.name", "smelt"},
    {"client.software.version", SMELT_VERSION},
    {"log.thread.name", "false"},
    {"socket.keepalive.enable", "true"},
    {"reconnect.backoff.ms", "20"},       /* librdkafka also waits half of this between its first two connections of a new handle */
    {"reconnect.backoff.max.ms", "2000"}, /* reconnects soon after a broker's restart */
    {NULL, NULL},
};

static int conf_fill(rd_kafka_conf_t *conf, const Settings *settings, const KafkaRole *role, KafkaClient *client, Error *err) {
    if (conf_set_all(conf, common_defaults, err) != 0 || conf_set_all(conf, role->defaults, err) != 0) return -1;
    if (conf_set_user(conf, settings, role->fixed, err) != 0 || conf_set_all(conf, role->fixed, err) != 0) return -1;
    char reason[CONF_ERROR_SIZE];
    if (rd_kafka_conf_set(conf, "bootstrap.servers", client->address, reason, sizeof reason) != RD_KAFKA_CONF_OK)
        return error_set(err, ERR_CONFIG, "setting kafka.bootstrap: %s", reason);
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    if (role->configure != NULL) role->configure(conf);
    return 0;
}

/* ---- life ---- */

/* With the setting that librdkafka's complaint is about, when it names one, and the file. */
static int refuse_client(const Settings *settings, const char *reason, Error *err) {
    for (size_t i = 0; i < settings_count(settings); i++) {
        Setting setting = settings_at(settings, i);
        if (!is_passed_through(&setting) || strstr(reason, setting.key + PREFIX_LEN) == NULL) continue;
        return error_set(err, ERR_CONFIG, "setting %s (from %s) is %s: %s", setting.key, setting.place,
                         setting.secret ? "not accepted" : setting.value, reason);
    }
    return error_set(err, ERR_CONFIG, "Kafka client: %s", reason);
}

int kafka_client_new(const Settings *settings, const KafkaRole *role, void *owner, KafkaClient **ret, Error *err) {
    CLEANUP(kafka_client_freep) KafkaClient *client = xcalloc(1, sizeof *client);
    client->address = xstrdup(settings_text(settings, "kafka.bootstrap"));
    client->owner = owner;
    pthread_mutex_init(&client->mutex, NULL);
    if (client->address[0] == '\0') return error_set(err, ERR_CONFIG, "setting kafka.bootstrap is empty");
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[CONF_ERROR_SIZE] = "";
    if (conf_fill(conf, settings, role, client, err) != 0) {
        rd_kafka_conf_destroy(conf);
        return -1;
    }
    client->rk = rd_kafka_new(role->type, conf, reason, sizeof reason); /* owns conf, unless it fails */
    if (client->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return refuse_client(settings, reason, err);
    }
    *ret = TAKE(client);
    return 0;
}

int kafka_connect(const Settings *settings, KafkaClient **ret, Error *err) {
    static const KafkaRole admin = {.type = RD_KAFKA_PRODUCER}; /* the lighter of the two kinds of handle */
    return kafka_client_new(settings, &admin, NULL, ret, err);
}

int kafka_connect_for_long(const Settings *settings, KafkaClient **ret, Error *err) {
    static const KafkaProperty patient[] = {{"reconnect.backoff.ms", "400"}, {NULL, NULL}};
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

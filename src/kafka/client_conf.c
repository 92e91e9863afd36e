/* client_conf.c: librdkafka's configuration, in one place for the whole module.
 *
 * It is applied in order: the role's defaults, the user's `kafka.NAME` settings, the role's fixed properties. librdkafka checks each value
 * itself, so we keep no list of its properties; its complaint becomes an ERR_CONFIG that names the setting. What it would take for
 * something else without a word is refused here.
 *
 * Invariant: a fixed property always has the role's value: exact offsets and reliable acknowledgements depend on it.
 */
#include "kafka/client_internal.h"

#include "base/buf.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/span.h"
#include <arpa/inet.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#define PREFIX           "kafka."
#define PREFIX_LEN       (sizeof PREFIX - 1)
#define CONF_ERROR_SIZE  512
#define BLANKS           " \t\r\n"
#define NUMBER_PRECISION 1e-5 /* librdkafka prints six digits */
#define PORT_MAX         65535

/* ---- one property ---- */

static int conf_refused(Error *err, const Setting *setting, const char *name, const char *reason) {
    if (setting == NULL) return error_set(err, ERR_BUG, "librdkafka rejects Smelt's %s: %s", name, reason);
    return error_set(err, ERR_CONFIG, "setting %s (from %s): %s", setting->key, setting->place, reason);
}

static int conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, const Setting *setting, Error *err) {
    char reason[CONF_ERROR_SIZE];
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) == RD_KAFKA_CONF_OK) return 0;
    return conf_refused(err, setting, name, reason);
}

/* `kept` is a number, and `given` is one that begins like it. A word for a number (acks=all) and the same one in another form are not. */
static bool is_other_number(const char *given, const char *kept) {
    char *kept_end, *given_end;
    double is = strtod(kept, &kept_end), was = strtod(given, &given_end);
    if (kept_end == kept || *kept_end != '\0' || given_end == given) return false;
    given_end += strspn(given_end, BLANKS);
    return *given_end != '\0' || fabs(was - is) > fabs(is) * NUMBER_PRECISION;
}

/* librdkafka reads a number as far as it is one (100ms, 1e3), and in octal behind a 0. What it made of it is compared with what was given.
 */
static int check_number(const rd_kafka_conf_t *conf, const Setting *setting, Error *err) {
    char kept[KAFKA_VALUE_SIZE];
    const char *given = setting->value + strspn(setting->value, BLANKS);
    kafka_conf_read(conf, setting->key + PREFIX_LEN, kept);
    if (strcmp(given, kept) == 0 || !is_other_number(given, kept)) return 0;
    return error_set(err, ERR_CONFIG, "setting %s (from %s) is '%s', which librdkafka takes for %s: write a plain number, without a unit",
                     setting->key, setting->place, setting->secret ? "..." : setting->value, kept);
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
    if (strcmp(name, "group.id") == 0 && setting->value[strspn(setting->value, BLANKS)] == '\0')
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
        if (check_number(conf, &setting, err) != 0) return -1;
    }
    return 0;
}

/* ---- the addresses ---- */

/* Of "HOST", "HOST:PORT", "[IPv6]:PORT" or "IPv6", as librdkafka takes them apart; NULL: it has none. */
static const char *port_of(const char *address) {
    const char *first = strchr(address, ':'), *last = strrchr(address, ':');
    return last != NULL && (first == last || (last > address && last[-1] == ']')) ? last + 1 : NULL;
}

static bool is_port(const char *text) {
    size_t digits = strspn(text, "0123456789");
    long port = strtol(text, NULL, 10);
    return digits > 0 && text[digits] == '\0' && port >= 1 && port <= PORT_MAX;
}

/* In front of an address, as in listeners of a broker. */
static bool is_protocol(Span word) {
    static const char *const known[] = {"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strlen(known[i]) == word.len && strncasecmp(known[i], word.at, word.len) == 0) return true;
    return false;
}

static bool ends_like_a_port(const char *text) {
    const char *last = strrchr(text, ':') + 1;
    return strlen(last) >= 4 && last[strspn(last, "0123456789")] == '\0';
}

/* What no name or number of a host can have, so that waiting for it would never end; NULL: it may be one. */
static const char *not_a_host(const char *address) {
    struct in6_addr ignored;
    bool several = strchr(address, ':') != strrchr(address, ':');
    if (address[strcspn(address, " \t\r\n;|@\"'<>{}()\\")] != '\0') return "HOST:PORT is expected, and a comma between several";
    if (address[0] == '[') {
        const char *end = strchr(address, ']');
        return end != NULL && (end[1] == '\0' || end[1] == ':') ? NULL : "[ADDRESS]:PORT is expected";
    }
    if (several && (ends_like_a_port(address) || (strchr(address, '%') == NULL && inet_pton(AF_INET6, address, &ignored) != 1)))
        return "[ADDRESS]:PORT is expected for IPv6, and a comma between several";
    return NULL;
}

/* `address` is one of the list. */
static int check_address(char *address, const char *place, Error *err) {
    address += strspn(address, BLANKS);
    for (size_t n = strlen(address); n > 0 && strchr(BLANKS, address[n - 1]) != NULL;) address[--n] = '\0';
    char *host = strstr(address, "://"), *path;
    if (host != NULL && !is_protocol((Span){address, (size_t)(host - address)}))
        return error_set(err, ERR_CONFIG, "setting kafka.bootstrap (from %s): %s is no address of a broker: HOST:PORT is expected", place,
                         address);
    host = host != NULL ? host + 3 : address;
    if (host != address && (path = strchr(host, '/')) != NULL) *path = '\0';
    const char *port = port_of(host), *problem = not_a_host(host);
    if (problem != NULL)
        return error_set(err, ERR_CONFIG, "setting kafka.bootstrap (from %s): %s is no address of a broker: %s", place, host, problem);
    if (port == NULL || is_port(port)) return 0;
    return error_set(err, ERR_CONFIG, "setting kafka.bootstrap (from %s): the port of %s is no number from 1 to %d", place, host, PORT_MAX);
}

static int check_bootstrap(const Settings *settings, const char *addresses, Error *err) {
    CLEANUP(free_text) char *copy = xstrdup(addresses);
    const char *place = "default";
    for (size_t i = 0; i < settings_count(settings); i++)
        if (strcmp(settings_at(settings, i).key, "kafka.bootstrap") == 0) place = settings_at(settings, i).place;
    for (char *at = copy, *one; (one = strsep(&at, ",")) != NULL;)
        if (check_address(one, place, err) != 0) return -1;
    return 0;
}

/* ---- all of it ---- */

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

int kafka_conf_fill(rd_kafka_conf_t *conf, const Settings *settings, const KafkaRole *role, const char *addresses, Error *err) {
    char reason[CONF_ERROR_SIZE];
    if (conf_set_all(conf, common_defaults, err) != 0 || conf_set_all(conf, role->defaults, err) != 0) return -1;
    if (conf_set_user(conf, settings, role->fixed, err) != 0 || conf_set_all(conf, role->fixed, err) != 0) return -1;
    if (kafka_conf_check_security(conf, settings, err) != 0) return -1;
    if (check_bootstrap(settings, addresses, err) != 0) return -1;
    if (rd_kafka_conf_set(conf, "bootstrap.servers", addresses, reason, sizeof reason) == RD_KAFKA_CONF_OK) return 0;
    return error_set(err, ERR_CONFIG, "setting kafka.bootstrap: %s", reason);
}

int kafka_conf_refuse(const Settings *settings, const char *reason, Error *err) {
    for (size_t i = 0; i < settings_count(settings); i++) {
        Setting setting = settings_at(settings, i);
        if (!is_passed_through(&setting) || strstr(reason, setting.key + PREFIX_LEN) == NULL) continue;
        const char *found = kafka_conf_explain_file(settings, &setting, reason);
        if (found != NULL)
            return error_set(err, ERR_CONFIG, "setting %s (from %s): %s %s", setting.key, setting.place, setting.value, found);
        return error_set(err, ERR_CONFIG, "setting %s (from %s) is %s: %s", setting.key, setting.place,
                         setting.secret ? "not accepted" : setting.value, reason);
    }
    return error_set(err, ERR_CONFIG, "Kafka client: %s", reason);
}

/* client_security.c: settings of TLS and SASL that belong together, for the whole module: what is missing is named before anything is
 * tried, since brokers refuse without a reason, and librdkafka waits for what never comes. */
#include "kafka/client_internal.h"

#include "base/buf.h"
#include "base/files.h"
#include "base/memory.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

void kafka_conf_read(const rd_kafka_conf_t *conf, const char *name, char value[KAFKA_VALUE_SIZE]) {
    size_t size = KAFKA_VALUE_SIZE;
    if (rd_kafka_conf_get(conf, name, value, &size) != RD_KAFKA_CONF_OK || size > KAFKA_VALUE_SIZE) value[0] = '\0';
}

static bool has_one(const rd_kafka_conf_t *conf, const char *const names[], size_t n) {
    char value[KAFKA_VALUE_SIZE];
    for (size_t i = 0; i < n; i++) {
        size_t size = sizeof value;
        if (rd_kafka_conf_get(conf, names[i], value, &size) == RD_KAFKA_CONF_OK && value[0] != '\0') return true;
    }
    return false;
}

static bool protocol_has(const rd_kafka_conf_t *conf, const char *part) {
    char protocol[KAFKA_VALUE_SIZE];
    kafka_conf_read(conf, "security.protocol", protocol);
    return strstr(protocol, part) != NULL;
}

/* With one of them alone the client would show no certificate, and the broker would refuse it without a reason. */
static int check_certificate(const rd_kafka_conf_t *conf, Error *err) {
    static const char *const certificates[] = {"ssl.certificate.location", "ssl.certificate.pem"};
    static const char *const keys[] = {"ssl.key.location", "ssl.key.pem"};
    static const char *const both[] = {"ssl.keystore.location", "ssl.engine.location"};
    if (!protocol_has(conf, "ssl") || has_one(conf, both, ARRAY_LEN(both))) return 0;
    bool certificate = has_one(conf, certificates, ARRAY_LEN(certificates)), key = has_one(conf, keys, ARRAY_LEN(keys));
    if (certificate == key) return 0;
    return error_set(err, ERR_CONFIG, "setting kafka.%s is not set, but kafka.%s is: a client certificate needs both (or their .pem)",
                     certificate ? keys[0] : certificates[0], certificate ? certificates[0] : keys[0]);
}

/* The mechanisms of this librdkafka, of those that need no more than settings. */
static char *mechanisms(const rd_kafka_conf_t *conf) {
    static const struct {
        const char *feature, *names;
    } known[] = {{"sasl_plain", "PLAIN"},
                 {"sasl_scram", "SCRAM-SHA-256, SCRAM-SHA-512"},
                 {"sasl_oauthbearer", "OAUTHBEARER"},
                 {"sasl_gssapi", "GSSAPI"}};
    char features[KAFKA_VALUE_SIZE];
    CLEANUP(buf_done) Buf names = {0};
    kafka_conf_read(conf, "builtin.features", features);
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strstr(features, known[i].feature) != NULL) buf_addf(&names, "%s%s", names.len > 0 ? ", " : "", known[i].names);
    return xstrdup(names.len > 0 ? names.data : "none: this librdkafka has no SASL");
}

/* librdkafka's default is Kerberos, whose complaint is about a command that the user has never heard of. */
static int check_mechanism(const rd_kafka_conf_t *conf, const Settings *settings, Error *err) {
    static const char kerberos[] = "kafka.sasl.kerberos.";
    bool chosen = settings_is_set(settings, "kafka.sasl.mechanism") || settings_is_set(settings, "kafka.sasl.mechanisms");
    for (size_t i = 0; i < settings_count(settings) && !chosen; i++)
        chosen = strncmp(settings_at(settings, i).key, kerberos, sizeof kerberos - 1) == 0;
    if (chosen || !protocol_has(conf, "sasl")) return 0;
    char protocol[KAFKA_VALUE_SIZE];
    CLEANUP(free_text) char *names = mechanisms(conf);
    kafka_conf_read(conf, "security.protocol", protocol);
    return error_set(err, ERR_CONFIG, "setting kafka.sasl.mechanism is not set (%s), but kafka.security.protocol is %s", names, protocol);
}

static int check_readable(const Settings *settings, const char *key, Error *err) {
    for (size_t i = 0; i < settings_count(settings); i++) {
        Setting setting = settings_at(settings, i);
        if (strcmp(setting.key, key) == 0 && access(setting.value, R_OK) != 0)
            return error_errno(err, ERR_CONFIG, errno, "setting %s (from %s): cannot read %s", key, setting.place, setting.value);
    }
    return 0;
}

static bool is_in_path(const char *command) {
    const char *path = getenv("PATH");
    CLEANUP(free_text) char *copy = xstrdup(path != NULL ? path : "/bin:/usr/bin");
    for (char *at = copy, *dir; (dir = strsep(&at, ":")) != NULL;) {
        CLEANUP(free_text) char *file = path_join(dir, command);
        if (access(file, X_OK) == 0) return true;
    }
    return false;
}

/* librdkafka runs a command for the ticket, which needs a file with the key, and says of what is missing only the command. */
static int check_kerberos(const rd_kafka_conf_t *conf, const Settings *settings, Error *err) {
    static const char *const key[] = {"sasl.kerberos.keytab"};
    char mechanism[KAFKA_VALUE_SIZE], command[KAFKA_VALUE_SIZE];
    kafka_conf_read(conf, "sasl.mechanisms", mechanism);
    kafka_conf_read(conf, "sasl.kerberos.kinit.cmd", command);
    if (!protocol_has(conf, "sasl") || strcasecmp(mechanism, "GSSAPI") != 0) return 0;
    if (strstr(command, "%{sasl.kerberos.keytab}") != NULL && !has_one(conf, key, 1))
        return error_set(err, ERR_CONFIG,
                         "setting kafka.sasl.kerberos.keytab is not set, but kafka.sasl.mechanism is GSSAPI (Kerberos): set it to the file "
                         "that has the key of kafka.sasl.kerberos.principal; where something else keeps a ticket, set "
                         "kafka.sasl.kerberos.kinit.cmd to true");
    if (strstr(command, "%{sasl.kerberos.keytab}") != NULL && check_readable(settings, "kafka.sasl.kerberos.keytab", err) != 0) return -1;
    if (strncmp(command, "kinit ", strlen("kinit ")) != 0 || is_in_path("kinit")) return 0;
    return error_set(err, ERR_CONFIG,
                     "kafka.sasl.mechanism is GSSAPI (Kerberos), but there is no command kinit: install Kerberos' client (krb5-user), or, "
                     "where something else keeps a ticket, set kafka.sasl.kerberos.kinit.cmd to true");
}

/* Names of mechanisms are compared as they are written. */
static int check_known(const rd_kafka_conf_t *conf, const char *mechanism, Error *err) {
    CLEANUP(free_text) char *names = mechanisms(conf);
    CLEANUP(free_text) char *copy = xstrdup(names);
    const char *in_capitals = NULL;
    if (strncmp(mechanism, "SCRAM-SHA-", 10) == 0) return 0; /* the broker says which of them it has */
    for (char *at = copy, *one; (one = strsep(&at, ", ")) != NULL;) {
        if (strcmp(one, mechanism) == 0) return 0;
        if (strcasecmp(one, mechanism) == 0) in_capitals = one;
    }
    if (in_capitals != NULL)
        return error_set(err, ERR_CONFIG, "setting kafka.sasl.mechanism is %s: it is written in capitals, %s", mechanism, in_capitals);
    return error_set(err, ERR_CONFIG, "setting kafka.sasl.mechanism is %s, which is none of %s", mechanism, names);
}

static int check_login(const rd_kafka_conf_t *conf, const char *mechanism, Error *err) {
    static const char *const needed[] = {"sasl.username", "sasl.password"};
    if (strcmp(mechanism, "PLAIN") != 0 && strncmp(mechanism, "SCRAM-", 6) != 0) return 0;
    for (size_t i = 0; i < ARRAY_LEN(needed); i++)
        if (!has_one(conf, &needed[i], 1))
            return error_set(err, ERR_CONFIG, "setting kafka.%s is not set, but kafka.sasl.mechanism is %s", needed[i], mechanism);
    return 0;
}

/* Without a source of tokens librdkafka never connects, and says nothing. */
static int check_tokens(const rd_kafka_conf_t *conf, const char *mechanism, Error *err) {
    char method[KAFKA_VALUE_SIZE], unsecured[KAFKA_VALUE_SIZE];
    kafka_conf_read(conf, "sasl.oauthbearer.method", method);
    kafka_conf_read(conf, "enable.sasl.oauthbearer.unsecure.jwt", unsecured);
    if (strcmp(mechanism, "OAUTHBEARER") != 0 || strcmp(method, "oidc") == 0 || strcmp(unsecured, "true") == 0) return 0;
    return error_set(err, ERR_CONFIG,
                     "kafka.sasl.mechanism is OAUTHBEARER, but no setting says where tokens come from: set "
                     "kafka.sasl.oauthbearer.method to oidc, and kafka.sasl.oauthbearer.token.endpoint.url, .client.id and .client.secret");
}

int kafka_conf_check_security(const rd_kafka_conf_t *conf, const Settings *settings, Error *err) {
    char mechanism[KAFKA_VALUE_SIZE];
    if (check_certificate(conf, err) != 0 || check_mechanism(conf, settings, err) != 0) return -1;
    if (!protocol_has(conf, "sasl")) return 0;
    kafka_conf_read(conf, "sasl.mechanisms", mechanism);
    if (check_known(conf, mechanism, err) != 0 || check_login(conf, mechanism, err) != 0) return -1;
    return check_tokens(conf, mechanism, err) != 0 ? -1 : check_kerberos(conf, settings, err);
}

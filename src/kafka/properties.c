/* properties.c: see properties.h.
 *
 * librdkafka marks its secrets internally but has no call that lists them. Its debug log leaves them out: the unit test compares the list
 * here with that log. */
#include "kafka/properties.h"

#include "base/attr.h"
#include <librdkafka/rdkafka.h>
#include <string.h>

#define REASON_SIZE 512

static const char *const secrets[] = {
    "sasl.oauthbearer.assertion.private.key.passphrase",
    "sasl.oauthbearer.assertion.private.key.pem",
    "sasl.oauthbearer.client.credentials.client.secret",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.config",
    "sasl.password",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.password",
    "ssl_key",
};

/* The property has a value or can be reset to its default. librdkafka knows some names of Java's properties only to reject them
 * (sasl.jaas.config). */
static bool is_known(const char *name) {
    char reason[REASON_SIZE];
    size_t size = 0;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_conf_t *topic_conf = rd_kafka_topic_conf_new();
    bool known = rd_kafka_conf_get(conf, name, NULL, &size) == RD_KAFKA_CONF_OK ||
                 rd_kafka_topic_conf_get(topic_conf, name, NULL, &size) == RD_KAFKA_CONF_OK ||
                 rd_kafka_conf_set(conf, name, NULL, reason, sizeof reason) == RD_KAFKA_CONF_OK;
    rd_kafka_topic_conf_destroy(topic_conf);
    rd_kafka_conf_destroy(conf);
    return known;
}

bool kafka_property_is_secret(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        if (strcmp(secrets[i], name) == 0) return true;
    return !is_known(name);
}

/* client.h: one handle to the Kafka cluster of the settings, for the consumer, the producer and the administration alike.
 *
 * Creating one never waits for a broker: librdkafka connects in the background and reconnects without end. Any thread may use a handle. Its
 * log lines go to base/log.h; repeated errors of one outage are logged once in 30 s.
 *
 * Errors: ERR_CONFIG names the `kafka.*` setting that librdkafka refuses, or the cluster refused the login, TLS or the authorization;
 * ERR_UNAVAILABLE names the address and the last reason that the network gave. */
#pragma once
#include "base/error.h"
#include "base/settings.h"

typedef struct KafkaClient KafkaClient;

/* A handle for admin.h. ERR_CONFIG. The caller frees. */
int kafka_connect(const Settings *settings, KafkaClient **ret, Error *err) MUST_CHECK;
/* The same for a process that asks again and again: while it waits for brokers that are away, it tries to connect a few times a second. The
 * other one does so eighty times, since librdkafka cuts its pauses short as long as an answer is waited for. */
int kafka_connect_for_long(const Settings *settings, KafkaClient **ret, Error *err) MUST_CHECK;
void kafka_client_free(KafkaClient *client);
DEFINE_CLEANUP(kafka_client_free, KafkaClient)
/* The value of kafka.bootstrap; valid while the client lives. */
const char *kafka_client_address(const KafkaClient *client);
/* The version of the linked librdkafka: "2.15.1". */
const char *kafka_library_version(void);

/* client.h: one handle to the Kafka cluster of the settings, for the consumer, the producer and the administration alike.
 *
 * Making one never waits for a broker: librdkafka connects in the background and reconnects for ever. A handle may be used by any thread;
 * its log lines go to base/log.h, repeated complaints about the same outage once in 30 s.
 *
 * Errors: ERR_CONFIG names the `kafka.*` setting that librdkafka refuses, or the cluster refused the login, TLS or the authorization;
 * ERR_UNAVAILABLE names the address and the last reason that the network gave. */
#pragma once
#include "base/error.h"
#include "base/settings.h"

typedef struct KafkaClient KafkaClient;

/* A handle for admin.h. ERR_CONFIG. The caller frees. */
int kafka_connect(const Settings *settings, KafkaClient **ret, Error *err) MUST_CHECK;
void kafka_client_free(KafkaClient *client);
DEFINE_CLEANUP(kafka_client_free, KafkaClient)
/* kafka.bootstrap as it was set; valid as long as the client. */
const char *kafka_client_address(const KafkaClient *client);
/* "2.15.1": the librdkafka that is linked in. */
const char *kafka_library_version(void);

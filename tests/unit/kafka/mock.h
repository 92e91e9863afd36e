/* mock.h: librdkafka's broker in this process, for a test that injects errors into it. */
#pragma once
#include "base/memory.h"
#include <librdkafka/rdkafka_mock.h>

typedef struct Mock {
    rd_kafka_t *host;
    rd_kafka_mock_cluster_t *cluster;
    char *bootstrap; /* "kafka.bootstrap=..." */
} Mock;

static Mock *mock_new(int brokers) {
    Mock *mock = xcalloc(1, sizeof *mock);
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "3", reason, sizeof reason); /* it would miss bootstrap.servers */
    mock->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    mock->cluster = rd_kafka_mock_cluster_new(mock->host, brokers);
    mock->bootstrap = xasprintf("kafka.bootstrap=%s", rd_kafka_mock_cluster_bootstraps(mock->cluster));
    return mock;
}

static int mock_down(void **state) {
    Mock *mock = *state;
    rd_kafka_mock_cluster_destroy(mock->cluster);
    rd_kafka_destroy(mock->host);
    free(mock->bootstrap);
    free(mock);
    return 0;
}

/* mock_broker.c: librdkafka's mock cluster as a program of its own, so that a real smelt can meet errors that no real broker gives on
 * demand.
 *
 * Prints "bootstrap ADDRESS", a line "code NUMBER NAME" for each error that a broker may answer, and "ready". Then reads commands, a line
 * each, and answers each with "ok":
 *
 *   topic NAME PARTITIONS
 *   errors API CODE TIMES    the next TIMES requests of this kind (0 produce, 1 fetch, 2 list offsets, 3 metadata, ...) are answered with
 * CODE clear API
 *
 * Ends with its standard input. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 256, TIMES_MAX = 64 };

static void print_codes(void) {
    const struct rd_kafka_err_desc *descriptions;
    size_t n;
    rd_kafka_get_err_descs(&descriptions, &n);
    for (size_t i = 0; i < n; i++)
        if (descriptions[i].name != NULL && (descriptions[i].code > 0 || descriptions[i].code == RD_KAFKA_RESP_ERR_UNKNOWN))
            printf("code %d %s\n", (int)descriptions[i].code, descriptions[i].name);
}

static bool push_errors(rd_kafka_mock_cluster_t *cluster, int api, int code, int times) {
    rd_kafka_resp_err_t errors[TIMES_MAX];
    if (times < 1 || times > TIMES_MAX) return false;
    for (int i = 0; i < times; i++) errors[i] = (rd_kafka_resp_err_t)code;
    rd_kafka_mock_push_request_errors_array(cluster, (int16_t)api, (size_t)times, errors);
    return true;
}

static bool obey(rd_kafka_mock_cluster_t *cluster, const char *line) {
    char name[LINE_SIZE];
    int api, code, times;
    if (sscanf(line, "topic %200s %d", name, &times) == 2) return rd_kafka_mock_topic_create(cluster, name, times, 1) == 0;
    if (sscanf(line, "errors %d %d %d", &api, &code, &times) == 3) return push_errors(cluster, api, code, times);
    if (sscanf(line, "clear %d", &api) != 1) return false;
    rd_kafka_mock_clear_request_errors(cluster, (int16_t)api);
    return true;
}

int main(void) {
    char reason[512], line[LINE_SIZE];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "3", reason, sizeof reason); /* it would miss bootstrap.servers */
    rd_kafka_t *host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (host == NULL) return EXIT_FAILURE;
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(host, 1);
    printf("bootstrap %s\n", rd_kafka_mock_cluster_bootstraps(cluster));
    print_codes();
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        puts(obey(cluster, line) ? "ok" : "what?");
        fflush(stdout);
    }
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(host);
    return EXIT_SUCCESS;
}

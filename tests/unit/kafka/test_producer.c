/* test_producer.c: delivery counts and back-pressure, against librdkafka's broker in this process with errors injected. */
#include "kafka/admin.h"
#include "kafka/client_internal.h"
#include "kafka/producer.h"

#include "../fixture.h"
#include "commands/settings_table.h"
#include "mock.h"

#define TOPIC      "events"
#define PARTITIONS 4
#define FLUSH_MS   30000
#define PRODUCE    0 /* Kafka's api key */

static int mock_up(void **state) {
    Mock *mock = mock_new(1);
    rd_kafka_mock_topic_create(mock->cluster, TOPIC, PARTITIONS, 1);
    *state = mock;
    return 0;
}

static KafkaProducer *producer_for(const char *bootstrap, const char *extra) {
    const char *sets[] = {bootstrap, "kafka.retry.backoff.ms=10", extra};
    CLEANUP(settings_freep) Settings *settings = NULL;
    KafkaProducer *producer = NULL;
    Error err = {0};
    must(settings_load(&settings_table, NULL, sets, extra != NULL ? 3 : 2, &settings, &err), &err);
    must(kafka_producer_open(settings, TOPIC, &producer, &err), &err);
    return producer;
}

static void send_some(KafkaProducer *producer, int n) {
    Error err = {0};
    for (int i = 0; i < n; i++) {
        char key[32];
        int len = snprintf(key, sizeof key, "SUB-%06d", i % 100);
        must(kafka_producer_send(producer, key, (size_t)len, "{\"id\":1}", 8, &err), &err);
    }
}

static int64_t stored(KafkaProducer *producer) {
    CLEANUP(kafka_topic_done) KafkaTopic topic = {0};
    Error err = {0};
    int64_t messages = 0;
    must(kafka_topic_describe(kafka_producer_client(producer), TOPIC, 10000, &topic, &err), &err);
    for (size_t i = 0; i < topic.partition_count; i++) messages += topic.partitions[i].end;
    return messages;
}

static void flush(KafkaProducer *producer) {
    Error err = {0};
    must(kafka_producer_flush(producer, FLUSH_MS, &err), &err);
}

/* ---- tests ---- */

static void every_message_is_acknowledged_and_stored(void **state) {
    Mock *mock = *state;
    CLEANUP(kafka_producer_freep) KafkaProducer *producer = producer_for(mock->bootstrap, NULL);
    send_some(producer, 5000);
    flush(producer);
    KafkaDeliveries d = kafka_producer_deliveries(producer);
    assert_int_equal(d.sent, 5000);
    assert_int_equal(d.acked, 5000);
    assert_int_equal(d.failed, 0);
    assert_int_equal(stored(producer), 5000);
}

static void tombstones_and_empty_values_are_messages(void **state) {
    Mock *mock = *state;
    CLEANUP(kafka_producer_freep) KafkaProducer *producer = producer_for(mock->bootstrap, NULL);
    Error err = {0};
    assert_int_equal(kafka_producer_send(producer, "SUB-000001", 10, NULL, 0, &err), 0);
    assert_int_equal(kafka_producer_send(producer, "SUB-000001", 10, "", 0, &err), 0);
    flush(producer);
    assert_int_equal(kafka_producer_deliveries(producer).acked, 2);
    assert_int_equal(stored(producer), 2);
}

static void passing_errors_are_retried(void **state) {
    Mock *mock = *state;
    CLEANUP(kafka_producer_freep) KafkaProducer *producer = producer_for(mock->bootstrap, NULL);
    rd_kafka_mock_push_request_errors(mock->cluster, PRODUCE, 3, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                                      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    send_some(producer, 500);
    flush(producer);
    assert_int_equal(kafka_producer_deliveries(producer).acked, 500);
    assert_int_equal(stored(producer), 500);
}

static void lasting_errors_are_counted_and_named(void **state) {
    Mock *mock = *state;
    Error err = {0};
    rd_kafka_mock_topic_set_error(mock->cluster, TOPIC, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    rd_kafka_mock_broker_set_down(mock->cluster, 1); /* so that the message is sent before the error is known */
    CLEANUP(kafka_producer_freep) KafkaProducer *producer = producer_for(mock->bootstrap, NULL);
    must(kafka_producer_send(producer, "SUB-000001", 10, "{}", 2, &err), &err);
    rd_kafka_mock_broker_set_up(mock->cluster, 1);
    flush(producer);
    KafkaDeliveries d = kafka_producer_deliveries(producer);
    assert_int_equal(d.acked, 0);
    assert_int_equal(d.failed, 1);
    assert_int_equal(kafka_producer_failure(producer, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    error_clear(&err);
}

/* Whether the error says why the broker is away. */
static bool flush_is_refused(KafkaProducer *producer) {
    CLEANUP(error_clear) Error err = {0};
    assert_int_equal(kafka_producer_flush(producer, 300, &err), -1);
    return strstr(err.text, "refused") != NULL;
}

static void an_absent_broker_fails_the_flush_in_time(void **state) {
    (void)state;
    CLEANUP(kafka_producer_freep) KafkaProducer *producer = producer_for("kafka.bootstrap=127.0.0.1:1", NULL);
    Error err = {0};
    send_some(producer, 10);
    eventually(flush_is_refused(producer)); /* librdkafka has to have tried to connect */
    assert_failed(kafka_producer_flush(producer, 300, &err), ERR_UNAVAILABLE, "10 messages", &err);
}

static void messages_that_time_out_are_failed(void **state) {
    (void)state;
    CLEANUP(kafka_producer_freep) KafkaProducer *producer = producer_for("kafka.bootstrap=127.0.0.1:1", "kafka.message.timeout.ms=500");
    Error err = {0};
    send_some(producer, 10);
    flush(producer);
    assert_int_equal(kafka_producer_deliveries(producer).failed, 10);
    assert_int_equal(kafka_producer_failure(producer, &err), -1);
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_non_null(strstr(err.text, "10 of 10"));
    error_clear(&err);
}

static void a_full_queue_waits_and_loses_nothing(void **state) {
    Mock *mock = *state;
    CLEANUP(kafka_producer_freep) KafkaProducer *producer = producer_for(mock->bootstrap, "kafka.queue.buffering.max.messages=100");
    rd_kafka_mock_broker_set_rtt(mock->cluster, 1, 20);
    send_some(producer, 2000);
    flush(producer);
    assert_int_equal(kafka_producer_deliveries(producer).acked, 2000);
}

static void delivery_cannot_be_weakened(void **state) {
    (void)state;
    const char *const weaker[] = {"kafka.acks=1", "kafka.enable.idempotence=false", "kafka.request.required.acks=0"};
    for (size_t i = 0; i < ARRAY_LEN(weaker); i++) {
        CLEANUP(settings_freep) Settings *settings = NULL;
        KafkaProducer *producer = NULL;
        Error err = {0};
        assert_int_equal(settings_load(&settings_table, NULL, &weaker[i], 1, &settings, &err), 0);
        assert_int_equal(kafka_producer_open(settings, TOPIC, &producer, &err), -1);
        assert_int_equal(err.kind, ERR_CONFIG);
        error_clear(&err);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_message_is_acknowledged_and_stored, mock_up, mock_down),
        cmocka_unit_test_setup_teardown(tombstones_and_empty_values_are_messages, mock_up, mock_down),
        cmocka_unit_test_setup_teardown(passing_errors_are_retried, mock_up, mock_down),
        cmocka_unit_test_setup_teardown(lasting_errors_are_counted_and_named, mock_up, mock_down),
        WITH_DEADLINE(an_absent_broker_fails_the_flush_in_time),
        cmocka_unit_test(messages_that_time_out_are_failed),
        cmocka_unit_test_setup_teardown(a_full_queue_waits_and_loses_nothing, mock_up, mock_down),
        cmocka_unit_test(delivery_cannot_be_weakened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

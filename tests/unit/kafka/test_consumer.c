/* test_consumer.c: what the broker is told about how far was read, against librdkafka's broker in this process with errors injected. */
#include "kafka/client_internal.h"
#include "kafka/consumer.h"

#include "../fixture.h"
#include "base/clock.h"
#include "commands/settings_table.h"
#include "mock.h"

#define TOPIC      "events"
#define PARTITIONS 2
enum { OFFSET_COMMIT = 8, FIND_COORDINATOR = 10 }; /* Kafka's api keys */
#define WITHIN_S 60

static int mock_up(void **state) {
    Mock *mock = mock_new(1);
    rd_kafka_mock_topic_create(mock->cluster, TOPIC, PARTITIONS, 1);
    *state = mock;
    return 0;
}

static KafkaConsumer *reading_consumer(const Mock *mock) {
    const char *sets[] = {mock->bootstrap};
    CLEANUP(settings_freep) Settings *settings = NULL;
    KafkaConsumer *consumer = NULL;
    Error err = {0};
    Offsets from[PARTITIONS];
    for (int32_t i = 0; i < PARTITIONS; i++) {
        from[i] = offsets_unknown(i);
        from[i].next = 0;
    }
    must(settings_load(&settings_table, NULL, sets, 1, &settings, &err), &err);
    must(kafka_consumer_open(settings, TOPIC, 1, &consumer, &err), &err);
    must(kafka_consumer_read(consumer, from, PARTITIONS, &err), &err);
    return consumer;
}

static void report(KafkaConsumer *consumer, int32_t partition, int64_t next) {
    Offsets moved = offsets_unknown(partition);
    moved.next = next;
    kafka_consumer_report(consumer, &moved, 1);
}

/* What the broker has for the group of the consumer; negative: nothing. */
static int64_t committed(KafkaConsumer *consumer, int32_t partition) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, TOPIC, partition);
    bool answered = rd_kafka_committed(kafka_consumer_client(consumer)->rk, list, 5000) == RD_KAFKA_RESP_ERR_NO_ERROR;
    int64_t offset = answered ? list->elems[0].offset : -1;
    rd_kafka_topic_partition_list_destroy(list);
    return offset;
}

static void wait_for(KafkaConsumer *consumer, int32_t partition, int64_t next) {
    int64_t began = clock_mono_ns();
    while (committed(consumer, partition) != next) {
        KafkaEvent event;
        Error err = {0};
        must(kafka_consumer_poll(consumer, 100, &event, &err), &err);
        if (clock_seconds_since(began) > WITHIN_S) fail_msg("partition %d is not at %d", (int)partition, (int)next);
    }
}

static void a_report_reaches_the_broker(void **state) {
    CLEANUP(kafka_consumer_freep) KafkaConsumer *consumer = reading_consumer(*state);
    report(consumer, 0, 7);
    wait_for(consumer, 0, 7);
}

/* A broker that has just come back refuses it; of a topic that is idle from then on no other report follows. */
static void a_report_that_failed_is_sent_again(void **state) {
    Mock *mock = *state;
    CLEANUP(kafka_consumer_freep) KafkaConsumer *consumer = reading_consumer(mock);
    report(consumer, 0, 7);
    wait_for(consumer, 0, 7);
    rd_kafka_mock_push_request_errors(mock->cluster, OFFSET_COMMIT, 2, RD_KAFKA_RESP_ERR_UNKNOWN, RD_KAFKA_RESP_ERR_UNKNOWN);
    report(consumer, 0, 11);
    report(consumer, 1, 5);
    wait_for(consumer, 0, 11);
    wait_for(consumer, 1, 5);
}

static void the_newest_position_is_what_is_sent_again(void **state) {
    Mock *mock = *state;
    CLEANUP(kafka_consumer_freep) KafkaConsumer *consumer = reading_consumer(mock);
    rd_kafka_mock_push_request_errors(mock->cluster, OFFSET_COMMIT, 1, RD_KAFKA_RESP_ERR_UNKNOWN);
    report(consumer, 0, 3);
    report(consumer, 0, 9);
    wait_for(consumer, 0, 9);
    for (int64_t began = clock_mono_ns(); clock_seconds_since(began) < 3;) {
        KafkaEvent event;
        Error err = {0};
        must(kafka_consumer_poll(consumer, 100, &event, &err), &err);
        assert_int_equal(committed(consumer, 0), 9);
    }
}

/* A new cluster makes its topic of offsets at the first report: until it has, reports fail, also the last one of a process. */
static void the_last_report_is_sent_again(void **state) {
    Mock *mock = *state;
    enum { FAIL = 8 };
    KafkaConsumer *consumer = reading_consumer(mock);
    report(consumer, 0, 3);
    wait_for(consumer, 0, 3);
    for (int i = 0; i < FAIL; i++)
        rd_kafka_mock_push_request_errors(mock->cluster, OFFSET_COMMIT, 1, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    report(consumer, 0, 9);
    kafka_consumer_free(consumer);
    CLEANUP(kafka_consumer_freep) KafkaConsumer *other = reading_consumer(mock);
    assert_int_equal(committed(other, 0), 9);
}

/* It first looks for who keeps the group, and a new cluster has nobody yet: until then a report does not fail, it waits. */
static void the_first_report_is_waited_for(void **state) {
    Mock *mock = *state;
    rd_kafka_mock_push_request_errors(mock->cluster, FIND_COORDINATOR, 2, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
    KafkaConsumer *consumer = reading_consumer(mock);
    report(consumer, 0, 9);
    kafka_consumer_free(consumer);
    CLEANUP(kafka_consumer_freep) KafkaConsumer *other = reading_consumer(mock);
    assert_int_equal(committed(other, 0), 9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_report_reaches_the_broker, mock_up, mock_down),
        cmocka_unit_test_setup_teardown(a_report_that_failed_is_sent_again, mock_up, mock_down),
        cmocka_unit_test_setup_teardown(the_newest_position_is_what_is_sent_again, mock_up, mock_down),
        cmocka_unit_test_setup_teardown(the_last_report_is_sent_again, mock_up, mock_down),
        cmocka_unit_test_setup_teardown(the_first_report_is_waited_for, mock_up, mock_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

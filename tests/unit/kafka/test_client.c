/* test_client.c: configuration, errors and administration, against librdkafka's broker in this process and against nobody. */
#include "kafka/admin.h"
#include "kafka/client_internal.h"

#include "../fixture.h"
#include "base/clock.h"
#include "commands/settings_table.h"
#include "mock.h"
#include <arpa/inet.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MS 10000
#define NOBODY    "127.0.0.1:1" /* tcpmux: nobody listens there */

/* ---- a mock cluster, and settings that point at it ---- */

static Settings *settings_for(const char *bootstrap, const char *extra) {
    CLEANUP(free_text) char *address = xasprintf("kafka.bootstrap=%s", bootstrap);
    const char *sets[] = {address, extra};
    Settings *settings = NULL;
    Error err = {0};
    must(settings_load(&settings_table, NULL, sets, extra != NULL ? 2 : 1, &settings, &err), &err);
    return settings;
}

static int mock_up(void **state) {
    *state = mock_new(3);
    return 0;
}

static KafkaClient *client_for(const Settings *settings) {
    KafkaClient *client = NULL;
    Error err = {0};
    must(kafka_connect(settings, &client, &err), &err);
    return client;
}

static KafkaClient *client_of(const Mock *mock) {
    CLEANUP(settings_freep) Settings *settings = settings_for(rd_kafka_mock_cluster_bootstraps(mock->cluster), NULL);
    return client_for(settings);
}

/* The error that making a client of this role must give. */
static void assert_refused(const char *extra, const KafkaRole *role, const char *expected) {
    CLEANUP(settings_freep) Settings *settings = settings_for(NOBODY, extra);
    KafkaClient *client = NULL;
    Error err = {0};
    assert_int_equal(kafka_client_new(settings, role, NULL, &client, &err), -1);
    assert_null(client);
    assert_int_equal(err.kind, ERR_CONFIG);
    if (strstr(err.text, expected) == NULL) fail_msg("\"%s\" is not in: %s", expected, err.text);
    error_clear(&err);
}

/* ---- configuration ---- */

static const KafkaProperty idempotent[] = {{"enable.idempotence", "true"}, {NULL, NULL}};
static const KafkaRole plain = {.type = RD_KAFKA_PRODUCER}, guarded = {.type = RD_KAFKA_PRODUCER, .fixed = idempotent};

static void bad_properties_are_named(void **state) {
    (void)state;
    assert_refused("kafka.no.such.thing=1", &plain, "setting kafka.no.such.thing (from --set)");
    assert_refused("kafka.linger.ms=soon", &plain, "kafka.linger.ms");
    assert_refused("kafka.bootstrap.servers=elsewhere:9092", &plain, "use kafka.bootstrap instead");
    assert_refused("kafka.enable.idempotence=false", &guarded, "kafka.enable.idempotence");
}

static void properties_pass_through(void **state) {
    (void)state;
    CLEANUP(settings_freep) Settings *settings = settings_for(NOBODY, "kafka.client.id=mine");
    CLEANUP(kafka_client_freep) KafkaClient *client = client_for(settings);
    assert_non_null(strstr(rd_kafka_name(client->rk), "mine"));
    assert_string_equal(kafka_client_address(client), NOBODY);
}

static void properties_of_the_other_role_do_no_harm(void **state) {
    (void)state;
    CLEANUP(settings_freep) Settings *settings = settings_for(NOBODY, "kafka.fetch.min.bytes=100");
    CLEANUP(kafka_client_freep) KafkaClient *client = client_for(settings);
    assert_non_null(client);
}

/* ---- a broker that is away ---- */

/* Whether the error says why the broker is away. */
static bool ping_is_refused(KafkaClient *client) {
    CLEANUP(error_clear) Error err = {0};
    KafkaPing ping;
    assert_int_equal(kafka_ping(client, 500, &ping, &err), -1);
    return strstr(err.text, "refused") != NULL;
}

static void an_absent_broker_is_unavailable_and_named(void **state) {
    (void)state;
    CLEANUP(settings_freep) Settings *settings = settings_for(NOBODY, NULL);
    CLEANUP(kafka_client_freep) KafkaClient *client = client_for(settings);
    KafkaPing ping;
    KafkaTopic topic;
    Error err = {0};
    eventually(ping_is_refused(client)); /* librdkafka has to have tried to connect */
    assert_failed(kafka_ping(client, 500, &ping, &err), ERR_UNAVAILABLE, NOBODY, &err);
    assert_failed(kafka_topic_describe(client, "events", 500, &topic, &err), ERR_UNAVAILABLE, "refused", &err);
}

static void codes_have_kinds(void **state) {
    (void)state;
    assert_int_equal(kafka_error_kind(RD_KAFKA_RESP_ERR__TRANSPORT), ERR_UNAVAILABLE);
    assert_int_equal(kafka_error_kind(RD_KAFKA_RESP_ERR__AUTHENTICATION), ERR_CONFIG);
    assert_int_equal(kafka_error_kind(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED), ERR_CONFIG);
    assert_int_equal(kafka_error_kind(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), ERR_DATA);
    assert_int_equal(kafka_error_kind(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION), ERR_UNAVAILABLE);
}

static void record_times_that_are_none_are_left_out(void **state) {
    (void)state;
    const int64_t none[] = {-1,
                            INT64_MIN,
                            INT64_MAX,
                            INT64_MAX / 1000 + 1,
                            INT64_C(253402300800000),
                            INT64_C(1764000000000000),     /* us */
                            INT64_C(1764000000000000000)}; /* ns */
    for (size_t i = 0; i < ARRAY_LEN(none); i++) assert_true(kafka_time_us(none[i]) == INT64_MIN);
    assert_true(kafka_time_us(0) == 0);
    assert_true(kafka_time_us(INT64_C(1764000000123)) == INT64_C(1764000000123000));
    assert_true(kafka_time_us(INT64_C(253402300799999)) == INT64_C(253402300799999000));
}

static void a_timeout_after_a_refused_login_is_configuration(void **state) {
    Mock *mock = *state;
    CLEANUP(kafka_client_freep) KafkaClient *client = client_of(mock);
    Error err = {0};
    client->reason_code = RD_KAFKA_RESP_ERR__AUTHENTICATION;
    client->reason_ns = clock_mono_ns();
    memcpy(client->reason, "wrong password", sizeof "wrong password");
    assert_int_equal(kafka_fail(client, RD_KAFKA_RESP_ERR__TIMED_OUT, NULL, &err, "ping"), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.text, "wrong password"));
    error_clear(&err);
    client->reason_ns -= 3600 * NSEC_PER_SEC; /* that was another outage */
    assert_int_equal(kafka_fail(client, RD_KAFKA_RESP_ERR__TIMED_OUT, NULL, &err, "ping"), -1);
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    error_clear(&err);
}

/* What the error of a request that got no answer says of this complaint. */
static void assert_explained(KafkaClient *client, rd_kafka_resp_err_t code, const char *reason, ErrorKind kind, const char *says) {
    Error err = {0};
    client->reason_ns = 0; /* that was another outage */
    kafka_complaint_keep(client, code, reason);
    assert_failed(kafka_fail(client, RD_KAFKA_RESP_ERR__TIMED_OUT, NULL, &err, "ping"), kind, says, &err);
}

/* A port that takes connections and says nothing: no complaint comes from it. */
typedef struct Silent {
    int fd;
    char address[32];
} Silent;

static int silent_up(void **state) {
    static Silent silent;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) != 0 || listen(fd, SOMAXCONN) != 0) return -1;
    if (getsockname(fd, (struct sockaddr *)&at, &size) != 0) return -1;
    silent.fd = fd;
    snprintf(silent.address, sizeof silent.address, "127.0.0.1:%d", ntohs(at.sin_port));
    *state = &silent;
    return 0;
}

static int silent_down(void **state) {
    return close(((Silent *)*state)->fd);
}

static KafkaClient *client_with(void **state, const char *set) {
    CLEANUP(settings_freep) Settings *settings = settings_for(((Silent *)*state)->address, set);
    return client_for(settings);
}

/* Brokers drop a connection in the wrong protocol without a word. */
static void a_wrong_protocol_is_hinted_at(void **state) {
    static const struct {
        const char *set;
        rd_kafka_resp_err_t code;
        const char *reason;
        ErrorKind kind;
        const char *hint;
    } cases[] = {
        {NULL, RD_KAFKA_RESP_ERR__TRANSPORT, "Send failed: Broken pipe", ERR_UNAVAILABLE,
         "does this port expect TLS or SASL? kafka.security.protocol is plaintext"},
        {NULL, RD_KAFKA_RESP_ERR__AUTHENTICATION, "Request not valid in current SASL state", ERR_CONFIG, "does this port expect SASL?"},
        {"kafka.security.protocol=ssl", RD_KAFKA_RESP_ERR__TRANSPORT,
         "SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener?", ERR_UNAVAILABLE, "(does this port expect TLS?"},
        {"kafka.security.protocol=ssl", RD_KAFKA_RESP_ERR__TRANSPORT,
         "Disconnected: SSL connection closed by peer (after 7ms in state SSL_HANDSHAKE)", ERR_UNAVAILABLE,
         "closed by peer (does this port expect TLS? kafka.security.protocol is ssl"},
        {"kafka.security.protocol=ssl", RD_KAFKA_RESP_ERR__TRANSPORT, "Disconnected: connection closed by peer (after 3ms in state UP)",
         ERR_UNAVAILABLE,
         "closed by peer (if the broker is up, does this port expect SASL, too (sasl_ssl)? kafka.security.protocol is ssl"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(kafka_client_freep) KafkaClient *client = client_with(state, cases[i].set);
        assert_explained(client, cases[i].code, cases[i].reason, cases[i].kind, cases[i].hint);
    }
    CLEANUP(kafka_client_freep) KafkaClient *client = client_with(state, NULL);
    Error err = {0};
    assert_failed(kafka_fail(client, RD_KAFKA_RESP_ERR__TRANSPORT, NULL, &err, "ping"), ERR_UNAVAILABLE, "kafka.security.protocol", &err);
}

static void a_refused_client_certificate_is_configuration(void **state) {
    static const char *const alerts[] = {
        "error:0A000412:SSL routines::sslv3 alert bad certificate: SSL alert number 42 (after 5ms in state APIVERSION_QUERY)",
        "error:0A000416:SSL routines::sslv3 alert certificate unknown: SSL alert number 46",
        "error:0A00045C:SSL routines::tlsv13 alert certificate required: SSL alert number 116"};
    CLEANUP(kafka_client_freep) KafkaClient *client = client_with(state, "kafka.security.protocol=ssl");
    for (size_t i = 0; i < ARRAY_LEN(alerts); i++)
        assert_explained(client, RD_KAFKA_RESP_ERR__TRANSPORT, alerts[i], ERR_CONFIG,
                         "set kafka.ssl.certificate.location and kafka.ssl.key.location");
    assert_explained(client, RD_KAFKA_RESP_ERR__TRANSPORT, "tlsv1 alert internal error: SSL alert number 80", ERR_UNAVAILABLE, "alert");
    kafka_complaint_keep(client, RD_KAFKA_RESP_ERR__TRANSPORT, alerts[0]);
    kafka_complaint_keep(client, RD_KAFKA_RESP_ERR__TRANSPORT, "Disconnected (after 1ms in state CONNECT)"); /* of the next attempt */
    Error err = {0};
    assert_failed(kafka_fail(client, RD_KAFKA_RESP_ERR__TIMED_OUT, NULL, &err, "ping"), ERR_CONFIG, "alert number 42", &err);
    kafka_complaint_keep(client, RD_KAFKA_RESP_ERR__TRANSPORT,
                         "Connect to ipv4#127.0.0.1:1 failed: Connection refused"); /* now it is down */
    assert_failed(kafka_fail(client, RD_KAFKA_RESP_ERR__TIMED_OUT, NULL, &err, "ping"), ERR_UNAVAILABLE, "refused", &err);
}

static void why_a_certificate_is_refused_is_said(void **state) {
    static const char failed[] =
        "ssl://a:1/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker "
        "certificate could not be verified, verify that ssl.ca.location is correctly configured";
    static const struct {
        int code, depth;
        const char *says;
    } cases[] = {{X509_V_ERR_CERT_HAS_EXPIRED, 0, "verify failed: certificate has expired, of a:1 (it has to be renewed at the broker."},
                 {X509_V_ERR_CERT_HAS_EXPIRED, 1, "certificate has expired, of a CA of a:1"},
                 {X509_V_ERR_HOSTNAME_MISMATCH, 0, "must be a name that the certificate has"},
                 {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0, "unable to get local issuer certificate"},
                 {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, 1, "kafka.ssl.ca.location?"}};
    CLEANUP(kafka_client_freep) KafkaClient *client = client_with(state, "kafka.security.protocol=ssl");
    assert_explained(client, RD_KAFKA_RESP_ERR__SSL, failed, ERR_CONFIG, "kafka.ssl.ca.location?"); /* a reason is not known */
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        kafka_certificate_keep(client, cases[i].code, cases[i].depth, "a:1");
        assert_explained(client, RD_KAFKA_RESP_ERR__SSL, failed, ERR_CONFIG, cases[i].says);
    }
}

/* ---- administration ---- */

static void ping_counts_brokers(void **state) {
    Mock *mock = *state;
    CLEANUP(kafka_client_freep) KafkaClient *client = client_of(mock);
    KafkaPing ping = {0};
    Error err = {0};
    must(kafka_ping(client, ANSWER_MS, &ping, &err), &err);
    assert_int_equal(ping.brokers, 3);
    assert_true(ping.latency_ms > 0);
}

static void describe_tells_partitions_and_watermarks(void **state) {
    Mock *mock = *state;
    CLEANUP(kafka_client_freep) KafkaClient *client = client_of(mock);
    CLEANUP(kafka_topic_done) KafkaTopic topic = {0};
    Error err = {0};
    rd_kafka_mock_topic_create(mock->cluster, "described", 4, 1);
    must(kafka_topic_describe(client, "described", ANSWER_MS, &topic, &err), &err);
    assert_true(topic.exists);
    assert_int_equal(topic.partition_count, 4);
    assert_int_equal(strlen(topic.topic_id), 22);
    assert_true(strlen(topic.cluster_id) > 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(topic.partitions[i].partition, i);
        assert_int_equal(topic.partitions[i].start, 0);
        assert_int_equal(topic.partitions[i].end, 0);
    }
}

/* What the client library says of a partition without a leader is no offset: not -1001, and not any other negative number. */
static void a_partition_without_a_leader_has_no_offsets(void **state) {
    Mock *mock = *state;
    CLEANUP(kafka_client_freep) KafkaClient *client = client_of(mock);
    CLEANUP(kafka_topic_done) KafkaTopic topic = {0}, named = {0};
    Error err = {0};
    rd_kafka_mock_topic_create(mock->cluster, "led", 3, 1);
    rd_kafka_mock_partition_set_leader(mock->cluster, "led", 1, -1);
    must(kafka_topic_describe(client, "led", ANSWER_MS, &topic, &err), &err);
    assert_int_equal(topic.unanswered, 1);
    assert_non_null(strstr(topic.unanswered_reason, "partition 1"));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(offsets_are_known(&topic.partitions[i]), i != 1);
        assert_true(topic.partitions[i].end == (i == 1 ? OFFSET_UNKNOWN : 0));
    }
    assert_failed(kafka_topic_check_answered(&topic, &err), ERR_UNAVAILABLE, "1 of 3 partitions gave no answer", &err);
    must(kafka_topic_identify(client, "led", ANSWER_MS, &named, &err), &err);
    assert_string_equal(named.topic_id, topic.topic_id);
    assert_int_equal(named.partition_count, 3);
}

/* A broker dies while it is asked: an answer, an error, or a partition that is not known; never an offset below 0. */
static void a_broker_that_dies_meanwhile_gives_no_negative_offset(void **state) {
    Mock *mock = *state;
    CLEANUP(kafka_client_freep) KafkaClient *client = client_of(mock);
    rd_kafka_mock_topic_create(mock->cluster, "dying", 6, 3);
    for (int round = 0; round < 6; round++) {
        CLEANUP(kafka_topic_done) KafkaTopic topic = {0};
        CLEANUP(error_clear) Error err = {0};
        rd_kafka_mock_broker_set_down(mock->cluster, 1 + round % 3);
        if (kafka_topic_describe(client, "dying", 500, &topic, &err) != 0) assert_true(error_is_retriable(&err));
        for (size_t i = 0; i < topic.partition_count; i++)
            assert_true(topic.partitions[i].end >= 0 || topic.partitions[i].end == OFFSET_UNKNOWN);
        rd_kafka_mock_broker_set_up(mock->cluster, 1 + round % 3);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_properties_are_named),
        cmocka_unit_test(properties_pass_through),
        cmocka_unit_test(properties_of_the_other_role_do_no_harm),
        WITH_DEADLINE(an_absent_broker_is_unavailable_and_named),
        cmocka_unit_test(codes_have_kinds),
        cmocka_unit_test(record_times_that_are_none_are_left_out),
        cmocka_unit_test_setup_teardown(a_timeout_after_a_refused_login_is_configuration, mock_up, mock_down),
        cmocka_unit_test_setup_teardown(a_wrong_protocol_is_hinted_at, silent_up, silent_down),
        cmocka_unit_test_setup_teardown(a_refused_client_certificate_is_configuration, silent_up, silent_down),
        cmocka_unit_test_setup_teardown(why_a_certificate_is_refused_is_said, silent_up, silent_down),
        cmocka_unit_test_setup_teardown(ping_counts_brokers, mock_up, mock_down),
        cmocka_unit_test_setup_teardown(describe_tells_partitions_and_watermarks, mock_up, mock_down),
        cmocka_unit_test_setup_teardown(a_partition_without_a_leader_has_no_offsets, mock_up, mock_down),
        cmocka_unit_test_setup_teardown(a_broker_that_dies_meanwhile_gives_no_negative_offset, mock_up, mock_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

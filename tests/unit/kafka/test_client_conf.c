/* test_client_conf.c: settings that librdkafka would take for something else, or whose complaint would name the wrong thing. */
#include "kafka/client_internal.h"

#include "../fixture.h"
#include "../scratch.h"
#include "base/files.h"
#include "commands/settings_table.h"
#include <string.h>

#define SETS_MAX 4
#define NOBODY   "kafka.bootstrap=127.0.0.1:1"

/* Makes a client of these settings. */
static int connect_with(const char *const *sets, size_t n, Error *err) {
    CLEANUP(settings_freep) Settings *settings = NULL;
    CLEANUP(kafka_client_freep) KafkaClient *client = NULL;
    must(settings_load(&settings_table, NULL, sets, n, &settings, err), err);
    return kafka_connect(settings, &client, err);
}

typedef struct Case {
    const char *sets[SETS_MAX]; /* beside the address; ends with NULL */
    const char *says;           /* NULL: it is accepted */
} Case;

static void check(const Case *c) {
    const char *sets[SETS_MAX + 1] = {NOBODY};
    size_t n = 1;
    Error err = {0};
    for (size_t i = 0; i < SETS_MAX && c->sets[i] != NULL; i++) sets[n++] = c->sets[i];
    if (c->says == NULL)
        must(connect_with(sets, n, &err), &err);
    else
        assert_failed(connect_with(sets, n, &err), ERR_CONFIG, c->says, &err);
}

static void check_all(const Case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) check(&cases[i]);
}

static void numbers_are_taken_as_they_are_written(void **state) {
    (void)state;
    static const Case cases[] = {
        {{"kafka.fetch.wait.max.ms=100ms"}, "setting kafka.fetch.wait.max.ms (from --set) is '100ms', which librdkafka takes for 100"},
        {{"kafka.fetch.wait.max.ms=1e3"}, "takes for 1:"},
        {{"kafka.fetch.wait.max.ms=0100"}, "takes for 64:"},
        {{"kafka.fetch.wait.max.ms=4294967396"}, "takes for 100:"},
        {{"kafka.socket.timeout.ms=10s"}, "kafka.socket.timeout.ms"},
        {{"kafka.queued.max.messages.kbytes=16384 kB"}, "takes for 16384"},
        {{"kafka.linger.ms=5ms"}, "takes for 5:"},
        {{"kafka.message.timeout.ms=5m"}, "kafka.message.timeout.ms"}, /* of a topic */
        {{"kafka.fetch.wait.max.ms=100"}, NULL},
        {{"kafka.fetch.wait.max.ms= 100"}, NULL},
        {{"kafka.linger.ms=5.5"}, NULL},
        {{"kafka.topic.metadata.refresh.interval.ms=-1"}, NULL},
        {{"kafka.acks=all"}, NULL},
        {{"kafka.enable.idempotence=1"}, NULL},
        {{"kafka.security.protocol=PLAINTEXT"}, NULL},
        {{"kafka.client.id=007"}, NULL},
        {{"kafka.client.id= 12ab"}, NULL},
        {{"kafka.sasl.password= 0123456789012345678901234567890"}, NULL},
        {{"kafka.debug=broker,topic"}, NULL},
    };
    check_all(cases, ARRAY_LEN(cases));
}

static void ports_are_taken_as_they_are_written(void **state) {
    (void)state;
    static const Case cases[] = {
        {{"kafka.bootstrap=127.0.0.1:99999"}, "setting kafka.bootstrap (from --set): the port of 127.0.0.1:99999"},
        {{"kafka.bootstrap=a:9092,b:65536"}, "the port of b:65536"},
        {{"kafka.bootstrap=127.0.0.1:12822x"}, "127.0.0.1:12822x"},
        {{"kafka.bootstrap=127.0.0.1:0"}, "127.0.0.1:0"},
        {{"kafka.bootstrap=127.0.0.1:"}, "127.0.0.1:"},
        {{"kafka.bootstrap=127.0.0.1:-1"}, "127.0.0.1:-1"},
        {{"kafka.bootstrap=[::1]:99999"}, "[::1]:99999"},
        {{"kafka.bootstrap=PLAINTEXT://localhost:99999/x"}, "the port of localhost:99999"},
        {{"kafka.bootstrap=http://localhost:9092"}, "http://localhost:9092 is no address of a broker"},
        {{"kafka.bootstrap=localhost"}, NULL},
        {{"kafka.bootstrap= localhost:1 , 127.0.0.1:65535, "}, NULL},
        {{"kafka.bootstrap=::1,[::1],[::1]:1"}, NULL},
        {{"kafka.bootstrap=PLAINTEXT://localhost:1/"}, NULL},
    };
    check_all(cases, ARRAY_LEN(cases));
}

static void an_address_that_no_host_can_have_is_refused(void **state) {
    (void)state;
    static const Case cases[] = {
        {{"kafka.bootstrap=a:9092;b:9092"}, "a:9092;b:9092 is no address of a broker: HOST:PORT is expected, and a comma between several"},
        {{"kafka.bootstrap=a:9092 b:9092"}, "a comma between several"},
        {{"kafka.bootstrap=user@a:9092"}, "user@a:9092 is no address of a broker"},
        {{"kafka.bootstrap=\"a:9092\""}, "is no address of a broker"},
        {{"kafka.bootstrap=::1:9092"}, "[ADDRESS]:PORT is expected for IPv6"},
        {{"kafka.bootstrap=fe80::1%eth0:9092"}, "[ADDRESS]:PORT is expected for IPv6"},
        {{"kafka.bootstrap=a:b:c"}, "[ADDRESS]:PORT is expected for IPv6"},
        {{"kafka.bootstrap=[::1"}, "[ADDRESS]:PORT is expected"},
        {{"kafka.bootstrap=[::1]x:9092"}, "[ADDRESS]:PORT is expected"},
        {{"kafka.bootstrap=a:9092,b c:9092"}, "b c:9092 is no address"},
        {{"kafka.bootstrap=2001:db8::1,a_b,b\xc3\xbc.example:9092"}, NULL},
    };
    check_all(cases, ARRAY_LEN(cases));
}

static void a_certificate_needs_its_key(void **state) {
    (void)state;
    static const Case cases[] = {
        {{"kafka.security.protocol=ssl", "kafka.ssl.certificate.pem=x"}, "kafka.ssl.key.location is not set"},
        {{"kafka.security.protocol=ssl", "kafka.ssl.key.pem=x"}, "kafka.ssl.certificate.location is not set"},
        {{"kafka.security.protocol=plaintext", "kafka.ssl.key.pem=x"}, NULL}, /* nothing reads it */
    };
    check_all(cases, ARRAY_LEN(cases));
}

static void sasl_needs_a_mechanism(void **state) {
    (void)state;
    static const Case cases[] = {
        {{"kafka.security.protocol=sasl_plaintext"},
         "setting kafka.sasl.mechanism is not set (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER"},
        {{"kafka.security.protocol=SASL_SSL", "kafka.sasl.username=a", "kafka.sasl.password=b"}, "kafka.security.protocol is sasl_ssl"},
        {{"kafka.security.protocol=sasl_plaintext", "kafka.sasl.mechanism=GSSAPI"}, "setting kafka.sasl.kerberos.keytab is not set"},
        {{"kafka.security.protocol=sasl_plaintext", "kafka.sasl.kerberos.service.name=x"}, "setting kafka.sasl.kerberos.keytab is not set"},
        {{"kafka.security.protocol=sasl_plaintext", "kafka.sasl.mechanism=GSSAPI", "kafka.sasl.kerberos.keytab=/nonexistent/key"},
         "setting kafka.sasl.kerberos.keytab (from --set): cannot read /nonexistent/key"},
        {{"kafka.security.protocol=sasl_plaintext", "kafka.sasl.mechanism=GSSAPI", "kafka.sasl.kerberos.kinit.cmd=true"}, NULL},
        {{"kafka.security.protocol=sasl_plaintext", "kafka.sasl.mechanisms=PLAIN", "kafka.sasl.username=a", "kafka.sasl.password=b"}, NULL},
        {{"kafka.security.protocol=sasl_plaintext", "kafka.sasl.mechanism=plain", "kafka.sasl.username=a", "kafka.sasl.password=b"},
         "setting kafka.sasl.mechanism is plain: it is written in capitals, PLAIN"},
        {{"kafka.security.protocol=sasl_plaintext", "kafka.sasl.mechanism=AWS_MSK_IAM"}, "is AWS_MSK_IAM, which is none of PLAIN"},
        {{"kafka.sasl.mechanism=AWS_MSK_IAM"}, NULL}, /* nothing reads it */
    };
    check_all(cases, ARRAY_LEN(cases));
}

#define SASL(mechanism) "kafka.security.protocol=sasl_plaintext", "kafka.sasl.mechanism=" mechanism

static void a_mechanism_needs_what_it_logs_in_with(void **state) {
    (void)state;
    static const Case cases[] = {
        {{SASL("PLAIN"), "kafka.sasl.username=a"}, "setting kafka.sasl.password is not set, but kafka.sasl.mechanism is PLAIN"},
        {{SASL("PLAIN"), "kafka.sasl.password=a"}, "setting kafka.sasl.username is not set"},
        {{SASL("SCRAM-SHA-512")}, "setting kafka.sasl.username is not set, but kafka.sasl.mechanism is SCRAM-SHA-512"},
        {{SASL("SCRAM-SHA-512"), "kafka.sasl.username=a", "kafka.sasl.password="}, "setting kafka.sasl.password is not set"},
        {{SASL("OAUTHBEARER")}, "no setting says where tokens come from: set kafka.sasl.oauthbearer.method to oidc"},
        {{SASL("OAUTHBEARER"), "kafka.enable.sasl.oauthbearer.unsecure.jwt=true"}, NULL},
    };
    check_all(cases, ARRAY_LEN(cases));
}

/* What OpenSSL calls "PEM lib" whatever it is. Files of keys: tests/integration/test_kafka_tls.py. */
static void a_file_of_tls_that_cannot_be_used_is_described(void **state) {
    static const struct {
        const char *setting, *content, *says;
        size_t len; /* 0: of the text */
    } cases[] = {
        {"ssl.ca.location", "", "is empty", 0},
        {"ssl.ca.location", " \n", "is empty", 0},
        {"ssl.ca.location", "hello", "has no certificate in PEM form", 0},
        {"ssl.ca.location", "0123", "has no certificate in PEM form", 0},
        {"ssl.ca.location", "\x30\x82\x01\x00zzzz", "is in binary form (DER), but PEM is expected: openssl x509", 8},
        {"ssl.ca.location", "-----BEGIN CERTIFICATE-----\nMIIB\n", "is damaged", 0},
        {"ssl.keystore.location", "hello", "is no keystore in the form PKCS#12", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(free_text) char *path = xasprintf("%s/file", (const char *)*state);
        CLEANUP(free_text) char *file = xasprintf("kafka.%s=%s", cases[i].setting, path);
        Error err = {0};
        must(file_write_atomic(path, cases[i].content, cases[i].len > 0 ? cases[i].len : strlen(cases[i].content), &err), &err);
        bool keystore = strstr(cases[i].setting, "keystore") != NULL;
        const char *sets[] = {NOBODY, "kafka.security.protocol=ssl", file, "kafka.ssl.keystore.password=x"};
        assert_failed(connect_with(sets, keystore ? 4 : 3, &err), ERR_CONFIG, cases[i].says, &err);
    }
}

static void a_group_without_a_name_is_refused(void **state) {
    (void)state;
    static const Case cases[] = {{{"kafka.group.id="}, "setting kafka.group.id (from --set) is empty"},
                                 {{"kafka.group.id= "}, "setting kafka.group.id (from --set) is empty"},
                                 {{"kafka.group.id=a b"}, NULL}};
    check_all(cases, ARRAY_LEN(cases));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_taken_as_they_are_written),
        cmocka_unit_test(ports_are_taken_as_they_are_written),
        cmocka_unit_test(a_certificate_needs_its_key),
        cmocka_unit_test(sasl_needs_a_mechanism),
        cmocka_unit_test(a_group_without_a_name_is_refused),
        cmocka_unit_test(an_address_that_no_host_can_have_is_refused),
        cmocka_unit_test(a_mechanism_needs_what_it_logs_in_with),
        cmocka_unit_test_setup_teardown(a_file_of_tls_that_cannot_be_used_is_described, scratch_up, scratch_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_properties.c: which properties are secrets, compared with what librdkafka leaves out of its own debug log. */
#include "kafka/properties.h"

#include "base/attr.h"
#include "base/memory.h"
#include <librdkafka/rdkafka.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* librdkafka hides these too: names and places, which help to find a mistake and open nothing. */
static const char *const shown[] = {"sasl.username", "ssl.key.location", "ssl.ca.pem", "sasl.oauthbearer.assertion.private.key.file"};

static bool is_shown(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(shown); i++)
        if (strcmp(shown[i], name) == 0) return true;
    return false;
}

/* ---- what librdkafka hides ---- */

/* librdkafka logs its configuration while rd_kafka_new runs, line by line: "  name = value". `opaque` is what a line of a secret has. */
static void note_hidden(const rd_kafka_t *rk, int level, const char *facility, const char *text) {
    (void)level;
    if (strcmp(facility, "CONF") == 0 && strstr(text, " = [redacted]") != NULL) *(bool *)rd_kafka_opaque(rk) = true;
}

/* Does librdkafka hide the value of this property? */
static bool is_hidden(const char *name) {
    char reason[512];
    bool hidden = false;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, note_hidden);
    rd_kafka_conf_set_opaque(conf, &hidden);
    bool set = rd_kafka_conf_set(conf, name, "some text", reason, sizeof reason) == RD_KAFKA_CONF_OK &&
               rd_kafka_conf_set(conf, "debug", "conf", reason, sizeof reason) == RD_KAFKA_CONF_OK;
    rd_kafka_t *client = set ? rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason) : NULL;
    if (client != NULL)
        rd_kafka_destroy(client);
    else
        rd_kafka_conf_destroy(conf);
    return hidden;
}

/* The page of librdkafka about its properties, one a line; the caller frees. */
static char *properties_page(void) {
    char *page = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    rd_kafka_conf_properties_show(out);
    assert_int_equal(fclose(out), 0);
    return page;
}

/* ---- tests ---- */

static void what_librdkafka_hides_is_secret(void **state) {
    (void)state;
    CLEANUP(free_text) char *page = properties_page();
    size_t hidden = 0;
    char *rest = NULL;
    for (char *line = strtok_r(page, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        bool is_text = strstr(line, "*Type: string*") != NULL;
        line[strcspn(line, " |")] = '\0';
        if (!is_text || !is_hidden(line)) continue;
        hidden++;
        if (kafka_property_is_secret(line) == is_shown(line)) fail_msg("%s is %s", line, is_shown(line) ? "hidden" : "shown");
    }
    assert_true(hidden >= 12); /* as many as 2.15 has */
}

static void what_librdkafka_knows_is_shown(void **state) {
    (void)state;
    static const char *const names[] = {"client.id", "acks", "sasl.username", "security.protocol", "linger.ms", "ssl.ca.location"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (kafka_property_is_secret(names[i])) fail_msg("%s is hidden", names[i]);
}

static void other_names_are_hidden(void **state) {
    (void)state;
    static const char *const names[] = {"sasl.pasword", "SASL.Password", "sasl.jaas.config", "pass.phrase", "anything", ""};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (!kafka_property_is_secret(names[i])) fail_msg("%s is shown", names[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_librdkafka_hides_is_secret),
        cmocka_unit_test(what_librdkafka_knows_is_shown),
        cmocka_unit_test(other_names_are_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_topics.c: the list of topics: where it comes from, and which names it refuses. */
#include "kafka/topics.h"

#include "../fixture.h"
#include "base/memory.h"
#include "commands/settings_table.h"
#include <string.h>

static const char *const declared[] = {"of.contract", "of.another", "of.contract"};

static Settings *settings_with(const char *topics) {
    CLEANUP(free_text) char *set = xasprintf("kafka.topics=%s", topics);
    const char *sets[] = {"kafka.topic=alone", set};
    Settings *settings = NULL;
    Error err = {0};
    must(settings_load(&settings_table, NULL, sets, 2, &settings, &err), &err);
    return settings;
}

static void expect(const char *topics, size_t declared_count, const char *const *names, size_t count) {
    CLEANUP(settings_freep) Settings *settings = settings_with(topics);
    CLEANUP(topic_list_done) TopicList list = {0};
    Error err = {0};
    must(topic_list_read(settings, declared, declared_count, &list, &err), &err);
    assert_int_equal(list.count, count);
    for (size_t i = 0; i < count; i++) assert_string_equal(list.names[i], names[i]);
}

static void refuse(const char *topics, const char *words) {
    CLEANUP(settings_freep) Settings *settings = settings_with(topics);
    TopicList list = {0};
    Error err = {0};
    assert_failed(topic_list_read(settings, NULL, 0, &list, &err), ERR_CONFIG, words, &err);
}

static void the_setting_comes_first_then_the_contracts(void **state) {
    (void)state;
    static const char *const two[] = {"b.x-1", "a_2"}, *const contracts[] = {"of.contract", "of.another"}, *const one[] = {"alone"};
    expect("b.x-1, a_2", 3, two, 2);
    expect("", 3, contracts, 2);
    expect("", 0, one, 1);
}

static void names_that_kafka_would_not_take_are_refused(void **state) {
    (void)state;
    char longest[251] = "";
    memset(longest, 'x', 250);
    refuse("a,b,a", "kafka.topics has the topic a twice");
    refuse("a,,b", "empty name between its commas");
    refuse(".", "\".\" cannot be the name of a topic");
    refuse("a,..", "\"..\" cannot be");
    refuse("a b", "\"a b\" cannot be");
    refuse("file:/x", "cannot be the name");
    refuse("gr\xc3\xbcn", "cannot be the name");
    refuse(longest, "up to 249");
}

/* kafka.topic is one name, and is taken as it is. */
static void the_only_one_is_checked_too(void **state) {
    (void)state;
    static const struct {
        const char *set, *says;
    } cases[] = {{"kafka.topic=a,b", "kafka.topic is \"a,b\": several topics go into kafka.topics"},
                 {"kafka.topic=a ", "setting kafka.topic: \"a \" cannot be the name of a topic"},
                 {"kafka.topic=..", "setting kafka.topic: \"..\" cannot be"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(settings_freep) Settings *settings = NULL;
        TopicList list = {0};
        Error err = {0};
        must(settings_load(&settings_table, NULL, &cases[i].set, 1, &settings, &err), &err);
        assert_failed(topic_list_read(settings, NULL, 0, &list, &err), ERR_CONFIG, cases[i].says, &err);
    }
}

static void one_of_them_can_be_picked(void **state) {
    (void)state;
    CLEANUP(settings_freep) Settings *settings = settings_with("a,b,c");
    CLEANUP(topic_list_done) TopicList list = {0};
    Error err = {0};
    must(topic_list_read(settings, NULL, 0, &list, &err), &err);
    assert_failed(topic_list_pick(&list, "d", &err), ERR_USAGE, "none of the topics that are read here: a, b, c", &err);
    assert_int_equal(list.count, 3);
    must(topic_list_pick(&list, "b", &err), &err);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.names[0], "b");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_setting_comes_first_then_the_contracts),
                                       cmocka_unit_test(names_that_kafka_would_not_take_are_refused),
                                       cmocka_unit_test(the_only_one_is_checked_too), cmocka_unit_test(one_of_them_can_be_picked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_settings.c: which source wins, which names are read, and what the error says when a value is wrong. With Smelt's own table, and with
 * a small one for what that does not use. */
#include "base/settings.h"

#include "../scratch.h"
#include "base/files.h"
#include "commands/settings_table.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A folder of its own and an empty environment. */
static int up(void **state) {
    int rc = scratch_up(state);
    return rc == 0 && clearenv() == 0 ? setenv("LANG", "C", 1) : -1;
}

static void write_yaml(const char *path, const char *text) {
    Error err = {0};
    if (file_write_atomic(path, text, strlen(text), &err) != 0) fail_msg("%s", err.text);
}

static Settings *load(const char *file, const char *set) {
    Settings *s = NULL;
    Error err = {0};
    if (settings_load(&settings_table, file, &set, set != NULL ? 1 : 0, &s, &err) != 0) fail_msg("%s", err.text);
    return s;
}

static Setting find(const Settings *s, const char *key) {
    for (size_t i = 0; i < settings_count(s); i++)
        if (strcmp(settings_at(s, i).key, key) == 0) return settings_at(s, i);
    fail_msg("there is no %s", key);
    return (Setting){0};
}

static bool has(const Settings *s, const char *key) {
    for (size_t i = 0; i < settings_count(s); i++)
        if (strcmp(settings_at(s, i).key, key) == 0) return true;
    return false;
}

static void assert_setting(const Settings *s, const char *key, const char *value, const char *source) {
    Setting setting = find(s, key);
    assert_string_equal(setting.value, value);
    assert_string_equal(setting.source, source);
}

/* Loading must fail, and say each of the three. */
static void assert_refused(const char *file, const char *set, const char *key, const char *value, const char *source) {
    Settings *s = NULL;
    Error err = {0};
    if (settings_load(&settings_table, file, &set, set != NULL ? 1 : 0, &s, &err) == 0) fail_msg("%s was taken", set != NULL ? set : key);
    assert_null(s);
    assert_int_equal(err.kind, ERR_CONFIG);
    const char *const said[] = {key, value, source};
    for (size_t i = 0; i < ARRAY_LEN(said); i++)
        if (strstr(err.text, said[i]) == NULL) fail_msg("\"%s\" is not in: %s", said[i], err.text);
    error_clear(&err);
}

/* Loading must fail with exactly this sentence. */
static void assert_sentence(const SettingTable *table, const char *set, const char *sentence) {
    Settings *s = NULL;
    Error err = {0};
    assert_int_equal(settings_load(table, NULL, &set, set != NULL ? 1 : 0, &s, &err), -1);
    assert_string_equal(err.text, sentence);
    assert_int_equal(err.kind, ERR_CONFIG);
    error_clear(&err);
}

/* ---- sources ---- */

static void defaults_are_documented_and_valid(void **state) {
    (void)state;
    CLEANUP(settings_freep) Settings *s = load(NULL, NULL);
    assert_string_equal(settings_text(s, "kafka.bootstrap"), "localhost:9092");
    assert_int_equal(settings_int(s, "ingest.commit_interval"), 300);
    assert_int_equal(settings_int(s, "ingest.batch_bytes"), 48 << 20);
    for (size_t i = 0; i < settings_count(s); i++) {
        assert_string_equal(settings_at(s, i).source, "default");
        assert_true(strlen(settings_at(s, i).help) > 10);
    }
}

static void each_source_wins_over_the_one_below(void **state) {
    (void)state;
    CLEANUP(settings_freep) Settings *defaults = load(NULL, NULL);
    assert_setting(defaults, "kafka.topic", "telecom.events", "default");
    write_yaml("smelt.yaml", "kafka:\n  topic: from.file\n");
    CLEANUP(settings_freep) Settings *file = load(NULL, NULL);
    assert_setting(file, "kafka.topic", "from.file", "smelt.yaml");
    setenv("SMELT_KAFKA_TOPIC", "from.environment", 1);
    CLEANUP(settings_freep) Settings *environment = load(NULL, NULL);
    assert_setting(environment, "kafka.topic", "from.environment", "SMELT_KAFKA_TOPIC");
    CLEANUP(settings_freep) Settings *set = load(NULL, "kafka.topic=from.flag");
    assert_setting(set, "kafka.topic", "from.flag", "--set");
    assert_setting(set, "data.dir", "./data", "default");
}

static void the_last_flag_wins(void **state) {
    (void)state;
    const char *sets[] = {"run.attempts=5", "data.dir=a=b", "run.attempts=7", "pipeline.dir="};
    CLEANUP(settings_freep) Settings *s = NULL;
    Error err = {0};
    assert_int_equal(settings_load(&settings_table, NULL, sets, ARRAY_LEN(sets), &s, &err), 0);
    assert_int_equal(settings_int(s, "run.attempts"), 7);
    assert_string_equal(settings_text(s, "data.dir"), "a=b");
    assert_string_equal(settings_text(s, "pipeline.dir"), "");
}

static void a_given_file_replaces_the_usual_one(void **state) {
    (void)state;
    write_yaml("smelt.yaml", "kafka.topic: usual\nrun.attempts: 9\n");
    write_yaml("other.yaml", "kafka.topic: other\n");
    CLEANUP(settings_freep) Settings *s = load("other.yaml", NULL);
    assert_setting(s, "kafka.topic", "other", "other.yaml");
    assert_setting(s, "run.attempts", "3", "default");
    assert_refused("missing.yaml", NULL, "missing.yaml", "", "");
}

static void files_may_nest_or_dot(void **state) {
    (void)state;
    write_yaml("smelt.yaml",
               "ingest:\n  batch_rows: 10\n  commit_interval: 250ms\nlake.memory_limit: 1GiB\n"
               "kafka:\n  security.protocol: SSL\n  ssl:\n    ca:\n      location: /ca.pem\npipeline.dir: ~\nlog: {level: debug}\n");
    CLEANUP(settings_freep) Settings *s = load(NULL, NULL);
    assert_int_equal(settings_int(s, "ingest.batch_rows"), 10);
    assert_int_equal(settings_int(s, "ingest.commit_interval"), 250);
    assert_int_equal(settings_int(s, "lake.memory_limit"), 1 << 30);
    assert_setting(s, "kafka.security.protocol", "SSL", "smelt.yaml");
    assert_setting(s, "kafka.ssl.ca.location", "/ca.pem", "smelt.yaml");
    assert_setting(s, "pipeline.dir", "", "default");
    assert_setting(s, "log.level", "debug", "smelt.yaml");
}

static void an_empty_file_says_nothing(void **state) {
    (void)state;
    write_yaml("smelt.yaml", "# nothing yet\n");
    CLEANUP(settings_freep) Settings *s = load(NULL, NULL);
    assert_setting(s, "kafka.topic", "telecom.events", "default");
}

/* ---- environment ---- */

static void older_names_keep_working(void **state) {
    (void)state;
    setenv("KAFKA_BOOTSTRAP", "old:9092", 1);
    CLEANUP(settings_freep) Settings *alias = load(NULL, NULL);
    assert_setting(alias, "kafka.bootstrap", "old:9092", "KAFKA_BOOTSTRAP");
    setenv("SMELT_KAFKA_BOOTSTRAP", "new:9092", 1);
    CLEANUP(settings_freep) Settings *own = load(NULL, NULL);
    assert_setting(own, "kafka.bootstrap", "new:9092", "SMELT_KAFKA_BOOTSTRAP");
}

/* As compose files write it: SMELT_KAFKA_BOOTSTRAP=${SOMETHING:-}. */
static void an_empty_variable_is_not_set(void **state) {
    (void)state;
    setenv("SMELT_KAFKA_TOPIC", "", 1);
    setenv("SMELT_KAFKA_SASL_MECHANISM", "", 1);
    setenv("SMELT_KAFKA_BOOTSTRAP", "", 1);
    setenv("KAFKA_BOOTSTRAP", "old:9092", 1);
    CLEANUP(settings_freep) Settings *s = load(NULL, NULL);
    assert_setting(s, "kafka.topic", "telecom.events", "default");
    assert_setting(s, "kafka.bootstrap", "old:9092", "KAFKA_BOOTSTRAP");
    assert_false(has(s, "kafka.sasl.mechanism"));
}

static void any_kafka_property_passes_through(void **state) {
    (void)state;
    setenv("SMELT_KAFKA_SECURITY_PROTOCOL", "SASL_SSL", 1);
    setenv("SMELT_KAFKA_SASL_KERBEROS_SERVICE_NAME", "broker", 1);
    write_yaml("smelt.yaml", "kafka:\n  security.protocol: PLAINTEXT\n  client.id: x\n  socket.timeout.ms: 5000\n");
    CLEANUP(settings_freep) Settings *s = load(NULL, "kafka.client.id=y");
    assert_setting(s, "kafka.security.protocol", "SASL_SSL", "SMELT_KAFKA_SECURITY_PROTOCOL");
    assert_setting(s, "kafka.sasl.kerberos.service.name", "broker", "SMELT_KAFKA_SASL_KERBEROS_SERVICE_NAME");
    assert_setting(s, "kafka.socket.timeout.ms", "5000", "smelt.yaml");
    assert_setting(s, "kafka.client.id", "y", "--set");
    assert_string_equal(find(s, "kafka.client.id").help, "");
}

/* Services named smelt-kafka and, as the Strimzi operator calls those of a cluster "smelt", smelt-kafka-bootstrap. */
static void what_kubernetes_injects_is_not_ours(void **state) {
    (void)state;
    static const char *const services[] = {"SMELT_KAFKA", "SMELT_KAFKA_BOOTSTRAP", "SMELT_KAFKA_0"};
    static const struct {
        const char *suffix, *value;
    } injected[] = {{"PORT", "tcp://10.0.0.7:9092"}, {"PORT_9092_TCP", "tcp://10.0.0.7:9092"}, {"PORT_9092_TCP_ADDR", "10.0.0.7"},
                    {"PORT_9092_TCP_PORT", "9092"},  {"PORT_9092_TCP_PROTO", "tcp"},           {"SERVICE_HOST", "10.0.0.7"},
                    {"SERVICE_PORT", "9092"},        {"SERVICE_PORT_TCP_CLIENTS", "9092"}};
    CLEANUP(settings_freep) Settings *before = load(NULL, NULL);
    for (size_t i = 0; i < ARRAY_LEN(services); i++)
        for (size_t j = 0; j < ARRAY_LEN(injected); j++) {
            CLEANUP(free_text) char *name = xasprintf("%s_%s", services[i], injected[j].suffix);
            setenv(name, injected[j].value, 1);
        }
    CLEANUP(settings_freep) Settings *after = load(NULL, NULL);
    for (size_t i = 0; i < settings_count(after); i++) assert_string_equal(settings_at(after, i).source, "default");
    assert_int_equal(settings_count(after), settings_count(before));
}

/* ---- values ---- */

static void sizes_have_units(void **state) {
    (void)state;
    static const struct {
        const char *set;
        int64_t bytes;
    } sizes[] = {{"lake.memory_limit=1000", 1000},
                 {"lake.memory_limit=2KiB", 2048},
                 {"lake.memory_limit=2kb", 2000},
                 {"lake.memory_limit=1.5MiB", 3 << 19},
                 {"lake.memory_limit=3 GB", INT64_C(3000000000)},
                 {"lake.memory_limit=64GiB", INT64_C(64) << 30},
                 {"lake.memory_limit=7B", 7}};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        CLEANUP(settings_freep) Settings *s = load(NULL, sizes[i].set);
        assert_int_equal(settings_int(s, "lake.memory_limit"), sizes[i].bytes);
    }
}

static void wrong_values_name_key_value_and_source(void **state) {
    (void)state;
    assert_refused(NULL, "ingest.batch_rows=many", "ingest.batch_rows", "many", "--set");
    assert_refused(NULL, "ingest.batch_rows=1.5", "ingest.batch_rows", "1.5", "--set");
    assert_refused(NULL, "ingest.batch_rows=", "ingest.batch_rows", "''", "--set");
    assert_refused(NULL, "ingest.batch_rows=99999999999999999999", "ingest.batch_rows", "99999999999999999999", "--set");
    assert_refused(NULL, "ingest.commit_interval=1 week", "ingest.commit_interval", "1 week", "--set");
    assert_refused(NULL, "lake.memory_limit=lots", "lake.memory_limit", "lots", "--set");
    assert_refused(NULL, "lake.memory_limit=-1", "lake.memory_limit", "-1", "--set");
    assert_refused(NULL, "lake.memory_limit=nan", "lake.memory_limit", "nan", "--set");
    assert_refused(NULL, "lake.memory_limit=0x100", "lake.memory_limit", "0x100", "--set");
    assert_refused(NULL, "lake.memory_limit=0x1p30B", "lake.memory_limit", "0x1p30B", "--set");
    assert_refused(NULL, "lake.memory_limit=1e15GiB", "lake.memory_limit", "1e15GiB", "--set");
    setenv("SMELT_RUN_ATTEMPTS", "x1", 1);
    assert_refused(NULL, NULL, "run.attempts", "x1", "SMELT_RUN_ATTEMPTS");
}

/* Numbers that would be nonsense further in: no batch without a row, no lake without a generation. */
static void numbers_out_of_range_are_refused(void **state) {
    (void)state;
    static const char *const sets[] = {"ingest.batch_rows=0",  "ingest.batch_rows=-1", "ingest.batch_rows=1000000000000",
                                       "ingest.batch_bytes=0", "lake.threads=-1",      "lake.threads=4294967297",
                                       "snapshots.keep=0",     "snapshots.keep=-1",    "snapshots.keep=4294967296",
                                       "run.attempts=0"};
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        CLEANUP(free_text) char *key = xstrndup(sets[i], strcspn(sets[i], "="));
        assert_refused(NULL, sets[i], key, strchr(sets[i], '=') + 1, "--set");
    }
    CLEANUP(settings_freep) Settings *least = load(NULL, "ingest.batch_rows=1");
    assert_int_equal(settings_int(least, "ingest.batch_rows"), 1);
}

static void wrong_files_name_themselves_and_the_line(void **state) {
    (void)state;
    write_yaml("smelt.yaml", "ingest:\n  batch_rows: [1, 2]\n");
    assert_refused(NULL, NULL, "ingest.batch_rows", "list", "smelt.yaml:2");
    write_yaml("smelt.yaml", "ingest:\n  batchrows: 1\n");
    assert_refused(NULL, NULL, "ingest.batchrows", "smelt config", "smelt.yaml:2");
    write_yaml("smelt.yaml", "log:\n  # how much\n  level: loud\n");
    assert_refused(NULL, NULL, "log.level", "loud", "smelt.yaml:3");
    write_yaml("other.yaml", "\n\nrun.attempts: 0\n");
    assert_refused("other.yaml", NULL, "run.attempts", "'0'", "other.yaml:3");
    write_yaml("smelt.yaml", "- a\n");
    assert_refused(NULL, NULL, "smelt.yaml:1", "expected settings", "smelt.yaml");
    write_yaml("smelt.yaml", "a: [\n");
    assert_refused(NULL, NULL, "smelt.yaml:2", "not YAML", "smelt.yaml");
}

static void a_list_of_a_file_is_a_list(void **state) {
    (void)state;
    write_yaml("smelt.yaml", "kafka:\n  bootstrap: [a:9092, b:9092]\n  topics:\n    - calls\n    - 07\nhttp.hosts: [x.example]\n");
    CLEANUP(settings_freep) Settings *s = load(NULL, NULL);
    assert_setting(s, "kafka.bootstrap", "a:9092,b:9092", "smelt.yaml");
    assert_setting(s, "kafka.topics", "calls,07", "smelt.yaml");
    assert_setting(s, "http.hosts", "x.example", "smelt.yaml");
    write_yaml("smelt.yaml", "kafka.topics: []\n");
    CLEANUP(settings_freep) Settings *none = load(NULL, NULL);
    assert_setting(none, "kafka.topics", "", "smelt.yaml");
    write_yaml("smelt.yaml", "kafka.bootstrap: []\n");
    assert_refused(NULL, NULL, "kafka.bootstrap", "not empty", "smelt.yaml:1");
    write_yaml("smelt.yaml", "kafka.topics:\n- a\n- {b: c}\n");
    assert_refused(NULL, NULL, "kafka.topics[1]", "no single value", "smelt.yaml:3");
    write_yaml("smelt.yaml", "kafka.topics: [a, ]\nkafka: {topics: b}\n");
    assert_refused(NULL, NULL, "kafka.topics", "was set before", "smelt.yaml:2");
    write_yaml("smelt.yaml", "kafka.topic: [a, b]\n");
    assert_refused(NULL, NULL, "kafka.topic is a list", "kafka.topics takes several", "smelt.yaml:1");
    write_yaml("smelt.yaml", "kafka.client.id: [a, b]\n");
    assert_refused(NULL, NULL, "kafka.client.id", "expected one value", "smelt.yaml:1");
    write_yaml("smelt.yaml", "kafak.topics: [a, b]\n");
    assert_refused(NULL, NULL, "kafak.topics", "did you mean 'kafka.topics'", "smelt.yaml:1");
}

/* A password of digits, a name that is a number. */
static void numbers_of_a_file_keep_their_digits(void **state) {
    static const char *const written[] = {"0123", "1.50", "1e5", "+260", "9007199254740993.0", "12345678901234567890", "-0"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(written); i++) {
        CLEANUP(free_text) char *text = xasprintf("kafka: {sasl.password: &x %s, sasl.username: *x}\n", written[i]);
        write_yaml("smelt.yaml", text);
        CLEANUP(settings_freep) Settings *s = load(NULL, NULL);
        assert_setting(s, "kafka.sasl.password", written[i], "smelt.yaml");
        assert_setting(s, "kafka.sasl.username", written[i], "smelt.yaml");
    }
}

/* What is taken for something else without a word, and no server or shell would. */
static void values_are_what_they_seem(void **state) {
    (void)state;
    assert_refused(NULL, "kafka.sasl.password=secret\n", "the value of kafka.sasl.password", "ends with a line break", "--set");
    assert_refused(NULL, "kafka.topic=t\r", "kafka.topic", "line break", "--set");
    CLEANUP(settings_freep) Settings *pem = load(NULL, "kafka.ssl.ca.pem=x\n");
    assert_setting(pem, "kafka.ssl.ca.pem", "x\n", "--set");
    write_yaml("smelt.yaml", "registry:\n  token: ${TOKEN}\n");
    assert_refused(NULL, NULL, "registry.token has ${TOKEN}", "SMELT_REGISTRY_TOKEN", "smelt.yaml:2");
    write_yaml("smelt.yaml", "kafka.sasl.kerberos.kinit.cmd: kinit %{sasl.kerberos.keytab} ${\n");
    CLEANUP(settings_freep) Settings *command = load(NULL, "log.level=WARN");
    assert_int_equal(settings_choice(command, "log.level"), 2); /* in any case */
    setenv("HOME", "/homes/me", 1);
    CLEANUP(settings_freep) Settings *home = load(NULL, "data.dir=~/lake");
    assert_string_equal(settings_text(home, "data.dir"), "/homes/me/lake");
    unsetenv("HOME");
    CLEANUP(settings_freep) Settings *none = load(NULL, "data.dir=~/lake");
    assert_string_equal(settings_text(none, "data.dir"), "~/lake");
}

static void values_of_a_file_keep_their_line(void **state) {
    (void)state;
    write_yaml("smelt.yaml", "kafka:\n  topic: x\n  client.id: y\n");
    CLEANUP(settings_freep) Settings *s = load(NULL, "data.dir=z");
    assert_string_equal(find(s, "kafka.topic").place, "smelt.yaml:2");
    assert_string_equal(find(s, "kafka.client.id").place, "smelt.yaml:3");
    assert_string_equal(find(s, "kafka.client.id").source, "smelt.yaml");
    assert_string_equal(find(s, "data.dir").place, "--set");
    assert_string_equal(find(s, "log.level").place, "default");
}

static void wrong_flags_are_refused(void **state) {
    (void)state;
    assert_refused(NULL, "kafka.topic", "kafka.topic", "KEY=VALUE", "--set");
    assert_refused(NULL, "=x", "...", "KEY=VALUE", "--set");
    assert_refused(NULL, "no.such.key=1", "no.such.key", "smelt config", "--set");
    assert_refused(NULL, "kafka.=1", "kafka.", "smelt config", "--set");
}

static void errors_say_what_is_allowed(void **state) {
    (void)state;
    static const struct {
        const char *set, *sentence;
    } cases[] = {
        {"kafka.topic=", "--set: kafka.topic is '', expected a text, not empty"},
        {"data.dir=", "--set: data.dir is '', expected a path without blanks around it, not empty"},
        {"data.dir=/data ", "--set: data.dir is '/data ', expected a path without blanks around it, not empty"},
        {"backup.dir=/data\n", "--set: the value of backup.dir ends with a line break: remove it"},
        {"kafka.bootstrap=,", "--set: kafka.bootstrap is ',', expected values with commas between them, not empty"},
        {"log.level=loud", "--set: log.level is 'loud', expected debug, info, warn or error"},
        {"run.attempts=0", "--set: run.attempts is '0', expected a whole number, 1 to 1000"},
        {"model.seed=-1", "--set: model.seed is '-1', expected a whole number, at least 0"},
        {"ingest.batch_bytes=0", "--set: ingest.batch_bytes is '0', expected a size like 256MiB or 1GB, 1B to 1GiB"},
        {"lake.memory_limit=x", "--set: lake.memory_limit is 'x', expected a size like 256MiB or 1GB"},
        {"status.interval=1ms", "--set: status.interval is '1ms', expected a duration like 250ms, 10s, 5m, 2h, 100ms to 1d"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) assert_sentence(&settings_table, cases[i].set, cases[i].sentence);
    setenv("KAFKA_BOOTSTRAP", " , ", 1);
    assert_sentence(&settings_table, NULL,
                    "KAFKA_BOOTSTRAP: kafka.bootstrap is ' , ', expected values with commas between them, not empty");
}

static void unknown_keys_get_a_similar_one(void **state) {
    (void)state;
    assert_sentence(&settings_table, "ingest.batchrows=1",
                    "--set: there is no setting 'ingest.batchrows', did you mean 'ingest.batch_rows'? `smelt config` lists all");
    assert_sentence(&settings_table, "data.dri=x",
                    "--set: there is no setting 'data.dri', did you mean 'data.dir'? `smelt config` lists all");
    assert_sentence(&settings_table, "no.such.key=1", "--set: there is no setting 'no.such.key'; `smelt config` lists all");
}

/* ---- a table of its own ---- */

static bool in_doubt(const char *name) {
    return strcmp(name, "open") != 0;
}

static const char *const aliases[] = {"FIRST_NAME", "SECOND_NAME", NULL};
static const char *const colors[] = {"red", "green", NULL};
static const SettingSpec specs[] = {
    {"a.flag", SETTING_BOOLEAN, "no", "a switch"},
    {"a.token", SETTING_INTEGER, "0", "a number that is secret", .most = 9, .secret = true},
    {"a.name", SETTING_TEXT, "", "a name with two older names", .aliases = aliases},
    {"a.color", SETTING_CHOICE, "green", "a choice", .choices = colors},
};
static const SettingFamily family = {.prefix = "free.", .help = "anything", .is_secret = in_doubt};
static const SettingTable own = {.specs = specs, .count = ARRAY_LEN(specs)};
static const SettingTable own_with_family = {.specs = specs, .count = ARRAY_LEN(specs), .family = &family};

static Settings *load_own(const SettingTable *table, const char *set) {
    Settings *s = NULL;
    Error err = {0};
    if (settings_load(table, NULL, &set, set != NULL ? 1 : 0, &s, &err) != 0) fail_msg("%s", err.text);
    return s;
}

static void each_type_has_its_getter(void **state) {
    (void)state;
    CLEANUP(settings_freep) Settings *s = load_own(&own, "a.flag=on");
    assert_true(settings_bool(s, "a.flag"));
    assert_int_equal(settings_int(s, "a.token"), 0);
    assert_int_equal(settings_choice(s, "a.color"), 1);
    assert_string_equal(settings_text(s, "a.color"), "green");
    assert_ptr_equal(find(s, "a.name").spec, &specs[2]);
    assert_int_equal(settings_count(s), ARRAY_LEN(specs));
}

static void aliases_are_read_in_order(void **state) {
    (void)state;
    setenv("SECOND_NAME", "second", 1);
    CLEANUP(settings_freep) Settings *second = load_own(&own, NULL);
    assert_setting(second, "a.name", "second", "SECOND_NAME");
    setenv("FIRST_NAME", "first", 1);
    CLEANUP(settings_freep) Settings *first = load_own(&own, NULL);
    assert_setting(first, "a.name", "first", "FIRST_NAME");
}

static void a_secret_of_the_table_is_not_repeated(void **state) {
    (void)state;
    CLEANUP(settings_freep) Settings *s = load_own(&own, "a.token=7");
    assert_true(find(s, "a.token").secret);
    assert_false(find(s, "a.name").secret);
    assert_sentence(&own, "a.token=12", "--set: a.token is not allowed (it is secret), expected a whole number, 0 to 9");
}

static void a_family_takes_any_name_behind_its_prefix(void **state) {
    (void)state;
    assert_sentence(&own, "free.x=1", "--set: there is no setting 'free.x'; `smelt config` lists all");
    setenv("SMELT_FREE_OPEN", "from.environment", 1);
    setenv("SMELT_KAFKA_X", "not of this table", 1);
    CLEANUP(settings_freep) Settings *s = load_own(&own_with_family, "free.x=1");
    assert_setting(s, "free.x", "1", "--set");
    assert_setting(s, "free.open", "from.environment", "SMELT_FREE_OPEN");
    assert_true(find(s, "free.x").secret);
    assert_false(find(s, "free.open").secret);
    assert_null(find(s, "free.x").spec);
    assert_int_equal(settings_count(s), ARRAY_LEN(specs) + 2);
    assert_sentence(&own_with_family, "free.=1", "--set: there is no setting 'free.'; `smelt config` lists all");
}

/* ---- secrets ---- */

static void secrets_are_marked(void **state) {
    (void)state;
    const char *sets[] = {"kafka.sasl.password=x",
                          "kafka.ssl.key.pem=x",
                          "kafka.ssl.key.password=x",
                          "kafka.ssl.keystore.password=x",
                          "kafka.sasl.oauthbearer.client.secret=x",
                          "kafka.SASL.Password=x",
                          "kafka.sasl.pasword=x",
                          "kafka.sasl.jaas.config=x",
                          "kafka.pass.phrase=x",
                          "kafka.sasl.username=x",
                          "kafka.ssl.ca.location=x",
                          "kafka.client.id=x"};
    enum { OPEN = 3 };
    CLEANUP(settings_freep) Settings *s = NULL;
    Error err = {0};
    assert_int_equal(settings_load(&settings_table, NULL, sets, ARRAY_LEN(sets), &s, &err), 0);
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        CLEANUP(free_text) char *key = xstrndup(sets[i], strcspn(sets[i], "="));
        if (find(s, key).secret != (i < ARRAY_LEN(sets) - OPEN)) fail_msg("%s", key);
    }
    assert_false(find(s, "kafka.topic").secret);
}

/* Somebody who wrote another sign than '=' may have written a password behind it. */
static void a_refused_flag_is_not_repeated_whole(void **state) {
    (void)state;
    const char *set = "kafka.sasl.password:hunter2";
    Settings *s = NULL;
    Error err = {0};
    assert_int_equal(settings_load(&settings_table, NULL, &set, 1, &s, &err), -1);
    assert_non_null(strstr(err.text, "--set kafka.sasl.password...: expected KEY=VALUE"));
    assert_null(strstr(err.text, "hunter2"));
    error_clear(&err);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, up, scratch_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(defaults_are_documented_and_valid),
        IN_SCRATCH(each_source_wins_over_the_one_below),
        IN_SCRATCH(the_last_flag_wins),
        IN_SCRATCH(a_given_file_replaces_the_usual_one),
        IN_SCRATCH(files_may_nest_or_dot),
        IN_SCRATCH(an_empty_file_says_nothing),
        IN_SCRATCH(older_names_keep_working),
        IN_SCRATCH(an_empty_variable_is_not_set),
        IN_SCRATCH(any_kafka_property_passes_through),
        IN_SCRATCH(what_kubernetes_injects_is_not_ours),
        IN_SCRATCH(sizes_have_units),
        IN_SCRATCH(wrong_values_name_key_value_and_source),
        IN_SCRATCH(numbers_out_of_range_are_refused),
        IN_SCRATCH(wrong_files_name_themselves_and_the_line),
        IN_SCRATCH(a_list_of_a_file_is_a_list),
        IN_SCRATCH(numbers_of_a_file_keep_their_digits),
        IN_SCRATCH(values_are_what_they_seem),
        IN_SCRATCH(values_of_a_file_keep_their_line),
        IN_SCRATCH(wrong_flags_are_refused),
        IN_SCRATCH(errors_say_what_is_allowed),
        IN_SCRATCH(unknown_keys_get_a_similar_one),
        IN_SCRATCH(each_type_has_its_getter),
        IN_SCRATCH(aliases_are_read_in_order),
        IN_SCRATCH(a_secret_of_the_table_is_not_repeated),
        IN_SCRATCH(a_family_takes_any_name_behind_its_prefix),
        IN_SCRATCH(secrets_are_marked),
        IN_SCRATCH(a_refused_flag_is_not_repeated_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

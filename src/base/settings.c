/* settings.c: the table of keys, and four sources laid over each other in order: defaults, smelt.yaml, environment, --set.
 *
 * Invariant: after settings_load every value of the table has been parsed by its type, so the getters cannot fail. */
#include "base/settings.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

typedef struct Key {
    const char *name, *initial;
    SettingType type;
    const char *alias; /* an environment name that existing deployments use; SMELT_<KEY> wins over it */
    const char *help;
    int64_t least, most; /* of a number, or of the length of a text; most 0: no limit */
} Key;

static const Key keys[] = {
    {"kafka.bootstrap", "localhost:9092", SETTING_TEXT, "KAFKA_BOOTSTRAP", "brokers to ask first, host:port[,host:port]", 1},
    {"kafka.topic", "telecom.events", SETTING_TEXT, NULL, "the topic with the events", 1},
    {"data.dir", "./data", SETTING_TEXT, NULL, "where the lake, the snapshots and the models are", 1},
    {"pipeline.dir", "", SETTING_TEXT, NULL, "contracts and features to use instead of the built-in ones"},
    {"http.listen", "127.0.0.1:8080", SETTING_TEXT, NULL, "address of the API and the dashboards; port 0 picks a free one", 1},
    {"ingest.commit_interval", "1s", SETTING_DURATION, NULL, "a batch commits at least this often"},
    {"ingest.batch_rows", "196608", SETTING_INT, NULL, "a batch commits at this many messages (1.6 of DuckDB's row groups)", 1, 10000000},
    {"ingest.batch_bytes", "48MiB", SETTING_SIZE, NULL, "... or at this many bytes of messages; of messages above 1 KB at a third", 1},
    {"ingest.timeout", "5m", SETTING_DURATION, NULL, "give up (exit 69) when Kafka was away this long; 0: never (as with --follow)"},
    {"lake.memory_limit", "256MiB", SETTING_SIZE, NULL, "memory of DuckDB's buffer manager"},
    {"lake.threads", "1", SETTING_INT, NULL, "threads of DuckDB; 0: one a core (docs/decisions/0003)", 0, 1024},
    {"snapshots.keep", "3", SETTING_INT, NULL, "published generations to keep", 1, 1000000},
    {"model.label", "rule", SETTING_TEXT, NULL, "label to train on: rule (Gold's churn_label) or a CSV file with subscriber_id,churned"},
    {"model.max_age", "24h", SETTING_DURATION, NULL, "run trains again when the model is older"},
    {"model.rounds", "100", SETTING_INT, NULL, "boosting rounds"},
    {"model.seed", "42", SETTING_INT, NULL, "seed of the split and of the training"},
    {"run.attempts", "3", SETTING_INT, NULL, "attempts of a step whose failure may pass", 1, 1000},
    {"run.backoff", "2s", SETTING_DURATION, NULL, "wait before the second attempt; doubles"},
    {"up.publish_interval", "1m", SETTING_DURATION, NULL, "how often `smelt up` publishes a snapshot"},
    {"disk.reserve", "200MB", SETTING_SIZE, NULL, "ingest writes only while so much is free at data.dir; `up` and --follow wait for it"},
    {"backup.dir", "", SETTING_TEXT, NULL, "where `up` and `run` keep a backup, if set; `recover` looks there too"},
    {"backup.interval", "1h", SETTING_DURATION, NULL, "how often they add to it"},
    {"status.fresh_within", "35m", SETTING_DURATION, NULL, "a layer older than this is called stale"},
    {"status.interval", "5s", SETTING_DURATION, NULL, "how often a server looks at Kafka, the disk, the runs and the other parts", 100,
     86400000},
    {"log.level", "info", SETTING_TEXT, NULL, "debug, info, warn or error"},
    {"log.format", "auto", SETTING_TEXT, NULL, "auto (text on a terminal, JSON lines otherwise), text or json"},
};
#define KEY_COUNT ARRAY_LEN(keys)

typedef struct Entry {
    char *key, *value, *source; /* owned */
    int64_t number;
    double real;
} Entry;

struct Settings {
    Entry table[KEY_COUNT];
    Entry *extra; /* passed-through kafka properties */
    size_t extra_count;
};

/* ---- values ---- */

static int parse_size(const char *text, int64_t *ret) {
    static const struct {
        const char *unit;
        double bytes;
    } units[] = {{"", 1}, {"B", 1}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"KiB", 1024}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}};
    char *end;
    double amount = strtod(text, &end);
    if (end == text) return -1;
    while (*end == ' ') end++;
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (strcasecmp(end, units[i].unit) == 0) {
            double bytes = amount * units[i].bytes;
            if (!(bytes >= 0 && bytes < 0x1p63)) return -1; /* NaN too */
            *ret = (int64_t)bytes;
            return 0;
        }
    return -1;
}

static int parse_bool(const char *text, int64_t *ret) {
    static const char *const yes[] = {"true", "yes", "1", "on"}, *const no[] = {"false", "no", "0", "off"};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (strcasecmp(text, yes[i]) == 0) return *ret = 1, 0;
        if (strcasecmp(text, no[i]) == 0) return *ret = 0, 0;
    }
    return -1;
}

static int parse_int(const char *text, int64_t *ret) {
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0') return -1;
    *ret = v;
    return 0;
}

static int parse_value(SettingType type, Entry *e) {
    char *end;
    Error ignored = {0};
    int rc = 0;
    switch (type) {
    case SETTING_TEXT: e->number = (int64_t)strlen(e->value); break;
    case SETTING_INT: rc = parse_int(e->value, &e->number); break;
    case SETTING_SIZE: rc = parse_size(e->value, &e->number); break;
    case SETTING_BOOL: rc = parse_bool(e->value, &e->number); break;
    case SETTING_DURATION: rc = duration_parse_ms(e->value, &e->number, &ignored); break;
    case SETTING_REAL:
        e->real = strtod(e->value, &end);
        rc = end != e->value && *end == '\0' && isfinite(e->real) ? 0 : -1;
        break;
    }
    error_clear(&ignored);
    return rc;
}

static const char *expected(SettingType type) {
    static const char *const words[] = {[SETTING_TEXT] = "a text",
                                        [SETTING_INT] = "a whole number",
                                        [SETTING_DURATION] = "a duration like 250ms, 10s, 5m, 2h",
                                        [SETTING_SIZE] = "a size like 256MiB or 1GB",
                                        [SETTING_REAL] = "a number",
                                        [SETTING_BOOL] = "true or false"};
    return words[type];
}

static bool in_range(const Key *k, int64_t number) {
    return number >= k->least && (k->most == 0 || number <= k->most);
}

/* "a whole number, 1 to 1000"; the caller frees. */
static char *expectation(const Key *k) {
    if (k->type == SETTING_TEXT) return xstrdup("a text that is not empty");
    if (k->most > 0) return xasprintf("%s, %" PRId64 " to %" PRId64, expected(k->type), k->least, k->most);
    return k->least > 0 ? xasprintf("%s, at least %" PRId64, expected(k->type), k->least) : xstrdup(expected(k->type));
}

/* ---- layers ---- */

static int find_key(const char *name) {
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].name, name) == 0) return (int)i;
    return -1;
}

static void entry_set(Entry *e, const char *key, const char *value, const char *source) {
    char *old[] = {e->key, e->value, e->source};
    *e = (Entry){.key = xstrdup(key), .value = xstrdup(value), .source = xstrdup(source)};
    for (size_t i = 0; i < ARRAY_LEN(old); i++) free(old[i]);
}

static Entry *extra_entry(Settings *s, const char *key) {
    for (size_t i = 0; i < s->extra_count; i++)
        if (strcmp(s->extra[i].key, key) == 0) return &s->extra[i];
    s->extra = xrealloc(s->extra, s->extra_count + 1, sizeof *s->extra);
    s->extra[s->extra_count] = (Entry){0};
    return &s->extra[s->extra_count++];
}

static int set_value(Settings *s, const char *key, const char *value, const char *source, Error *err) {
    int i = find_key(key);
    if (i < 0 && strncmp(key, "kafka.", 6) == 0 && key[6] != '\0') {
        entry_set(extra_entry(s, key), key, value, source);
        return 0;
    }
    if (i < 0) return error_set(err, ERR_CONFIG, "%s: there is no setting '%s'; `smelt config` lists all", source, key);
    entry_set(&s->table[i], key, value, source);
    if (parse_value(keys[i].type, &s->table[i]) == 0 && in_range(&keys[i], s->table[i].number)) return 0;
    CLEANUP(free_text) char *wanted = expectation(&keys[i]);
    return error_set(err, ERR_CONFIG, "%s: %s is '%s', expected %s", source, key, value, wanted);
}

static char *scalar_text(const json_t *value) {
    if (json_is_string(value)) return xstrdup(json_string_value(value));
    return json_text(value);
}

/* Nested maps are joined by dots: both `kafka: {topic: x}` and `kafka.topic: x` are read. */
static int set_tree(Settings *s, const char *prefix, json_t *object, const char *source, Error *err) {
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        CLEANUP(free_text) char *key = prefix[0] != '\0' ? xasprintf("%s.%s", prefix, name) : xstrdup(name);
        CLEANUP(free_text) char *text = NULL;
        if (json_is_object(value)) {
            if (set_tree(s, key, value, source, err) != 0) return -1;
            continue;
        }
        if (json_is_array(value)) return error_set(err, ERR_CONFIG, "%s: %s is a list, expected one value", source, key);
        text = scalar_text(value);
        if (!json_is_null(value) && set_value(s, key, text, source, err) != 0) return -1;
    }
    return 0;
}

static int read_file(Settings *s, const char *file, Error *err) {
    const char *path = file != NULL ? file : "smelt.yaml";
    if (file == NULL && !file_exists(path)) return 0;
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(json_freep) json_t *tree = NULL;
    if (file_read(path, &text, err) != 0) {
        err->kind = ERR_CONFIG;
        return -1;
    }
    if (yaml_parse(text.data, text.len, path, &tree, err) != 0) return -1;
    if (json_is_null(tree)) return 0;
    if (!json_is_object(tree)) return error_set(err, ERR_CONFIG, "%s: expected settings like 'kafka.topic: telecom.events'", path);
    return set_tree(s, "", tree, path, err);
}

static char *env_name(const char *key) {
    char *name = xasprintf("SMELT_%s", key);
    for (char *p = name; *p != '\0'; p++) *p = *p == '.' ? '_' : (char)toupper((unsigned char)*p);
    return name;
}

/* An empty variable is as good as none. */
static const char *env_value(const char *name) {
    const char *value = name != NULL ? getenv(name) : NULL;
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static int read_known_env(Settings *s, Error *err) {
    for (size_t i = 0; i < KEY_COUNT; i++) {
        CLEANUP(free_text) char *own = env_name(keys[i].name);
        const char *source = env_value(own) != NULL ? own : keys[i].alias;
        const char *value = env_value(source);
        if (value != NULL && set_value(s, keys[i].name, value, source, err) != 0) return -1;
    }
    return 0;
}

static bool ends_with(const char *s, const char *end) {
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* Kubernetes injects <SERVICE>_SERVICE_HOST, _SERVICE_PORT[_NAME], _PORT and _PORT_<number>_<protocol>[...] into every container: a service
 * named smelt-kafka or smelt-kafka-bootstrap must not become a setting. No property of librdkafka looks like these. */
static bool is_injected(const char *name) {
    const char *port = strstr(name, "_PORT_");
    return ends_with(name, "_SERVICE_HOST") || strstr(name, "_SERVICE_PORT") != NULL || ends_with(name, "_PORT") ||
           (port != NULL && isdigit((unsigned char)port[strlen("_PORT_")]));
}

/* SMELT_KAFKA_SECURITY_PROTOCOL is kafka.security.protocol. */
static int read_kafka_env(Settings *s, Error *err) {
    static const char prefix[] = "SMELT_KAFKA_";
    for (char **e = environ; *e != NULL; e++) {
        const char *equals = strchr(*e, '=');
        if (strncmp(*e, prefix, sizeof prefix - 1) != 0 || equals == NULL || equals[1] == '\0') continue;
        CLEANUP(free_text) char *name = xstrndup(*e, (size_t)(equals - *e));
        CLEANUP(free_text) char *key = xstrdup(name + strlen("SMELT_"));
        for (char *p = key; *p != '\0'; p++) *p = *p == '_' ? '.' : (char)tolower((unsigned char)*p);
        if (find_key(key) >= 0 || is_injected(name)) continue;
        if (set_value(s, key, equals + 1, name, err) != 0) return -1;
    }
    return 0;
}

/* What follows the key may be a secret: it is not repeated. */
static int refuse_set(const char *set, Error *err) {
    size_t n = strspn(set, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return error_set(err, ERR_CONFIG, "--set %.*s%s: expected KEY=VALUE", (int)n, set, set[n] != '\0' ? "..." : "");
}

static int read_sets(Settings *s, const char *const *sets, size_t n, Error *err) {
    for (size_t i = 0; i < n; i++) {
        const char *equals = strchr(sets[i], '=');
        if (equals == NULL || equals == sets[i]) return refuse_set(sets[i], err);
        CLEANUP(free_text) char *key = xstrndup(sets[i], (size_t)(equals - sets[i]));
        if (set_value(s, key, equals + 1, "--set", err) != 0) return -1;
    }
    return 0;
}

int settings_load(const char *file, const char *const *sets, size_t n, Settings **ret, Error *err) {
    CLEANUP(settings_freep) Settings *s = xcalloc(1, sizeof *s);
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (set_value(s, keys[i].name, keys[i].initial, "default", err) != 0) BUG(keys[i].name);
    if (read_file(s, file, err) != 0 || read_known_env(s, err) != 0 || read_kafka_env(s, err) != 0 || read_sets(s, sets, n, err) != 0)
        return -1;
    *ret = TAKE(s);
    return 0;
}

static void entry_done(Entry *e) {
    free(e->key);
    free(e->value);
    free(e->source);
}

void settings_free(Settings *s) {
    for (size_t i = 0; i < KEY_COUNT; i++) entry_done(&s->table[i]);
    for (size_t i = 0; i < s->extra_count; i++) entry_done(&s->extra[i]);
    free(s->extra);
    free(s);
}

/* ---- reading ---- */

static const Entry *entry_of(const Settings *s, const char *key) {
    int i = find_key(key);
    if (i < 0) BUG(key);
    return &s->table[i];
}

const char *settings_text(const Settings *s, const char *key) {
    return entry_of(s, key)->value;
}

int64_t settings_int(const Settings *s, const char *key) {
    return entry_of(s, key)->number;
}

double settings_real(const Settings *s, const char *key) {
    return entry_of(s, key)->real;
}

bool settings_bool(const Settings *s, const char *key) {
    return entry_of(s, key)->number != 0;
}

size_t settings_count(const Settings *s) {
    return KEY_COUNT + s->extra_count;
}

/* Also under names that nobody knows, as people misspell them: what is hidden without need does no harm. */
static bool is_secret(const char *key) {
    static const char *const words[] = {"pas", "pwd", "secret", "token", "key.pem", "private", "jaas", "credential"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcasestr(key, words[i]) != NULL) return true;
    return false;
}

Setting settings_at(const Settings *s, size_t i) {
    bool known = i < KEY_COUNT;
    const Entry *e = known ? &s->table[i] : &s->extra[i - KEY_COUNT];
    return (Setting){.key = e->key,
                     .value = e->value,
                     .source = e->source,
                     .help = known ? keys[i].help : "",
                     .type = known ? keys[i].type : SETTING_TEXT,
                     .secret = is_secret(e->key)};
}

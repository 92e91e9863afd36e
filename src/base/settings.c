/* settings.c: reads four sources, each of which overrides the ones before: defaults, smelt.yaml, environment, --set.
 *
 * Invariant: after settings_load each value of the table has been parsed by its type, so the getters cannot fail. */
#include "base/settings.h"

#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include <ctype.h>
#include <string.h>
#include <unistd.h>

typedef struct Entry {
    char *key, *value, *source, *place; /* owned */
    int64_t number;                     /* setting_parse */
    bool secret;
} Entry;

/* Where a value was set. */
typedef struct Origin {
    const char *source; /* a file, an environment variable, "--set", "default" */
    int line;           /* in the file; 0: not a file */
} Origin;

struct Settings {
    const SettingTable *table; /* borrowed */
    Entry *entries;            /* one per row of the table */
    Entry *members;            /* keys of the family */
    size_t member_count;
};

/* ---- one value ---- */

/* "smelt.yaml:3"; the caller frees. */
static char *place_text(Origin origin) {
    return origin.line > 0 ? xasprintf("%s:%d", origin.source, origin.line) : xstrdup(origin.source);
}

static void entry_done(Entry *e) {
    free(e->key);
    free(e->value);
    free(e->source);
    free(e->place);
}

static void entry_set(Entry *e, const char *key, const char *value, Origin origin) {
    entry_done(e);
    *e = (Entry){.key = xstrdup(key), .value = xstrdup(value), .source = xstrdup(origin.source), .place = place_text(origin)};
}

static Entry *member_entry(Settings *s, const char *key) {
    for (size_t i = 0; i < s->member_count; i++)
        if (strcmp(s->members[i].key, key) == 0) return &s->members[i];
    s->members = xrealloc(s->members, s->member_count + 1, sizeof *s->members);
    s->members[s->member_count] = (Entry){0};
    return &s->members[s->member_count++];
}

/* The name within the family, or NULL. */
static const char *member_name(const SettingFamily *family, const char *key) {
    size_t n = family != NULL ? strlen(family->prefix) : 0;
    return n > 0 && strncmp(key, family->prefix, n) == 0 && key[n] != '\0' ? key + n : NULL;
}

static int refuse_key(const Settings *s, const char *key, Origin origin, Error *err) {
    const char *nearest = setting_nearest(s->table, key);
    CLEANUP(free_text) char *place = place_text(origin);
    CLEANUP(free_text) char *hint = nearest != NULL ? xasprintf(", did you mean '%s'?", nearest) : xstrdup(";");
    return error_set(err, ERR_CONFIG, "%s: there is no setting '%s'%s `smelt config` lists all", place, key, hint);
}

static int refuse_value(const SettingSpec *spec, const Entry *e, Error *err) {
    CLEANUP(free_text) char *expected = setting_expected(spec);
    if (e->secret) return error_set(err, ERR_CONFIG, "%s: %s is not allowed (it is secret), expected %s", e->place, e->key, expected);
    return error_set(err, ERR_CONFIG, "%s: %s is '%s', expected %s", e->place, e->key, e->value, expected);
}

static bool ends_with(const char *s, const char *end) {
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* "~/lake" in the home of the user, as a shell has it; it does not where the value follows a "=". The caller frees. */
static char *with_home(const char *path) {
    const char *home = getenv("HOME");
    bool is_there = strncmp(path, "~/", 2) == 0 && home != NULL && home[0] != '\0';
    return is_there ? xasprintf("%s%s", home, path + 1) : xstrdup(path);
}

/* As that of a secret that was made with `echo`, or of a file with the line ends of Windows: no server would know it. */
static int check_line_end(const char *key, const char *value, Origin origin, Error *err) {
    CLEANUP(free_text) char *place = place_text(origin);
    if (ends_with(key, ".pem") || !(ends_with(value, "\n") || ends_with(value, "\r"))) return 0;
    return error_set(err, ERR_CONFIG, "%s: the value of %s ends with a line break: remove it", place, key);
}

static int set_value(Settings *s, const char *key, const char *value, Origin origin, Error *err) {
    const SettingSpec *spec = setting_find(s->table, key);
    const char *name = member_name(s->table->family, key);
    CLEANUP(free_text) char *home = NULL;
    if (spec == NULL && name == NULL) return refuse_key(s, key, origin, err);
    if (check_line_end(key, value, origin, err) != 0) return -1;
    if (spec != NULL && spec->type == SETTING_PATH) value = home = with_home(value);
    Entry *e = spec != NULL ? &s->entries[spec - s->table->specs] : member_entry(s, key);
    entry_set(e, key, value, origin);
    e->secret = spec != NULL ? spec->secret : s->table->family->is_secret(name);
    return spec == NULL || setting_parse(spec, value, &e->number) == 0 ? 0 : refuse_value(spec, e, err);
}

/* ---- the file ---- */

/* As `kafka: {topic: x}` and as `kafka.topic: x`: which one is meant? */
static int check_first(const Settings *s, const char *key, Origin origin, Error *err) {
    for (size_t i = 0; i < settings_count(s); i++) {
        Setting before = settings_at(s, i);
        if (strcmp(before.key, key) != 0 || strcmp(before.source, origin.source) != 0) continue;
        return error_set(err, ERR_CONFIG, "%s:%d: %s was set before, at %s; expected each setting once", origin.source, origin.line, key,
                         before.place);
    }
    return 0;
}

/* Other programs replace ${NAME} in their files: here it would be a password that no broker knows, or a folder of that name. */
static int check_variables_of_file(const char *key, const char *value, Origin origin, Error *err) {
    const char *at = strstr(value, "${");
    size_t n = at != NULL ? strspn(at + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") : 0;
    if (n == 0) return 0;
    CLEANUP(free_text) char *own = setting_env_name(key);
    return error_set(err, ERR_CONFIG, "%s:%d: %s has ${%.*s}: variables are not replaced in this file. Set %s in the environment instead",
                     origin.source, origin.line, key, (int)n, at + 2, own);
}

/* A null value is ignored. */
static int set_scalar(Settings *s, const Document *file, const char *key, const json_t *value, Origin origin, Error *err) {
    if (json_is_null(value)) return 0;
    if (check_first(s, key, origin, err) != 0) return -1;
    CLEANUP(free_text) char *text = document_scalar_text(file, value);
    return check_variables_of_file(key, text, origin, err) == 0 ? set_value(s, key, text, origin, err) : -1;
}

/* "kafka.topics" of "kafka.topic"; NULL: there is no such list. */
static const SettingSpec *find_plural(const Settings *s, const char *key) {
    CLEANUP(free_text) char *plural = xasprintf("%ss", key);
    const SettingSpec *spec = setting_find(s->table, plural);
    return spec != NULL && spec->type == SETTING_LIST ? spec : NULL;
}

static int refuse_list(const Settings *s, const char *key, Origin origin, Error *err) {
    const SettingSpec *plural = find_plural(s, key);
    return error_set(err, ERR_CONFIG, "%s:%d: %s is a list, expected one value%s%s%s", origin.source, origin.line, key,
                     plural != NULL ? " (" : "", plural != NULL ? plural->key : "", plural != NULL ? " takes several)" : "");
}

/* [a, b] is "a,b". */
static int set_list(Settings *s, const Document *file, const char *key, const json_t *list, Origin origin, Error *err) {
    const SettingSpec *spec = setting_find(s->table, key);
    CLEANUP(buf_done) Buf values = {0};
    size_t i;
    json_t *item;
    if (spec == NULL && member_name(s->table->family, key) == NULL) return refuse_key(s, key, origin, err);
    if (spec == NULL || spec->type != SETTING_LIST) return refuse_list(s, key, origin, err);
    if (check_first(s, key, origin, err) != 0) return -1;
    json_array_foreach(list, i, item) {
        Origin at = {.source = origin.source, .line = document_item_line(file, list, i)};
        if (json_is_null(item) || json_is_array(item) || json_is_object(item))
            return error_set(err, ERR_CONFIG, "%s:%d: %s[%zu] is no single value, as the values of this list are", at.source, at.line, key,
                             i);
        CLEANUP(free_text) char *text = document_scalar_text(file, item);
        if (check_variables_of_file(key, text, at, err) != 0) return -1;
        buf_addf(&values, "%s%s", i > 0 ? "," : "", text);
    }
    return set_value(s, key, values.len > 0 ? values.data : "", origin, err);
}

/* Nested maps are joined by dots: both `kafka: {topic: x}` and `kafka.topic: x` are read. */
static int set_tree(Settings *s, const Document *file, const char *prefix, json_t *object, Error *err) {
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        CLEANUP(free_text) char *key = prefix[0] != '\0' ? xasprintf("%s.%s", prefix, name) : xstrdup(name);
        Origin origin = {.source = document_name(file), .line = document_key_line(file, object, name)};
        int rc = json_is_object(value)  ? set_tree(s, file, key, value, err)
                 : json_is_array(value) ? set_list(s, file, key, value, origin, err)
                                        : set_scalar(s, file, key, value, origin, err);
        if (rc != 0) return -1;
    }
    return 0;
}

static int read_file(Settings *s, const char *name, Error *err) {
    const char *path = name != NULL ? name : "smelt.yaml";
    if (name == NULL && !file_exists(path)) return 0;
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(document_freep) Document *file = NULL;
    if (file_read(path, &text, err) != 0) {
        err->kind = ERR_CONFIG;
        return -1;
    }
    if (document_parse(text.data, text.len, path, &file, err) != 0) return -1;
    json_t *tree = document_value(file);
    if (json_is_null(tree)) return 0;
    if (!json_is_object(tree))
        return error_set(err, ERR_CONFIG, "%s:%d: expected settings like 'kafka.topic: telecom.events'", path, document_line(file));
    return set_tree(s, file, "", tree, err);
}

/* ---- the environment ---- */

/* An empty variable is ignored. */
static const char *env_value(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static int read_env(Settings *s, const SettingSpec *spec, Error *err) {
    CLEANUP(free_text) char *own = setting_env_name(spec->key);
    const char *name = own, *value = env_value(own);
    for (const char *const *alias = spec->aliases; value == NULL && alias != NULL && *alias != NULL; alias++) {
        name = *alias;
        value = env_value(name);
    }
    return value != NULL ? set_value(s, spec->key, value, (Origin){.source = name}, err) : 0;
}

/* Kubernetes injects <SERVICE>_SERVICE_HOST, _SERVICE_PORT[_NAME], _PORT and _PORT_<number>_<protocol>[...] into every container. The
 * variables of a service named smelt-kafka or smelt-kafka-bootstrap are not settings. No property of librdkafka has such a name. */
static bool is_injected(const char *name) {
    const char *port = strstr(name, "_PORT_");
    return ends_with(name, "_SERVICE_HOST") || strstr(name, "_SERVICE_PORT") != NULL || ends_with(name, "_PORT") ||
           (port != NULL && isdigit((unsigned char)port[strlen("_PORT_")]));
}

/* SMELT_KAFKA_SECURITY_PROTOCOL is kafka.security.protocol. */
static int read_member_env(Settings *s, const char *prefix, const char *variable, Error *err) {
    const char *equals = strchr(variable, '=');
    if (strncmp(variable, prefix, strlen(prefix)) != 0 || equals == NULL || equals[1] == '\0') return 0;
    CLEANUP(free_text) char *name = xstrndup(variable, (size_t)(equals - variable));
    CLEANUP(free_text) char *key = xstrdup(name + strlen("SMELT_"));
    for (char *p = key; *p != '\0'; p++) *p = *p == '_' ? '.' : (char)tolower((unsigned char)*p);
    if (setting_find(s->table, key) != NULL || is_injected(name)) return 0;
    return set_value(s, key, equals + 1, (Origin){.source = name}, err);
}

/* "smelt-http" as a service: SMELT_HTTP_PORT is an address then, not a number. */
static bool is_of_service(const char *name, const char *value) {
    return is_injected(name) && (!ends_with(name, "_PORT") || strstr(name, "_PORT_") != NULL || strstr(name, "_SERVICE_PORT") != NULL ||
                                 strstr(value, "://") != NULL);
}

static bool is_variable(const SettingTable *table, const char *name) {
    for (size_t i = 0; i < table->count; i++) {
        CLEANUP(free_text) char *own = setting_env_name(table->specs[i].key);
        if (strcmp(own, name) == 0) return true;
    }
    return false;
}

/* "http.port" is in the section of http.listen. */
static bool is_in_section(const SettingTable *table, const char *key) {
    size_t n = strcspn(key, ".") + 1;
    for (size_t i = 0; i < table->count; i++)
        if (key[n - 1] != '\0' && strncmp(table->specs[i].key, key, n) == 0) return true;
    return false;
}

/* A typo would be ignored without a word. Other names that begin with SMELT_ may be a tool's, or those of a service of Kubernetes. */
static int check_variable(const Settings *s, const char *name, const char *value, Error *err) {
    CLEANUP(free_text) char *key = xstrdup(name + strlen("SMELT_"));
    for (char *p = key; *p != '\0'; p++) *p = *p == '_' ? '.' : (char)tolower((unsigned char)*p);
    const char *nearest = setting_nearest(s->table, key);
    if (is_variable(s->table, name) || member_name(s->table->family, key) != NULL || is_of_service(name, value)) return 0;
    if (nearest == NULL && !is_in_section(s->table, key)) return 0;
    CLEANUP(free_text) char *meant = nearest != NULL ? setting_env_name(nearest) : NULL;
    CLEANUP(free_text) char *hint = nearest != NULL ? xasprintf(", did you mean '%s'?", meant) : xstrdup(";");
    return error_set(err, ERR_CONFIG, "environment: there is no setting for %s%s `smelt config` lists all", name, hint);
}

static int check_variables(const Settings *s, Error *err) {
    for (char **variable = environ; *variable != NULL; variable++) {
        const char *equals = strchr(*variable, '=');
        if (strncmp(*variable, "SMELT_", strlen("SMELT_")) != 0 || equals == NULL || equals[1] == '\0') continue;
        CLEANUP(free_text) char *name = xstrndup(*variable, (size_t)(equals - *variable));
        if (check_variable(s, name, equals + 1, err) != 0) return -1;
    }
    return 0;
}

static int read_environment(Settings *s, Error *err) {
    for (size_t i = 0; i < s->table->count; i++)
        if (read_env(s, &s->table->specs[i], err) != 0) return -1;
    if (check_variables(s, err) != 0) return -1;
    if (s->table->family == NULL) return 0;
    CLEANUP(free_text) char *prefix = setting_env_name(s->table->family->prefix);
    for (char **variable = environ; *variable != NULL; variable++)
        if (read_member_env(s, prefix, *variable, err) != 0) return -1;
    return 0;
}

/* ---- the command line ---- */

/* The error does not repeat what follows the key: it may be a secret. */
static int refuse_set(const char *set, Error *err) {
    size_t n = strspn(set, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return error_set(err, ERR_CONFIG, "--set %.*s%s: expected KEY=VALUE", (int)n, set, set[n] != '\0' ? "..." : "");
}

static int read_sets(Settings *s, const char *const *sets, size_t n, Error *err) {
    for (size_t i = 0; i < n; i++) {
        const char *equals = strchr(sets[i], '=');
        if (equals == NULL || equals == sets[i]) return refuse_set(sets[i], err);
        CLEANUP(free_text) char *key = xstrndup(sets[i], (size_t)(equals - sets[i]));
        if (set_value(s, key, equals + 1, (Origin){.source = "--set"}, err) != 0) return -1;
    }
    return 0;
}

/* ---- all of them ---- */

int settings_load(const SettingTable *table, const char *file, const char *const *sets, size_t n, Settings **ret, Error *err) {
    CLEANUP(settings_freep) Settings *s = xcalloc(1, sizeof *s);
    s->table = table;
    s->entries = xcalloc(table->count, sizeof *s->entries);
    for (size_t i = 0; i < table->count; i++)
        if (set_value(s, table->specs[i].key, table->specs[i].initial, (Origin){.source = "default"}, err) != 0) BUG(err->text);
    if (read_file(s, file, err) != 0 || read_environment(s, err) != 0 || read_sets(s, sets, n, err) != 0) return -1;
    *ret = TAKE(s);
    return 0;
}

void settings_free(Settings *s) {
    for (size_t i = 0; i < s->table->count; i++) entry_done(&s->entries[i]);
    for (size_t i = 0; i < s->member_count; i++) entry_done(&s->members[i]);
    free(s->entries);
    free(s->members);
    free(s);
}

/* ---- reading ---- */

#define TYPE(type) (1u << (type))

/* `types`: the types that the caller accepts, a sum of TYPE(...). */
static const Entry *entry_of(const Settings *s, const char *key, unsigned types) {
    const SettingSpec *spec = setting_find(s->table, key);
    if (spec == NULL || (TYPE(spec->type) & types) == 0) BUG(key);
    return &s->entries[spec - s->table->specs];
}

const char *settings_text(const Settings *s, const char *key) {
    return entry_of(s, key, TYPE(SETTING_TEXT) | TYPE(SETTING_PATH) | TYPE(SETTING_LIST) | TYPE(SETTING_CHOICE))->value;
}

int64_t settings_int(const Settings *s, const char *key) {
    return entry_of(s, key, TYPE(SETTING_INTEGER) | TYPE(SETTING_SIZE) | TYPE(SETTING_DURATION))->number;
}

int settings_choice(const Settings *s, const char *key) {
    return (int)entry_of(s, key, TYPE(SETTING_CHOICE))->number;
}

bool settings_bool(const Settings *s, const char *key) {
    return entry_of(s, key, TYPE(SETTING_BOOLEAN))->number != 0;
}

size_t settings_count(const Settings *s) {
    return s->table->count + s->member_count;
}

Setting settings_at(const Settings *s, size_t i) {
    const SettingSpec *spec = i < s->table->count ? &s->table->specs[i] : NULL;
    const Entry *e = spec != NULL ? &s->entries[i] : &s->members[i - s->table->count];
    return (Setting){
        .key = e->key,
        .value = e->value,
        .source = e->source,
        .place = e->place,
        .help = spec != NULL ? spec->help : "",
        .spec = spec,
        .secret = e->secret,
    };
}

bool settings_is_set(const Settings *s, const char *key) {
    for (size_t i = 0; i < settings_count(s); i++) {
        Setting one = settings_at(s, i);
        if (strcmp(one.key, key) == 0) return strcmp(one.source, "default") != 0;
    }
    return false;
}

/* settings_spec.c: parses a value by its type, and describes the allowed values for error messages. */
#include "base/settings_spec.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define KEY_MAX         64 /* no suggestion for longer keys */
#define DURATION_MAX_MS (INT64_MAX / (NSEC_PER_SEC / 1000))

/* Names of each type: in a table of settings, and in an error message. */
static const struct {
    const char *name, *expected;
} types[] = {
    [SETTING_TEXT] = {"text", "a text"},
    [SETTING_PATH] = {"path", "a path without blanks around it"},
    [SETTING_LIST] = {"list", "values with commas between them"},
    [SETTING_CHOICE] = {"choice", ""},
    [SETTING_INTEGER] = {"integer", "a whole number"},
    [SETTING_SIZE] = {"size", "a size like 256MiB or 1GB"},
    [SETTING_DURATION] = {"duration", "a duration like 250ms, 10s, 5m, 2h"},
    [SETTING_BOOLEAN] = {"boolean", "true or false"},
};

typedef struct Unit {
    const char *name;
    int64_t factor;
} Unit;

static const Unit size_units[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1000000000}, {"MB", 1000000},
                                  {"KB", 1000},     {"B", 1},         {"", 1},          {NULL, 0}};
static const Unit duration_units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};

const char *setting_type_name(SettingType type) {
    return types[type].name;
}

/* ---- keys ---- */

const SettingSpec *setting_find(const SettingTable *table, const char *key) {
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->specs[i].key, key) == 0) return &table->specs[i];
    return NULL;
}

/* How many characters must be added, removed or replaced to make `b` of `a` (Levenshtein), row by row. `b` is shorter than KEY_MAX. */
static size_t edits_between(const char *a, const char *b) {
    size_t row[KEY_MAX + 1], n = strlen(b);
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            size_t added = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replaced < added ? replaced : added;
        }
    }
    return row[n];
}

const char *setting_nearest(const SettingTable *table, const char *key) {
    size_t length = strlen(key), least = length / 3 + 1; /* with more edits it is probably another word */
    const char *nearest = NULL;
    for (size_t i = 0; length < KEY_MAX && i < table->count; i++) {
        size_t edits = edits_between(table->specs[i].key, key);
        if (edits >= least) continue;
        least = edits;
        nearest = table->specs[i].key;
    }
    return nearest;
}

char *setting_env_name(const char *key) {
    char *name = xasprintf("SMELT_%s", key);
    for (char *p = name; *p != '\0'; p++) *p = *p == '.' ? '_' : (char)toupper((unsigned char)*p);
    return name;
}

/* ---- values ---- */

static int parse_integer(const char *text, int64_t *ret) {
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0') return -1;
    *ret = v;
    return 0;
}

static int parse_size(const char *text, int64_t *ret) {
    char *end;
    double amount = clock_amount(text, &end);
    if (end == text) return -1;
    while (*end == ' ') end++;
    for (const Unit *u = size_units; u->name != NULL; u++)
        if (strcasecmp(end, u->name) == 0) {
            double bytes = amount * (double)u->factor;
            if (!(bytes >= 0 && bytes < 0x1p63)) return -1; /* NaN too */
            *ret = (int64_t)bytes;
            return 0;
        }
    return -1;
}

static int parse_duration(const char *text, int64_t *ret) {
    Error ignored = {0}; /* setting_expected says more */
    int rc = duration_parse_ms(text, ret, &ignored);
    error_clear(&ignored);
    return rc == 0 && *ret <= DURATION_MAX_MS ? 0 : -1;
}

static int parse_boolean(const char *text, int64_t *ret) {
    static const char *const yes[] = {"true", "yes", "1", "on"}, *const no[] = {"false", "no", "0", "off"};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (strcasecmp(text, yes[i]) == 0) return *ret = 1, 0;
        if (strcasecmp(text, no[i]) == 0) return *ret = 0, 0;
    }
    return -1;
}

static int parse_choice(const char *const *choices, const char *text, int64_t *ret) {
    for (int i = 0; choices[i] != NULL; i++)
        if (strcasecmp(choices[i], text) == 0) return *ret = i, 0;
    return -1;
}

static int64_t count_values(const char *list) {
    int64_t n = 0;
    for (const char *p = list; *p != '\0'; p += *p == ',') {
        size_t length = strcspn(p, ",");
        if (strspn(p, " ") < length) n++;
        p += length;
    }
    return n;
}

/* A blank or a line break at the end, as of a file that a shell wrote, would be a folder of that name. */
static int parse_path(const char *text, int64_t *ret) {
    size_t n = strlen(text);
    if (n > 0 && (isspace((unsigned char)text[0]) || isspace((unsigned char)text[n - 1]))) return -1;
    *ret = (int64_t)n;
    return 0;
}

static int parse_by_type(const SettingSpec *spec, const char *text, int64_t *ret) {
    switch (spec->type) {
    case SETTING_TEXT: return *ret = (int64_t)strlen(text), 0;
    case SETTING_PATH: return parse_path(text, ret);
    case SETTING_LIST: return *ret = count_values(text), 0;
    case SETTING_CHOICE: return parse_choice(spec->choices, text, ret);
    case SETTING_INTEGER: return parse_integer(text, ret);
    case SETTING_SIZE: return parse_size(text, ret);
    case SETTING_DURATION: return parse_duration(text, ret);
    case SETTING_BOOLEAN: return parse_boolean(text, ret);
    }
    BUG("a setting of no type");
}

int setting_parse(const SettingSpec *spec, const char *text, int64_t *ret) {
    int64_t number = 0;
    if (parse_by_type(spec, text, &number) != 0 || number < spec->least || (spec->most > 0 && number > spec->most)) return -1;
    *ret = number;
    return 0;
}

/* ---- descriptions ---- */

/* "250ms", "1MiB", "7": in the largest unit that divides it. */
static char *number_text(const SettingSpec *spec, int64_t number) {
    const Unit *u = spec->type == SETTING_SIZE ? size_units : spec->type == SETTING_DURATION ? duration_units : NULL;
    if (u == NULL || number == 0) return xasprintf("%" PRId64, number);
    while (number % u->factor != 0) u++;
    return xasprintf("%" PRId64 "%s", number / u->factor, u->name);
}

static char *choices_text(const char *const *choices) {
    Buf text = {0};
    for (size_t i = 0; choices[i] != NULL; i++) {
        if (i > 0) buf_add_str(&text, choices[i + 1] == NULL ? " or " : ", ");
        buf_add_str(&text, choices[i]);
    }
    return buf_take(&text);
}

char *setting_range(const SettingSpec *spec) {
    bool is_integer = spec->type == SETTING_INTEGER, is_number = is_integer || spec->type == SETTING_SIZE || spec->type == SETTING_DURATION;
    if (spec->type == SETTING_CHOICE) return choices_text(spec->choices);
    if (!is_number) return xstrdup(spec->least > 0 ? "not empty" : "");
    if (!is_integer && spec->least == 0 && spec->most == 0) return xstrdup(""); /* sizes and durations are never negative */
    CLEANUP(free_text) char *least = number_text(spec, spec->least), *most = number_text(spec, spec->most);
    return spec->most > 0 ? xasprintf("%s to %s", least, most) : xasprintf("at least %s", least);
}

char *setting_expected(const SettingSpec *spec) {
    CLEANUP(free_text) char *range = setting_range(spec);
    const char *value = types[spec->type].expected;
    return xasprintf("%s%s%s", value, value[0] != '\0' && range[0] != '\0' ? ", " : "", range);
}

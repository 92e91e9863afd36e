/* settings_spec.h: a table of settings: one row per key with its type, default, range and help.
 *
 * Checks, error messages, `smelt config` and docs/settings.md use these rows. Rows are static and never change: any thread. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum SettingType {
    SETTING_TEXT,
    SETTING_PATH,     /* a file or a folder; a relative one starts at the working directory */
    SETTING_LIST,     /* values with commas between them */
    SETTING_CHOICE,   /* one of `choices` */
    SETTING_INTEGER,  /* a whole number */
    SETTING_SIZE,     /* bytes: "1000", "48MiB", "1.5GB" */
    SETTING_DURATION, /* milliseconds: "250ms", "10s", "5m", "2h", "7d"; "10" is 10 s. In nanoseconds it fits 64 bits */
    SETTING_BOOLEAN,
} SettingType;

typedef struct SettingSpec {
    const char *key; /* "group.name" */
    SettingType type;
    const char *initial; /* the default, as a user would write it */
    const char *help;    /* one sentence, without a full stop */
    /* Both inclusive. For an integer, a size (bytes) and a duration (milliseconds): `most` 0 means no upper limit. For a text, a path and a
     * list: `least` 1 means not empty; `most` is not used. */
    int64_t least, most;
    const char *const *choices; /* SETTING_CHOICE: NULL at the end */
    const char *const *aliases; /* older environment names, or NULL; NULL at the end. SMELT_<KEY> wins over them */
    const char *restart;        /* the long-running commands that must be restarted to see a change: "up, serve"; NULL: none */
    bool secret;                /* the value is never printed */
} SettingSpec;

/* Keys without a row: PREFIXname is passed unchanged to a library that has its own properties. */
typedef struct SettingFamily {
    const char *prefix; /* "kafka." */
    const char *help;
    bool (*is_secret)(const char *name); /* `name` without the prefix; true for unknown names */
} SettingFamily;

typedef struct SettingTable {
    const SettingSpec *specs;
    size_t count;
    const SettingFamily *family; /* NULL: none */
} SettingTable;

/* The row of `key`, or NULL. */
const SettingSpec *setting_find(const SettingTable *table, const char *key);
/* The key of the table that is most similar to `key`, or NULL when none is similar. */
const char *setting_nearest(const SettingTable *table, const char *key);
/* Reads `text` as the type says, and compares it with range and choices. `ret` gets the number (bytes, milliseconds, 0 or 1, the index in
 * `choices`; of a list how many values, of texts their length). -1: not allowed; setting_expected describes what is. */
int setting_parse(const SettingSpec *spec, const char *text, int64_t *ret) MUST_CHECK;
/* "a whole number, 1 to 1000"; the caller frees. */
char *setting_expected(const SettingSpec *spec) MUST_CHECK;
/* Only the second half, for tables: "1 to 1000", "debug, info, warn or error", "not empty"; "" without limits. The caller frees. */
char *setting_range(const SettingSpec *spec) MUST_CHECK;
/* "integer", "size", ... */
const char *setting_type_name(SettingType type);
/* "SMELT_DATA_DIR" of "data.dir"; the caller frees. */
char *setting_env_name(const char *key) MUST_CHECK;

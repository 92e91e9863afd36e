/* settings.h: the values of a table of settings, and where each came from.
 *
 * --set KEY=VALUE overrides the environment, which overrides smelt.yaml, which overrides the defaults. This file knows no key: the caller
 * passes a table of keys (settings_spec.h); Smelt's table is in commands/settings_table.c. One thread loads the settings; then they are
 * read-only: any thread. */
#pragma once
#include "base/error.h"
#include "base/settings_spec.h"

typedef struct Settings Settings;

/* One value. All is borrowed from the Settings and its table. */
typedef struct Setting {
    const char *key, *value; /* value: as written */
    const char *source;      /* "default", "smelt.yaml", "SMELT_KAFKA_TOPIC", "--set" */
    const char *place;       /* the source for error messages, with the line of a file: "smelt.yaml:3" */
    const char *help;        /* "" for a key of the family */
    const SettingSpec *spec; /* NULL: a key of the table's family */
    bool secret;             /* never print the value */
} Setting;

/* Reads `file` (NULL: smelt.yaml in the working directory when it is there), the environment, then `sets` ("key=value", n of them).
 * ERR_CONFIG names the key, the value unless it is secret, where it was set (in a file with the line), and the allowed values; for an
 * unknown key it suggests a similar one. The table must outlive the Settings. The caller frees. */
int settings_load(const SettingTable *table, const char *file, const char *const *sets, size_t n, Settings **ret, Error *err) MUST_CHECK;
void settings_free(Settings *s);
DEFINE_CLEANUP(settings_free, Settings)

/* The value of a key of the table. Values were checked when loaded, so these cannot fail: a key that the table does not have, or that is of
 * another type, is a BUG. */
const char *settings_text(const Settings *s, const char *key); /* of texts, paths, lists and choices; valid while `s` lives */
int64_t settings_int(const Settings *s, const char *key);      /* of integers, sizes in bytes, durations in milliseconds */
int settings_choice(const Settings *s, const char *key);       /* the index in the row's `choices` */
bool settings_bool(const Settings *s, const char *key);

/* All settings in table order, then those of the family in the order in which they were first set (with their prefix). */
size_t settings_count(const Settings *s);
Setting settings_at(const Settings *s, size_t i);
bool settings_is_set(const Settings *s, const char *key); /* by anybody: it is not the default */

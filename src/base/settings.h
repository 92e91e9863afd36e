/* settings.h: the values of a table of settings, and where each came from.
 *
 * --set KEY=VALUE over the environment over smelt.yaml over the defaults. This is the mechanism alone: which keys there are is a table
 * (settings_spec.h) that the caller passes; Smelt's own is in commands/settings_table.c. Made by one thread, then read-only: any thread. */
#pragma once
#include "base/error.h"
#include "base/settings_spec.h"

typedef struct Settings Settings;

/* One value. All is borrowed from the Settings and its table. */
typedef struct Setting {
    const char *key, *value; /* value: as written */
    const char *source;      /* "default", "smelt.yaml", "SMELT_KAFKA_TOPIC", "--set" */
    const char *place;       /* the same for errors, with the line in a file: "smelt.yaml:3" */
    const char *help;        /* "" for a key of the family */
    const SettingSpec *spec; /* NULL: a key of the table's family */
    bool secret;             /* never print the value */
} Setting;

/* Reads `file` (NULL: smelt.yaml in the working directory when it is there), the environment, then `sets` ("key=value", n of them).
 * ERR_CONFIG names the key, the value unless it is secret, where it was set (in a file with the line), and what is allowed; for a key that
 * does not exist a similar one. The table must outlive the Settings. The caller frees. */
int settings_load(const SettingTable *table, const char *file, const char *const *sets, size_t n, Settings **ret, Error *err) MUST_CHECK;
void settings_free(Settings *s);
DEFINE_CLEANUP(settings_free, Settings)

/* The value of a key of the table. Values were checked when loaded, so these cannot fail: a key that the table does not have, or that is of
 * another type, is a BUG. */
const char *settings_text(const Settings *s, const char *key); /* of texts, paths, lists and choices; valid as long as `s` */
int64_t settings_int(const Settings *s, const char *key);      /* of integers, sizes in bytes, durations in milliseconds */
int settings_choice(const Settings *s, const char *key);       /* the index in the row's `choices` */
bool settings_bool(const Settings *s, const char *key);

/* All settings in table order, then those of the family in the order in which they were first set (with their prefix). */
size_t settings_count(const Settings *s);
Setting settings_at(const Settings *s, size_t i);

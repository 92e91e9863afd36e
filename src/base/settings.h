/* settings.h: what the user can set, from where it came, and what it is now.
 *
 * Flags (--set KEY=VALUE) over environment over smelt.yaml over defaults. The keys are one table (settings.c); `smelt config` and the
 * documentation are printed from it. Any other `kafka.NAME` is passed to librdkafka as NAME. One thread until loaded, then read-only. */
#pragma once
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct Settings Settings;

typedef enum SettingType { SETTING_TEXT, SETTING_INT, SETTING_DURATION, SETTING_SIZE, SETTING_REAL, SETTING_BOOL } SettingType;

typedef struct Setting {
    const char *key, *value; /* value: as written */
    const char *source;      /* "default", "smelt.yaml", "SMELT_KAFKA_TOPIC", "--set" */
    const char *help;        /* one line; "" for passed-through kafka properties */
    SettingType type;
    bool secret; /* never print the value */
} Setting;

/* Reads `file` (NULL: smelt.yaml in the working directory when it is there), the environment, then `sets` ("key=value", n of them).
 * ERR_CONFIG names the key, the value and where it stood. The caller frees. */
int settings_load(const char *file, const char *const *sets, size_t n, Settings **ret, Error *err) MUST_CHECK;
void settings_free(Settings *s);
DEFINE_CLEANUP(settings_free, Settings)

/* The value of a key of the table (an unknown key is a BUG). Values were checked when loaded. Text is valid as long as `s`. */
const char *settings_text(const Settings *s, const char *key);
int64_t settings_int(const Settings *s, const char *key); /* durations in milliseconds, sizes in bytes */
double settings_real(const Settings *s, const char *key);
bool settings_bool(const Settings *s, const char *key);

/* All settings in table order, then passed-through kafka properties (key with the "kafka." prefix). */
size_t settings_count(const Settings *s);
Setting settings_at(const Settings *s, size_t i);

/* settings_table.h: the table of all settings of Smelt. Modules read the values by key (base/settings.h) and do not need this file. */
#pragma once
#include "base/settings_spec.h"

extern const SettingTable settings_table;

/* The table as Markdown (docs/settings.md); the caller frees. */
char *settings_table_document(void) MUST_CHECK;

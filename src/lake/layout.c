/* layout.c: see layout.h. */
#include "lake/layout.h"

#include "base/files.h"
#include "base/memory.h"

Layout layout_of(const Settings *settings) {
    const char *dir = settings_text(settings, "data.dir");
    return (Layout){.data_dir = xstrdup(dir),
                    .lake_path = path_join(dir, "lake.duckdb"),
                    .wal_path = path_join(dir, "lake.duckdb.wal"),
                    .mark_path = path_join(dir, "lake.mark"),
                    .runs_path = path_join(dir, "lake.runs"),
                    .audit_path = path_join(dir, "lake.audit"),
                    .notes_path = path_join(dir, "lake.notes"),
                    .operations_path = path_join(dir, "lake.operations"),
                    .status_history_path = path_join(dir, "status.history"),
                    .disk_history_path = path_join(dir, "disk.history"),
                    .lock_path = path_join(dir, "smelt.lock"),
                    .tokens_path = path_join(dir, "tokens.json"),
                    .token_uses_path = path_join(dir, "tokens.used"),
                    .models_dir = path_join(dir, "models"),
                    .snapshots_dir = path_join(dir, "snapshots")};
}

void layout_done(Layout *layout) {
    char *owned[] = {layout->data_dir,    layout->lake_path,       layout->wal_path,         layout->mark_path,
                     layout->runs_path,   layout->lock_path,       layout->models_dir,       layout->snapshots_dir,
                     layout->tokens_path, layout->token_uses_path, layout->audit_path,       layout->status_history_path,
                     layout->notes_path,  layout->operations_path, layout->disk_history_path};
    for (size_t i = 0; i < ARRAY_LEN(owned); i++) free(owned[i]);
    *layout = (Layout){0};
}

/* layout.h: which file of data.dir is where. No other file joins these names.
 *
 *   data.dir/
 *     lake.duckdb, lake.duckdb.wal   the lake, and DuckDB's write-ahead log of it
 *     lake.mark                      how far the lake had come (ledger/commit_mark.h)
 *     lake.runs                      the last run, and how many there were
 *     tokens.json                    hashes of the API's tokens (web/tokens.h)
 *     tokens.used                    when each was used last
 *     lake.audit                     what `smelt audit` found last
 *     status.history                 when the state of a part changed (health/history.h)
 *     disk.history                   the free space over a week (health/disk_trend.h)
 *     lake.notes                     what people wrote about rows and groups of events (web/note_store.h), as lines of JSON
 *     smelt.lock                     held by the one process that writes
 *     models/                        trained models
 *     snapshots/                     what readers open: generations, and CURRENT, which names the newest (snapshot/snapshot.h)
 *
 * What a folder contains is known to the module that owns it. DuckDB spills beside the lake (lake.duckdb.tmp). */
#pragma once
#include "base/settings.h"

/* All owned by the Layout; read-only once made: any thread. */
typedef struct Layout {
    char *data_dir;
    char *lake_path, *wal_path, *mark_path, *runs_path, *lock_path;
    char *tokens_path, *token_uses_path;
    char *audit_path, *status_history_path, *disk_history_path, *notes_path, *operations_path;
    char *models_dir, *snapshots_dir;
} Layout;

/* From the setting data.dir; nothing is created or looked at. End it: CLEANUP(layout_done) Layout layout = layout_of(settings). */
Layout layout_of(const Settings *settings) MUST_CHECK;
void layout_done(Layout *layout);

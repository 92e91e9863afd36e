/* prefetch.c: three things: a copy of the last snapshot, XGBoost in memory, and memory for what DuckDB writes. */
#include "flow/prefetch.h"

#include "base/memory.h"
#include "lake/layout.h"
#include "model/model.h"
#include <pthread.h>

struct Prefetch {
    SnapshotDraft *draft;
    LakePool *pool;
    pthread_t loading;
    bool is_loading;
};

static void *load_model_library(void *unused) {
    (void)unused;
    model_load_library();
    return NULL;
}

/* A lake without a model does not need it, at least not before its first training. */
static void start_loading(Prefetch *a, const char *models_dir) {
    a->is_loading = file_exists(models_dir) && pthread_create(&a->loading, NULL, load_model_library, NULL) == 0;
}

Prefetch *prefetch_start(const Settings *settings) {
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    Prefetch *a = xcalloc(1, sizeof *a);
    a->draft = snapshot_draft(layout.snapshots_dir);
    start_loading(a, layout.models_dir);
    return a;
}

void prefetch_memory(Prefetch *a, LakeConn *conn) {
    if (a->pool == NULL) a->pool = lake_pool_begin(conn);
}

SnapshotDraft *prefetch_draft(const Prefetch *a) {
    return a->draft;
}

void prefetch_free(Prefetch *a) {
    if (a->is_loading) pthread_join(a->loading, NULL);
    if (a->pool != NULL) lake_pool_end(a->pool);
    snapshot_draft_freep(&a->draft);
    free(a);
}

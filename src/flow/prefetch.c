/* prefetch.c: two things: a copy of the last snapshot, and XGBoost in memory. */
#include "flow/prefetch.h"

#include "base/memory.h"
#include "model/model.h"
#include <pthread.h>

struct Prefetch {
    SnapshotDraft *draft;
    pthread_t loading;
    bool is_loading;
};

static void *load_model_library(void *unused) {
    (void)unused;
    model_load_library();
    return NULL;
}

/* A lake without a model does not need it, at least not before its first training. */
static void start_loading(Prefetch *a, const Settings *settings) {
    CLEANUP(free_text) char *models = path_join(settings_text(settings, "data.dir"), "models");
    a->is_loading = file_exists(models) && pthread_create(&a->loading, NULL, load_model_library, NULL) == 0;
}

Prefetch *prefetch_start(const Settings *settings) {
    CLEANUP(free_text) char *snapshots = path_join(settings_text(settings, "data.dir"), "snapshots");
    Prefetch *a = xcalloc(1, sizeof *a);
    a->draft = snapshot_draft(snapshots);
    start_loading(a, settings);
    return a;
}

SnapshotDraft *prefetch_draft(const Prefetch *a) {
    return a->draft;
}

void prefetch_free(Prefetch *a) {
    if (a->is_loading) pthread_join(a->loading, NULL);
    snapshot_draft_freep(&a->draft);
    free(a);
}

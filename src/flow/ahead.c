/* ahead.c: two things: a copy of the last snapshot, and XGBoost in memory. */
#include "flow/ahead.h"

#include "base/memory.h"
#include "model/model.h"
#include <pthread.h>

struct Ahead {
    SnapshotDraft *draft;
    pthread_t warming;
    bool is_warming;
};

static void *warm_up(void *unused) {
    (void)unused;
    model_warm_up();
    return NULL;
}

/* A lake without a model does not need it, at least not before its first training. */
static void start_warming(Ahead *a, const Settings *settings) {
    CLEANUP(free_text) char *models = path_join(settings_text(settings, "data.dir"), "models");
    a->is_warming = file_exists(models) && pthread_create(&a->warming, NULL, warm_up, NULL) == 0;
}

Ahead *ahead_start(const Settings *settings) {
    CLEANUP(free_text) char *snapshots = path_join(settings_text(settings, "data.dir"), "snapshots");
    Ahead *a = xcalloc(1, sizeof *a);
    a->draft = snapshot_draft(snapshots);
    start_warming(a, settings);
    return a;
}

SnapshotDraft *ahead_draft(const Ahead *a) {
    return a->draft;
}

void ahead_free(Ahead *a) {
    if (a->is_warming) pthread_join(a->warming, NULL);
    snapshot_draft_freep(&a->draft);
    free(a);
}

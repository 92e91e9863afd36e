/* model_files.c: are the files of the model in use as they were written? A stat of each as long as neither changes. */
#include "health/internal.h"

#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include "model/model.h"
#include <string.h>

static FileStamp stamp_of(const char *dir, const char *id, const char *end) {
    CLEANUP(free_text) char *path = xasprintf("%s/%s%s", dir, id, end);
    return file_stamp(path);
}

void model_files_done(ModelFiles *m) {
    free(m->id);
    free(m->problem);
    *m = (ModelFiles){0};
}

void model_files_look(ModelFiles *m, const char *dir, const char *id) {
    CLEANUP(json_freep) json_t *metadata = NULL;
    FileStamp document = stamp_of(dir, id, ".json"), described = stamp_of(dir, id, ".meta.json");
    Error err = {0};
    if (m->id != NULL && strcmp(m->id, id) == 0 && file_stamp_same(&m->document, &document) && file_stamp_same(&m->metadata, &described))
        return;
    model_files_done(m);
    *m = (ModelFiles){.id = xstrdup(id), .document = document, .metadata = described};
    if (model_check(dir, id, &metadata, &err) == 0) return;
    if (err.kind == ERR_DATA) m->problem = xstrdup(err.text); /* others may be of this process: its rights, its memory */
    error_clear(&err);
}

/* file_topics.c: see file_topics.h. `ingest` notes the topic of a file beside its envelope (ledger_envelopes); files are few. Of what a
 * file brought before the first note, which an earlier version did not write, the first note holds. */
#include "refine/file_topics.h"

#include "base/memory.h"
#include <string.h>

typedef struct FileTopic {
    char *file, *topic;
    int64_t after; /* from the batch behind this one on */
} FileTopic;

struct FileTopics {
    FileTopic *items; /* of each file in the order of `after` */
    size_t count;
};

void file_topics_free(FileTopics *f) {
    for (size_t i = 0; i < f->count; i++) {
        free(f->items[i].file);
        free(f->items[i].topic);
    }
    free(f->items);
    free(f);
}

int file_topics_read(LakeConn *conn, FileTopics **ret, Error *err) {
    static const char name[] = "refine/file_topics";
    CLEANUP(file_topics_freep) FileTopics *f = xcalloc(1, sizeof *f);
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    int got;
    if (lake_query(conn, name, lake_sql(name), NULL, 0, &rows, err) != 0) return -1;
    while ((got = lake_next(rows, err)) > 0) {
        f->items = xrealloc(f->items, f->count + 1, sizeof *f->items);
        f->items[f->count++] = (FileTopic){
            .file = xstrdup(lake_col_text(rows, 0, NULL)), .topic = xstrdup(lake_col_text(rows, 2, NULL)), .after = lake_col_int(rows, 1)};
    }
    if (got < 0) return -1;
    *ret = TAKE(f);
    return 0;
}

Span file_topics_resolve(const FileTopics *f, Span topic, int64_t batch_id) {
    const FileTopic *found = NULL;
    for (size_t i = 0; i < f->count; i++) {
        const FileTopic *one = &f->items[i];
        if (strlen(one->file) != topic.len || memcmp(one->file, topic.at, topic.len) != 0) continue;
        if (found == NULL || one->after < batch_id) found = one;
    }
    return found != NULL ? (Span){found->topic, strlen(found->topic)} : topic;
}

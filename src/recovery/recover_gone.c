/* recover_gone.c: what is gone although every offset could be read again: a compacted topic, or one whose retention went on, gives fewer
 * messages than it did the first time, and offsets without a message are gaps that the audit finds in order. */
#include "recovery/recover_internal.h"

#include "base/memory.h"

static void free_gaps(int64_t **gaps) {
    free(*gaps);
}

static size_t count_partitions(const CommitMark *mark) {
    size_t n = 0;
    for (size_t i = 0; i < mark->count; i++) n += mark->topics[i].count;
    return n;
}

static int query_gaps(LakeConn *conn, const LedgerTopic *topic, const Offsets *p, int64_t *ret, Error *err) {
    const LakeValue values[] = {lake_text(topic->name), lake_int(topic->epoch), lake_int(p->partition), lake_int(p->next)};
    return lake_query_int(conn, "recover/without_message", lake_sql("recover/without_message"), values, ARRAY_LEN(values), ret, err);
}

int recover_count_gaps(LakeConn *conn, const CommitMark *mark, int64_t **ret, Error *err) {
    CLEANUP(free_gaps) int64_t *gaps = xcalloc(count_partitions(mark) + 1, sizeof *gaps);
    size_t at = 0;
    for (size_t i = 0; i < mark->count; i++)
        for (size_t j = 0; j < mark->topics[i].count; j++, at++)
            if (query_gaps(conn, &mark->topics[i].topic, &mark->topics[i].partitions[j], &gaps[at], err) != 0) return -1;
    *ret = TAKE(gaps);
    return 0;
}

static void add_gone(RecoverResult *result, const LedgerTopic *topic, const Offsets *p, int64_t was_at, int64_t gaps) {
    if (gaps <= 0) return;
    result->gone_at = xgrow(result->gone_at, result->gone_count, sizeof *result->gone_at);
    result->gone_at[result->gone_count++] = (RecoverGone){
        .topic = topic->name, .epoch = topic->epoch, .partition = p->partition, .offsets = p->next - was_at, .without_message = gaps};
}

int recover_note_gone(LakeConn *conn, const CommitMark *mark, const CommitMark *was_at, const int64_t *before, RecoverResult *result,
                      Error *err) {
    CLEANUP(free_gaps) int64_t *now = NULL;
    int64_t all = 0;
    size_t at = 0;
    if (recover_count_gaps(conn, mark, &now, err) != 0) return -1;
    for (size_t i = 0; i < mark->count; i++) {
        const TopicOffsets *list = &mark->topics[i];
        for (size_t j = 0; j < list->count; j++, at++) {
            all += now[at];
            add_gone(result, &list->topic, &list->partitions[j], commit_mark_next(was_at, &list->topic, &list->partitions[j]),
                     now[at] - before[at]);
        }
    }
    all -= mark->gaps + result->accepted;
    result->gone = all > 0 ? all : 0;
    return 0;
}

json_t *recover_gone_json(const RecoverResult *result) {
    json_t *all = json_array();
    for (size_t i = 0; i < result->gone_count; i++) {
        const RecoverGone *g = &result->gone_at[i];
        json_array_append_new(all, json_pack("{ss si si sI sI}", "topic", g->topic, "epoch", g->epoch, "partition", (int)g->partition,
                                             "offsets", (json_int_t)g->offsets, "without_message", (json_int_t)g->without_message));
    }
    return all;
}

/* commit_mark.c: the mark as a file, and compared with another. */
#include "ledger/commit_mark.h"

#include "base/clock.h"
#include "base/counted.h"
#include "base/document.h"
#include "base/memory.h"
#include "base/sealed.h"
#include <inttypes.h>
#include <string.h>

#define KIND      "smelt-mark"
#define FORMAT    1
#define NAMED_MAX 16 /* partitions that a sentence names */

void commit_mark_done(CommitMark *mark) {
    free(mark->lake_id);
    for (size_t i = 0; i < mark->count; i++) topic_offsets_done(&mark->topics[i]);
    free(mark->topics);
    json_decref(mark->stuck);
    json_decref(mark->away);
    *mark = (CommitMark){0};
}

static TopicOffsets *find(const CommitMark *mark, const char *topic, int epoch) {
    for (size_t i = 0; i < mark->count; i++)
        if (mark->topics[i].topic.epoch == epoch && strcmp(mark->topics[i].topic.name, topic) == 0) return &mark->topics[i];
    return NULL;
}

const TopicOffsets *commit_mark_find(const CommitMark *mark, const char *topic, int epoch) {
    return find(mark, topic, epoch);
}

void commit_mark_put(CommitMark *mark, const LedgerTopic *topic, int32_t partition, int64_t start, int64_t next) {
    TopicOffsets *list = find(mark, topic->name, topic->epoch);
    if (list == NULL) {
        mark->topics = xrealloc(mark->topics, mark->count + 1, sizeof *mark->topics);
        list = &mark->topics[mark->count++];
        topic_offsets_init(list, topic);
    }
    topic_offsets_set_ids(list, topic);
    topic_offsets_put(list, partition, start, next);
}

/* ---- the file ---- */

static json_t *position_json(const LedgerTopic *topic, const Offsets *p) {
    return json_pack("{ss si si sI sI ss* ss*}", "topic", topic->name, "epoch", topic->epoch, "partition", (int)p->partition,
                     "start_offset", (json_int_t)p->start, "next_offset", (json_int_t)p->next, "topic_id", topic->topic_id, "cluster_id",
                     topic->cluster_id);
}

static json_t *positions_json(const CommitMark *m) {
    json_t *positions = json_array();
    for (size_t i = 0; i < m->count; i++)
        for (size_t j = 0; j < m->topics[i].count; j++)
            json_array_append_new(positions, position_json(&m->topics[i].topic, &m->topics[i].partitions[j]));
    return positions;
}

json_t *commit_mark_json(const CommitMark *m) {
    return json_pack("{ss sI sI sI sI sI sI sI so sO* sO*}", "lake_id", m->lake_id, "generation", (json_int_t)m->generation, "commit",
                     (json_int_t)m->commit, "landed", (json_int_t)m->landed, "duplicates", (json_int_t)m->duplicates, "rejected",
                     (json_int_t)m->rejected, "gaps", (json_int_t)m->gaps, "written_us", (json_int_t)m->written_us, "positions",
                     positions_json(m), "stuck", m->stuck, "away", m->away);
}

int commit_mark_save(const char *path, CommitMark *mark, Error *err) {
    mark->written_us = clock_wall_us();
    CLEANUP(json_freep) json_t *document = commit_mark_json(mark);
    return sealed_save(path, KIND, FORMAT, document, err);
}

static int read_position(json_t *json, CommitMark *mark) {
    json_int_t start, next;
    int partition;
    LedgerTopic topic = {0};
    if (json_unpack(json, "{ss si si sI sI s?s s?s}", "topic", &topic.name, "epoch", &topic.epoch, "partition", &partition, "start_offset",
                    &start, "next_offset", &next, "topic_id", &topic.topic_id, "cluster_id", &topic.cluster_id) != 0)
        return -1;
    if (topic.epoch < 0 || partition < 0 || start < 0 || next < 0) return -1;
    commit_mark_put(mark, &topic, partition, start, next);
    return 0;
}

static int read_body(json_t *document, CommitMark *ret) {
    json_int_t generation, commit, landed, duplicates, rejected, gaps, written;
    const char *id;
    json_t *positions, *position, *stuck = NULL, *away = NULL;
    size_t i;
    if (json_unpack(document, "{ss sI sI sI sI sI sI sI so s?o s?o}", "lake_id", &id, "generation", &generation, "commit", &commit,
                    "landed", &landed, "duplicates", &duplicates, "rejected", &rejected, "gaps", &gaps, "written_us", &written, "positions",
                    &positions, "stuck", &stuck, "away", &away) != 0)
        return -1;
    *ret = (CommitMark){.lake_id = xstrdup(id),
                        .generation = generation,
                        .commit = commit,
                        .landed = landed,
                        .duplicates = duplicates,
                        .rejected = rejected,
                        .gaps = gaps,
                        .written_us = written,
                        .stuck = json_is_array(stuck) ? json_incref(stuck) : NULL,
                        .away = json_is_array(away) ? json_incref(away) : NULL};
    json_array_foreach(positions, i, position) {
        if (read_position(position, ret) != 0) return -1;
    }
    return 0;
}

bool commit_mark_read(json_t *document, CommitMark *ret) {
    if (read_body(document, ret) == 0) return true;
    commit_mark_done(ret);
    return false;
}

int commit_mark_load(const char *path, CommitMarkState *ret_state, CommitMark *ret, Error *err) {
    CLEANUP(json_freep) json_t *document = NULL;
    SealedState state;
    *ret_state = MARK_NONE;
    if (sealed_load(path, KIND, FORMAT, &state, &document, err) != 0) return -1;
    *ret_state = state == SEALED_NONE ? MARK_NONE : MARK_DAMAGED;
    if (state == SEALED_GOOD && commit_mark_read(document, ret)) *ret_state = MARK_GOOD;
    return 0;
}

/* ---- compared ---- */

int64_t commit_mark_next(const CommitMark *mark, const LedgerTopic *topic, const Offsets *p) {
    const TopicOffsets *list = find(mark, topic->name, topic->epoch);
    const Offsets *known = list != NULL ? topic_offsets_find(list, p->partition) : NULL;
    return known != NULL ? known->next : p->start;
}

static int64_t behind_at(const LedgerTopic *topic, const Offsets *p, const CommitMark *lake, int64_t *ret_is_at) {
    *ret_is_at = commit_mark_next(lake, topic, p);
    return p->next > *ret_is_at ? p->next - *ret_is_at : 0;
}

int64_t commit_mark_offsets_behind(const CommitMark *mark, const CommitMark *lake) {
    int64_t sum = 0, is_at;
    for (size_t i = 0; i < mark->count; i++) {
        const TopicOffsets *t = &mark->topics[i];
        for (size_t j = 0; j < t->count; j++)
            if (__builtin_add_overflow(sum, behind_at(&t->topic, &t->partitions[j], lake, &is_at), &sum)) return INT64_MAX;
    }
    return sum;
}

/* A lake without an id is older than its first commit mark: an old copy was put back, or the mark is of another lake. Either way commits
 * are missing. */
CommitMarkVerdict commit_mark_compare(const CommitMark *mark, const CommitMark *lake) {
    if (lake->lake_id != NULL && strcmp(lake->lake_id, mark->lake_id) != 0) return MARK_FOREIGN;
    bool older = lake->lake_id == NULL || lake->generation < mark->generation || lake->commit < mark->commit;
    return older || commit_mark_offsets_behind(mark, lake) > 0 ? MARK_BEHIND : MARK_REACHED;
}

static void describe_topic(const TopicOffsets *t, const CommitMark *lake, int *behind, Buf *out) {
    for (size_t i = 0; i < t->count; i++) {
        const Offsets *p = &t->partitions[i];
        int64_t is_at, n = behind_at(&t->topic, p, lake, &is_at);
        if (n == 0 || ++*behind > NAMED_MAX) continue;
        buf_addf(out, "%s%s partition %d: %" PRId64 " %s (is at %" PRId64 ", was at %" PRId64 ")", *behind > 1 ? "; " : "", t->topic.name,
                 (int)p->partition, n, counted(n, "offset", "offsets"), is_at, p->next);
    }
}

void commit_mark_describe(const CommitMark *mark, const CommitMark *lake, Buf *out) {
    int behind = 0;
    for (size_t i = 0; i < mark->count; i++) describe_topic(&mark->topics[i], lake, &behind, out);
    if (behind > NAMED_MAX) buf_addf(out, "; %d more %s", behind - NAMED_MAX, counted(behind - NAMED_MAX, "partition", "partitions"));
    if (behind == 0) buf_addf(out, "no offset, but it is at commit %" PRId64 " and was at %" PRId64, lake->commit, mark->commit);
}

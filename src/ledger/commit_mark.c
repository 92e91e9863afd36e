/* commit_mark.c: the mark as a file, and compared with another. */
#include "ledger/commit_mark.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/memory.h"
#include "base/sealed.h"
#include <inttypes.h>
#include <string.h>

#define KIND      "smelt-mark"
#define FORMAT    1
#define NAMED_MAX 16 /* partitions that a sentence names */

static void free_const(const char *text) {
    free((void *)(uintptr_t)text);
}

static void position_done(CommitMarkPosition *p) {
    free_const(p->topic);
    free_const(p->topic_id);
    free_const(p->cluster_id);
}

void commit_mark_done(CommitMark *mark) {
    free(mark->lake_id);
    for (size_t i = 0; i < mark->count; i++) position_done(&mark->positions[i]);
    free(mark->positions);
    *mark = (CommitMark){0};
}

CommitMarkPosition *commit_mark_find(const CommitMark *mark, const char *topic, int epoch, int32_t partition) {
    for (size_t i = 0; i < mark->count; i++) {
        CommitMarkPosition *p = &mark->positions[i];
        if (p->partition == partition && p->epoch == epoch && strcmp(p->topic, topic) == 0) return p;
    }
    return NULL;
}

static char *copy_text(const char *text) {
    return text != NULL ? xstrdup(text) : NULL;
}

void commit_mark_put(CommitMark *mark, const CommitMarkPosition *position) {
    CommitMarkPosition *p = commit_mark_find(mark, position->topic, position->epoch, position->partition);
    if (p == NULL) {
        mark->positions = xrealloc(mark->positions, mark->count + 1, sizeof *mark->positions);
        p = &mark->positions[mark->count++];
        *p = (CommitMarkPosition){0};
    }
    CommitMarkPosition copy = *position;
    copy.topic = xstrdup(position->topic);
    copy.topic_id = copy_text(position->topic_id);
    copy.cluster_id = copy_text(position->cluster_id);
    position_done(p);
    *p = copy;
}

/* ---- the file ---- */

static json_t *position_json(const CommitMarkPosition *p) {
    return json_pack("{ss si si sI sI ss* ss*}", "topic", p->topic, "epoch", p->epoch, "partition", (int)p->partition, "start_offset",
                     (json_int_t)p->start_offset, "next_offset", (json_int_t)p->next_offset, "topic_id", p->topic_id, "cluster_id",
                     p->cluster_id);
}

json_t *commit_mark_json(const CommitMark *m) {
    json_t *positions = json_array();
    for (size_t i = 0; i < m->count; i++) json_array_append_new(positions, position_json(&m->positions[i]));
    return json_pack("{ss sI sI sI sI sI sI sI so}", "lake_id", m->lake_id, "generation", (json_int_t)m->generation, "commit",
                     (json_int_t)m->commit, "landed", (json_int_t)m->landed, "duplicates", (json_int_t)m->duplicates, "rejected",
                     (json_int_t)m->rejected, "gaps", (json_int_t)m->gaps, "written_us", (json_int_t)m->written_us, "positions", positions);
}

int commit_mark_save(const char *path, CommitMark *mark, Error *err) {
    mark->written_us = clock_wall_us();
    CLEANUP(json_freep) json_t *document = commit_mark_json(mark);
    return sealed_save(path, KIND, FORMAT, document, err);
}

static int read_position(json_t *json, CommitMark *mark) {
    json_int_t start, next;
    int partition;
    CommitMarkPosition p = {0};
    if (json_unpack(json, "{ss si si sI sI s?s s?s}", "topic", &p.topic, "epoch", &p.epoch, "partition", &partition, "start_offset", &start,
                    "next_offset", &next, "topic_id", &p.topic_id, "cluster_id", &p.cluster_id) != 0)
        return -1;
    if (p.epoch < 0 || partition < 0 || start < 0 || next < 0) return -1;
    p.partition = partition;
    p.start_offset = start;
    p.next_offset = next;
    commit_mark_put(mark, &p);
    return 0;
}

static int read_body(json_t *document, CommitMark *ret) {
    json_int_t generation, commit, landed, duplicates, rejected, gaps, written;
    const char *id;
    json_t *positions, *position;
    size_t i;
    if (json_unpack(document, "{ss sI sI sI sI sI sI sI so}", "lake_id", &id, "generation", &generation, "commit", &commit, "landed",
                    &landed, "duplicates", &duplicates, "rejected", &rejected, "gaps", &gaps, "written_us", &written, "positions",
                    &positions) != 0)
        return -1;
    *ret = (CommitMark){.lake_id = xstrdup(id),
                        .generation = generation,
                        .commit = commit,
                        .landed = landed,
                        .duplicates = duplicates,
                        .rejected = rejected,
                        .gaps = gaps,
                        .written_us = written};
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

int64_t commit_mark_offset(const CommitMark *mark, const CommitMarkPosition *p) {
    const CommitMarkPosition *have = commit_mark_find(mark, p->topic, p->epoch, p->partition);
    return have != NULL ? have->next_offset : p->start_offset;
}

static int64_t behind_at(const CommitMarkPosition *p, const CommitMark *lake, int64_t *ret_is_at) {
    *ret_is_at = commit_mark_offset(lake, p);
    return p->next_offset > *ret_is_at ? p->next_offset - *ret_is_at : 0;
}

int64_t commit_mark_offsets_behind(const CommitMark *mark, const CommitMark *lake) {
    int64_t sum = 0, is_at;
    for (size_t i = 0; i < mark->count; i++)
        if (__builtin_add_overflow(sum, behind_at(&mark->positions[i], lake, &is_at), &sum)) return INT64_MAX;
    return sum;
}

/* A lake without an id is one from before it had one: it was taken back to there, or the mark is not of it; both are a loss. */
CommitMarkVerdict commit_mark_compare(const CommitMark *mark, const CommitMark *lake) {
    if (lake->lake_id != NULL && strcmp(lake->lake_id, mark->lake_id) != 0) return MARK_FOREIGN;
    bool older = lake->lake_id == NULL || lake->generation < mark->generation || lake->commit < mark->commit;
    return older || commit_mark_offsets_behind(mark, lake) > 0 ? MARK_BEHIND : MARK_REACHED;
}

void commit_mark_describe(const CommitMark *mark, const CommitMark *lake, Buf *out) {
    int named = 0, behind = 0;
    for (size_t i = 0; i < mark->count; i++) {
        const CommitMarkPosition *p = &mark->positions[i];
        int64_t is_at, n = behind_at(p, lake, &is_at);
        if (n == 0 || behind++ >= NAMED_MAX) continue;
        buf_addf(out, "%s%s partition %d: %" PRId64 " offsets (is at %" PRId64 ", was at %" PRId64 ")", named++ > 0 ? "; " : "", p->topic,
                 (int)p->partition, n, is_at, p->next_offset);
    }
    if (behind > named) buf_addf(out, "; %d more partitions", behind - named);
    if (behind == 0) buf_addf(out, "no offset, but it is at commit %" PRId64 " and was at %" PRId64, lake->commit, mark->commit);
}

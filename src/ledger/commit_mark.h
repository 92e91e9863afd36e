/* commit_mark.h: the commit mark: how far a lake had come, in a small file of its own beside it (`<data.dir>/lake.mark`).
 *
 * DuckDB opens a write-ahead log that was cut off as an older state, without a word; so does a copy of the file from yesterday. The mark is
 * written after each commit of Bronze. It may be behind the lake (a crash between the two); a lake that is behind its mark has lost
 * something. The file is sealed (base/sealed.h).
 *
 * A CommitMark owns its texts and lists: commit_mark_done. One thread at a time. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "ledger/topic_offsets.h"
#include <jansson.h>
#include <stdbool.h>

typedef struct CommitMark {
    char *lake_id; /* NULL: of a lake that has none yet */
    int64_t generation, commit;
    int64_t landed, duplicates, rejected, gaps; /* of all commits */
    int64_t written_us;
    TopicOffsets *topics; /* every topic and epoch */
    json_t *stuck;        /* partitions that did not move: [{topic, partition, offset, end_offset, since_us, reason}]; NULL: none. Owned */
    json_t *away;         /* topics that cannot be read while others are: [{topic, since_us, reason}]; NULL: none. Owned */
    size_t count;
} CommitMark;

void commit_mark_done(CommitMark *mark);
/* NULL: the mark does not know the topic in this epoch. Borrowed until the next commit_mark_put. */
const TopicOffsets *commit_mark_find(const CommitMark *mark, const char *topic, int epoch);
/* The next offset of the partition `p` of `topic` as `mark` has it; p->start when the mark does not know the partition. */
int64_t commit_mark_next(const CommitMark *mark, const LedgerTopic *topic, const Offsets *p);
/* [start, next) of the partition was committed: replaces what the mark has for it. Copies. */
void commit_mark_put(CommitMark *mark, const LedgerTopic *topic, int32_t partition, int64_t start, int64_t next);

/* As a JSON object (the caller's), and back: false when it is none. */
json_t *commit_mark_json(const CommitMark *mark) MUST_CHECK;
bool commit_mark_read(json_t *document, CommitMark *ret) MUST_CHECK;

typedef enum CommitMarkState { MARK_NONE, MARK_GOOD, MARK_DAMAGED } CommitMarkState;
/* Reads the file. Only a good one sets `ret`. ERR_IO: it cannot be read; ERR_CONFIG: a newer smelt wrote it. */
int commit_mark_load(const char *path, CommitMarkState *ret_state, CommitMark *ret, Error *err) MUST_CHECK;
/* About a millisecond; sets written_us. ERR_IO. */
int commit_mark_save(const char *path, CommitMark *mark, Error *err) MUST_CHECK;

typedef enum CommitMarkVerdict {
    MARK_REACHED, /* the lake has everything that the mark has, or more */
    MARK_BEHIND,  /* the lake lacks something that the mark has */
    MARK_FOREIGN, /* the mark is of another lake */
} CommitMarkVerdict;
CommitMarkVerdict commit_mark_compare(const CommitMark *mark, const CommitMark *lake);
int64_t commit_mark_offsets_behind(const CommitMark *mark, const CommitMark *lake); /* of all partitions */
/* "telecom.events partition 0: 1200 offsets (is at 100, was at 1300); ..." */
void commit_mark_describe(const CommitMark *mark, const CommitMark *lake, Buf *out);

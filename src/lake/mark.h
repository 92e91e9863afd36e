/* mark.h: the high-water mark: how far a lake had come, in a small file of its own beside it (`<data.dir>/lake.mark`).
 *
 * DuckDB opens a write-ahead log that was cut off as an older state, without a word; so does a copy of the file from yesterday. The mark is
 * written after each commit of Bronze. It may be behind the lake (a crash between the two); a lake that is behind its mark has lost
 * something. The file is sealed (base/sealed.h).
 *
 * A Mark owns its texts: mark_done. One thread at a time. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct MarkPosition {
    const char *topic; /* the texts are the Mark's */
    int epoch;
    int32_t partition;
    int64_t start_offset, next_offset;
    const char *topic_id, *cluster_id; /* NULL: not known */
} MarkPosition;

typedef struct Mark {
    char *lake_id; /* NULL: of a lake that has none yet */
    int64_t generation, commit;
    int64_t landed, duplicates, rejected, gaps; /* of all commits */
    int64_t written_us;
    MarkPosition *positions; /* of all topics and epochs */
    size_t count;
} Mark;

void mark_done(Mark *mark);
MarkPosition *mark_find(const Mark *mark, const char *topic, int epoch, int32_t partition); /* NULL: none; borrowed */
/* Up to where `mark` has the partition of `p`: from its start on, when it does not know it. */
int64_t mark_offset(const Mark *mark, const MarkPosition *p);
/* Copies `position`; replaces what stands there for its partition. */
void mark_put(Mark *mark, const MarkPosition *position);

/* As a JSON object (the caller's), and back: false when it is none. */
json_t *mark_json(const Mark *mark) MUST_CHECK;
bool mark_read(json_t *document, Mark *ret) MUST_CHECK;

typedef enum MarkState { MARK_NONE, MARK_GOOD, MARK_DAMAGED } MarkState;
/* Reads the file. Only a good one sets `ret`. ERR_IO: it cannot be read; ERR_CONFIG: a newer smelt wrote it. */
int mark_load(const char *path, MarkState *ret_state, Mark *ret, Error *err) MUST_CHECK;
/* About a millisecond; sets written_us. ERR_IO. */
int mark_save(const char *path, Mark *mark, Error *err) MUST_CHECK;

typedef enum MarkVerdict {
    MARK_REACHED, /* the lake has everything that the mark has, or more */
    MARK_BEHIND,  /* the lake lacks something that the mark has */
    MARK_FOREIGN, /* the mark is of another lake */
} MarkVerdict;
MarkVerdict mark_compare(const Mark *mark, const Mark *lake);
int64_t mark_offsets_behind(const Mark *mark, const Mark *lake); /* of all partitions */
/* "telecom.events partition 0: 1200 offsets (is at 100, was at 1300); ..." */
void mark_describe(const Mark *mark, const Mark *lake, Buf *out);

/* rollup_internal.h: what the files of rollup share. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "churn/rollup.h"
#include "lake/vectors.h"
#include <stdbool.h>
#include <stdint.h>

typedef enum RollupKind { ROLLUP_SUM, ROLLUP_MIN, ROLLUP_MAX, ROLLUP_LAST, ROLLUP_DAYS } RollupKind;

typedef struct RollupMeasure {
    char *name, *type; /* owned */
    RollupKind kind;
    bool text; /* the value is one */
    bool time; /* the value is one */
    bool by_day;
    size_t of;     /* of a measure by window: the measure of a day */
    size_t width;  /* of days */
    size_t column; /* of the rows that are merged */
    size_t word;   /* the first of those that it has in a record */
} RollupMeasure;

typedef struct RollupPart {
    char *name; /* owned */
    size_t of;
    int64_t days;   /* of the window; 0: all */
    size_t windows; /* so many of the first windows are in it; all: so many as there are and the rest */
    bool gap;       /* of days: the longest pause between two, not their number */
} RollupPart;

struct RollupPlan {
    RollupMeasure *measures;
    size_t count, words;
    bool by_window; /* it has parts */
    uint64_t plain; /* a bit for each measure that is a number and no time */
    RollupPart *parts;
    size_t part_count;
    int64_t windows[ROLLUP_WINDOWS]; /* ascending, in days */
    size_t window_count;
};

/* A text that does not move. `room`: bytes that may be written when it is written anew. */
typedef struct RollupText {
    uint32_t len, room;
    char bytes[];
} RollupText;

/* Of a measure that is a last one. */
typedef struct RollupLast {
    int64_t at;
    const RollupText *source; /* shared: the same text is at the same place */
    LakeText id;              /* a long one borrows the bytes of a RollupText */
    union {
        int64_t number;
        const RollupText *text;
    } value;
} RollupLast;
#define ROLLUP_LAST_WORDS (sizeof(RollupLast) / sizeof(int64_t))

/* What an entity has of a group: a day and when it was known, or a window. */
typedef struct RollupRecord {
    struct RollupRecord *next; /* of the same entity */
    uint32_t entity;
    int32_t day, known; /* or the number of the window, and 0 */
    uint64_t present;   /* a bit for each measure: it has a value (a sum always has) */
    int64_t words[];
} RollupRecord;

/* A last value, as it is read: borrowed. */
typedef struct RollupSeen {
    int64_t at;
    Span source, id;
    Span text; /* the value is one of both */
    int64_t number;
} RollupSeen;
#define ROLLUP_SEEN_WORDS (sizeof(RollupSeen) / sizeof(int64_t)) /* by window, where it is borrowed, too */

/* A record of a day, as it is read. Of what is not present nothing is set; a sum that is not is 0. */
typedef struct RollupUnpacked {
    uint64_t present; /* a bit for each measure */
    int64_t numbers[ROLLUP_MEASURES];
    RollupSeen lasts[ROLLUP_MEASURES];
} RollupUnpacked;

/* The first bytes of an id, with zeros behind them. */
typedef struct RollupHead {
    uint64_t words[2];
} RollupHead;

typedef struct RollupEntity {
    LakeText key;    /* of the id; a long one is borrowed from it */
    RollupHead head; /* the bytes of a long id are in no cache, and seldom more than these */
    const RollupText *id;
    RollupRecord *records; /* not of a history */
} RollupEntity;

/* Records of days by entity, day and known. */
typedef struct RollupRecords {
    RollupRecord **places; /* NULL: free */
    size_t count, size;    /* size: of places, a power of two */
} RollupRecords;

/* Where an item is found. Most others have another hash: they are passed over without a look at the item, which is in no cache. */
typedef struct RollupPlace {
    uint32_t number; /* of the item + 1; 0: free */
    uint32_t hash;   /* its upper half */
} RollupPlace;

/* Texts that are often the same, and entities, by their bytes. */
typedef struct RollupTexts {
    RollupEntity *items;
    size_t count, capacity;
    RollupPlace *places;
    size_t size; /* of places, a power of two */
} RollupTexts;

struct Rollup {
    const RollupPlan *plan;
    RollupTexts entities, texts;
    RollupRecords records;
    Arena arena;                     /* of records, and of what they refer to alone */
    Arena kept;                      /* of texts */
    size_t next;                     /* entity that is given next to who reads the source, */
    const RollupRecord *next_record; /* and its record; NULL: the first */
};

static inline RollupLast *rollup_last(RollupRecord *r, const RollupMeasure *m) {
    return (RollupLast *)(void *)&r->words[m->word];
}
static inline const RollupLast *rollup_last_of(const RollupRecord *r, const RollupMeasure *m) {
    return (const RollupLast *)(const void *)&r->words[m->word];
}
static inline RollupSeen *rollup_seen(RollupRecord *r, const RollupMeasure *m) {
    return (RollupSeen *)(void *)&r->words[m->word];
}
static inline const RollupSeen *rollup_seen_of(const RollupRecord *r, const RollupMeasure *m) {
    return (const RollupSeen *)(const void *)&r->words[m->word];
}
static inline size_t rollup_record_size(const RollupPlan *plan) {
    return sizeof(RollupRecord) + plan->words * sizeof(int64_t);
}
static inline void rollup_merge_extreme(const RollupMeasure *m, uint64_t bit, int64_t value, RollupRecord *record) {
    int64_t *word = &record->words[m->word];
    bool better = m->kind == ROLLUP_MAX ? value > *word : value < *word;
    if (better || (record->present & bit) == 0) *word = value;
    record->present |= bit;
}
static inline bool rollup_has(const RollupRecord *r, size_t measure) {
    return (r->present >> measure & 1) != 0;
}
static inline void rollup_prefetch(const RollupPlan *plan, const RollupRecord *r) {
    for (size_t at = 0; at < sizeof *r + plan->words * sizeof(int64_t); at += 64) __builtin_prefetch((const char *)r + at);
}

/* ---- rollup.c ---- */

/* Which record a row is merged into. */
typedef struct RollupRowKey {
    uint32_t entity;
    int32_t day, known; /* as of RollupRecord */
} RollupRowKey;
/* The numbers of the entities of n rows. They, and the records, are made when there are none. */
void rollup_find_entities(RollupTexts *t, Arena *arena, const LakeVector *ids, size_t n, uint32_t *ret);
void rollup_find_records(Rollup *r, const RollupRowKey *keys, size_t n, RollupRecord **ret);
/* The number of the item with this text, which is made when there is none. */
size_t rollup_texts_find(RollupTexts *t, Arena *arena, Span text);
void rollup_texts_done(RollupTexts *t);
RollupText *rollup_keep_text(Arena *arena, Span text);
Span rollup_span(const LakeText *text); /* borrowed */
bool rollup_is_same(const LakeText *a, const LakeText *b);

/* ---- rollup_merge.c ---- */

/* The greater of two by time, source, id and value. */
bool rollup_seen_is_after(const RollupSeen *a, const RollupSeen *b, bool text);

/* ---- rollup_read.c ---- */

/* Takes n rows of a chunk. */
typedef int (*RollupTake)(void *into, const LakeResult *chunk, size_t n, Error *err);
/* Runs n statements, each on a thread, the first on that of the caller with its connection; into[i] takes the rows of the i-th. */
int rollup_stream_all(LakeConn *conn, const char *name, const char *const *sql, void *const *into, RollupTake take, size_t n,
                      Error *err) MUST_CHECK;

/* ---- rollup_history.c ---- */

/* Days of an entity that were read one after the other: of each a RollupDay and its record, without a gap between them. */
typedef struct RollupRun {
    const char *bytes; /* in the arena of a part */
    uint32_t entity, len;
    int32_t first, last; /* days */
} RollupRun;
typedef struct RollupDay {
    int32_t day, known;
    uint32_t len; /* of the record */
} RollupDay;

/* What one thread has read. */
typedef struct RollupHistoryPart {
    RollupTexts entities;
    Arena arena;
    RollupRun *runs; /* owned; as they were read, until all are listed by entity */
    size_t run_count, run_capacity;
} RollupHistoryPart;
struct RollupHistory {
    const RollupPlan *days;   /* borrowed */
    RollupHistoryPart *parts; /* owned; the entities of the first are those of all */
    size_t count;
    RollupRun *runs; /* owned; of all entities, one after the other: memory is asked for all those of an entity at once */
    size_t *from;    /* owned; for each entity where its runs begin, and at last where they end */
};

/* ---- rollup_windows.c ---- */

/* For each measure of a day: which measures by window are merged from it. */
typedef struct RollupFeeds {
    struct {
        size_t first, count; /* of `fed` */
    } of[ROLLUP_MEASURES];
    size_t fed[ROLLUP_MEASURES];
    uint64_t single_sums;         /* a bit for each measure of a day that is merged into one sum, not by day; */
    size_t word[ROLLUP_MEASURES]; /* ... the word of this sum */
} RollupFeeds;
/* False: the plans do not fit together. */
bool rollup_find_feeds(const RollupPlan *plan, const RollupPlan *days, RollupFeeds *ret);

/* ---- rollup_pack.c ---- */

/* What model_days keeps of a record of a day; *ret is cleared before. */
void rollup_pack(const RollupPlan *plan, const RollupRecord *r, Buf *ret);
/* False: it is damaged. */
bool rollup_unpack(const RollupPlan *plan, Span bytes, int64_t day, RollupUnpacked *ret);

/* internal.h: the writers of the statements, and what they share. */
#pragma once
#include "base/buf.h"
#include "base/checksum.h"
#include "compile/compile.h"

/* ---- writing ---- */

void sql_text(Buf *out, const char *text); /* 'it''s' */
void sql_name(Buf *out, const char *name); /* an identifier, quoted where it could be a keyword */
/* Puts `separator` between the elements of a list: nothing the first time. `*first` starts as true. */
void sql_separate(Buf *out, bool *first, const char *separator);

/* ---- Silver ---- */

/* One entity's Gold, while its statements are written and as long as they live. */
typedef struct Gold {
    const Entity *entity;
    const char *suffix;
    bool first;
    bool everywhere;           /* every event has its key */
    char *tables[GOLD_TABLES]; /* names, without suffix; owned */
    char *key;                 /* its name, quoted where it must be; owned */
} Gold;

/* A statement and what it owns. */
typedef struct Written {
    StatementText text;
    char *name, *sql;
} Written;

struct Compiled {
    const Pipeline *pipeline;
    const char *suffix;
    Gold *golds;      /* of each entity */
    Written *written; /* STATEMENT_COUNT of each entity; those that are of none are in the first's place */
    char features_sha256[SHA256_TEXT_SIZE], declared_sha256[SHA256_TEXT_SIZE];
    SilverColumn *columns; /* of silver_clean_events */
    char *entity_description;
    size_t column_count;
};

void gold_init(Gold *g, const Pipeline *p, size_t entity, const char *suffix);
void gold_done(Gold *g);

void silver_columns(Compiled *c);
void silver_tables(Buf *out, const Compiled *c);
void silver_read(Buf *out, const Compiled *c);
void silver_clean(Buf *out, const Compiled *c);
void silver_quarantine(Buf *out, const Compiled *c);
void silver_drift(Buf *out, const Compiled *c);
void silver_corrections(Buf *out, const Compiled *c);
void silver_corrected(Buf *out, const Compiled *c);

/* ---- Gold ---- */

typedef enum MeasureKind { MEASURE_COUNT, MEASURE_SUM, MEASURE_MIN, MEASURE_MAX, MEASURE_LAST, MEASURE_SET } MeasureKind;

/* A column of Gold's state: partial aggregates that add up in any order. */
typedef struct Measure {
    MeasureKind kind;
    char *name, *type;
    char *over_events;  /* the aggregate over rows of Silver */
    const char *column; /* min, max: its column of Silver */
    const Column *of;   /* of all kinds but the count of events: borrowed */
    char *where;        /* min, max: its conditions, or NULL */
    bool windowed;      /* some feature needs it over windows */
} Measure;

typedef struct Measures {
    Measure *items;
    size_t count;
} Measures;

typedef struct FeatureMeasures {
    size_t value, count; /* indices; count: events that had a value (sum, avg) */
} FeatureMeasures;

/* `ret`: one entry per feature; the caller frees both. */
Measures measures_of(const Entity *e, FeatureMeasures **ret);
void measures_done(Measures *m);
static inline bool measure_adds(const Measure *m) {
    return m->kind == MEASURE_COUNT || m->kind == MEASURE_SUM;
}
static inline bool measure_is_extreme(const Measure *m) {
    return m->kind == MEASURE_MIN || m->kind == MEASURE_MAX;
}
bool measures_have_window(const Measures *m);  /* some windowed one adds */
bool measures_have_extreme(const Measures *m); /* some windowed one is a minimum or maximum */
/* Merges partials: "sum(x)::BIGINT", "max(x)"; `filter`: SQL or NULL. */
void measure_add_merge(Buf *out, const Measure *m, const char *filter);

void gold_tables(Buf *out, const Gold *g);
void gold_newest(Buf *out, const Gold *g);
void gold_partials(Buf *out, const Gold *g);
void gold_sums(Buf *out, const Gold *g);
void gold_extreme(Buf *out, const Gold *g);
void gold_expire_days(Buf *out, const Gold *g);
void gold_compact_sums(Buf *out, const Gold *g);
void gold_compact_extremes(Buf *out, const Gold *g);
void gold_compacted_sums(Buf *out, const Gold *g);
void gold_compacted_extremes(Buf *out, const Gold *g);
void gold_features(Buf *out, const Gold *g);
void gold_update_delta(Buf *out, const Gold *g);
void gold_merge_delta(Buf *out, const Gold *g);
void gold_next_base(Buf *out, const Gold *g);
void gold_next_kept(Buf *out, const Gold *g);
void gold_next_changed(Buf *out, const Gold *g);
void gold_swap_base(Buf *out, const Gold *g);

/* round(sum / count, digits), exact: `scale` is that of the sum. */
void sql_mean(Buf *out, const char *sum, const char *count, int scale, int digits);

/* What a model learns, and the statements that it needs. */
void model_declared(Buf *out, const Compiled *c);
/* What people call the entities and their columns. */
void gold_declared(Buf *out, const Compiled *c);

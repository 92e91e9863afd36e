/* entities.h: whose Gold a lake or a snapshot has, and what people call it: what refine has stored in gold_entities and gold_columns. */
#pragma once
#include "lake/lake.h"

/* All texts are owned; NULL where there is none. */
typedef struct GoldEntity {
    bool scored;          /* the model is of it: its rows have scores beside the features, in the view serving_entities */
    char *name, *plural;  /* "bike", "bikes" */
    char *key, *key_type; /* the column of its id, and that one's type in SQL */
    char *title, *title_plural, *description;
    char *view, *base, *delta, *base_table;              /* names of its tables (compile/compile.h) */
    char *label;                                         /* what a model learns of it */
    char *risk_title;                                    /* what that means */
    char *value, *value_name, *value_title, *value_unit; /* what those at risk are worth: the sum of a column */
    char *place, *place_x, *place_y;                     /* "earth" (degrees) or "plane", and the columns of its coordinates */
    char *listed;                                        /* the columns that lists show: names with commas between them */
} GoldEntity;

typedef struct GoldEntities {
    GoldEntity *items;
    size_t count;  /* 0: there is no Gold yet */
    size_t scored; /* index: of which the model is, or would be */
} GoldEntities;
/* The caller ends the result. Of a snapshot that an earlier version wrote, what it had then. */
int gold_entities_read(LakeConn *conn, GoldEntities *ret, Error *err) MUST_CHECK;
void gold_entities_done(GoldEntities *e);
/* The one that the model is of, or would be. There must be a Gold. */
static inline const GoldEntity *gold_entities_scored(const GoldEntities *e) {
    return &e->items[e->scored];
}
/* sql/<name>.sql with the names of an entity: {{view}}, {{rows}} (with the scores), {{key}}, {{key_type}}, {{base}}, {{delta}},
 * {{base_table}}, {{label}}, {{value}}, and {{label_or_null}}, {{value_or_null}}; {{listed}} as text. Names that it does not have are those
 * of no column, or NULL. The caller frees. */
char *gold_entity_sql(const GoldEntity *e, const char *name) MUST_CHECK;
/* The same with `n` more names, at most GOLD_NAMES_MORE. */
enum { GOLD_NAMES_MORE = 48 };
char *gold_entity_sql_with(const GoldEntity *e, const char *name, const LakeBinding *more, size_t n) MUST_CHECK;
/* The same of a text that is put together from several files. The caller frees. */
char *gold_entity_text(const GoldEntity *e, const char *sql, const LakeBinding *more, size_t n) MUST_CHECK;

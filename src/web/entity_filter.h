/* entity_filter.h: which rows of an entity are asked for, in which order, and which of their columns: the parameters sort, where and
 * fields. Nothing that a client sent becomes SQL text: names are those of columns that there are, values are literals. One request, one
 * thread. */
#pragma once
#include "base/clock.h"
#include "web/handlers.h"
#include "web/note_content.h"

enum { FILTER_NUMBERS = 6, FILTER_TEXTS = 4, FILTER_BINDINGS = 5 * FILTER_NUMBERS + 3 * FILTER_TEXTS + 5 };

/* A condition on a column: both ends belong to the range. */
typedef struct FilterRange {
    const char *column;
    const char *as; /* "DOUBLE": low and high; "BIGINT", "TIMESTAMP": from and to; static */
    double low, high;
    char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];
} FilterRange;

typedef struct EntityFilter {
    const GoldEntity *entity;
    bool has_risk;
    json_t *columns;   /* name: the type that conditions compare it as, null: its text; owned */
    const char *sort;  /* the column that is sorted by; of `columns`, or static */
    bool is_as_number; /* that column is one, or a word that stands for one; others by the order of their values */
    bool ascending;
    bool ids_down;                       /* by id alone, the last one first */
    char *fields;                        /* names with commas between them; owned */
    FilterRange numbers[FILTER_NUMBERS]; /* and times */
    struct {
        const char *column;
        char *equals; /* owned */
    } texts[FILTER_TEXTS];
    size_t number_count, text_count;
    char *noted;   /* ids as a JSON list; NULL: it is not asked who has notes. Owned */
    bool noted_in; /* only these, or only others */
} EntityFilter;

#define ENTITY_FILTER_PARAMS                                                                                                               \
    {"sort", PARAM_TEXT, .least = 1, .most = 200,                                                                                          \
     .help = "a column, risk, value or id; with a minus before it the highest first. Rows without a value are last"},                      \
        {"where", PARAM_TEXT, .least = 1, .most = 1000,                                                                                    \
         .help = "conditions that must all hold, with ; between them: avg_bill>=100;plan=Basic. Numbers and times by >=, <=, >, < and =, " \
                 "others by =; a ; in a value has a backslash before it; also risk and value"},                                            \
    {                                                                                                                                      \
        "fields", PARAM_TEXT, .least = 1, .most = 2000, .help = "columns, with commas between them; * for all"                             \
    }

#define NOTED_PARAM                                                                                                                        \
    {                                                                                                                                      \
        "noted", PARAM_CHOICE, .choices = "no|yes|" NOTE_OUTCOMES,                                                                         \
                               .help = "only rows without a note, with one, or whose newest note has this outcome"                         \
    }

/* Reads them. Answers when one of them is wrong. The caller ends the filter either way. */
int entity_filter_read(const Request *req, const Lease *lease, const GoldEntity *e, bool has_risk, EntityFilter *ret, Response *resp,
                       Error *err) MUST_CHECK;
/* Reads the parameter `noted`: which rows people have noted something about. Answers where no notes are kept. */
int entity_filter_read_noted(Service *s, const Request *req, EntityFilter *f, Response *resp, Error *err) MUST_CHECK;
/* A condition or `noted` was given. */
bool entity_filter_is_narrow(const EntityFilter *f);
void entity_filter_done(EntityFilter *f);
/* sql/<head>.sql, sql/<middle>.sql and sql/<tail>.sql (NULL: nothing) as one statement, with all names. The caller frees. */
char *entity_filter_sql(const EntityFilter *f, const char *head, const char *middle, const char *tail) MUST_CHECK;

/* outcomes.c: see outcomes.h. Lengths are whole days, as windows are ("30d"): a cut is the beginning of a UTC day. */
#include "contract/outcomes.h"

#include "contract/gold_columns.h"
#include "contract/model_features.h"
#include "contract/names.h"
#include "contract/reader.h"
#include "contract/text.h"
#include "contract/windows.h"
#include <string.h>

#define DEFAULT_DAYS 30

/* ---- a label of the future ---- */

static int read_lengths(const DocNode *at, OutcomeLabel *o, Error *err) {
    int rc = days_read(at, "horizon", 1, &o->horizon, err);
    return rc | days_read(at, "gap", 0, &o->gap, err);
}

static int read_inactivity(const DocNode *at, OutcomeLabel *o, Error *err) {
    o->kind = OUTCOME_INACTIVITY;
    o->silence = DEFAULT_DAYS;
    int rc = check_keys(at, "silence, horizon, gap", err);
    rc |= days_read(at, "silence", 1, &o->silence, err);
    return rc | read_lengths(at, o, err);
}

static int read_table(Pipeline *p, const DocNode *at, OutcomeLabel *o, Error *err) {
    const char *file = "";
    o->kind = OUTCOME_TABLE;
    int rc = check_keys(at, "file, horizon, gap", err);
    rc |= read_text(at, "file", true, &file, err);
    o->file = strings_keep(p->strings, file);
    return rc | read_lengths(at, o, err);
}

const OutcomeLabel *outcome_find(const Entity *e, const char *name) {
    for (const OutcomeLabel *o = e->outcomes; name != NULL && o < e->outcomes + e->outcome_count; o++)
        if (strcmp(o->name, name) == 0) return o;
    return NULL;
}

int outcome_read(Pipeline *p, Entity *e, const DocNode *label, Error *err) {
    DocNode inactivity, table, name = node_member(label, "name");
    OutcomeLabel o = {.horizon = DEFAULT_DAYS, .line = node_line(label)};
    int rc = check_keys(label, "name, title, description, inactivity, table", err);
    rc |= gold_names_read(p, e, label, &(GoldNames){&o.name, &o.title, &o.description}, err);
    if (rc == 0) rc |= gold_check_new_column(e, label, o.name, err);
    if (outcome_find(e, o.name) != NULL) rc |= REFUSE(&name, err, "another label has this name; expected another one");
    rc |= read_object(label, "inactivity", &inactivity, err) | read_object(label, "table", &table, err);
    if (rc != 0) return -1;
    if (inactivity.value != NULL && table.value != NULL) return REFUSE(label, err, "expected either inactivity or table");
    rc |= inactivity.value != NULL ? read_inactivity(&inactivity, &o, err) : read_table(p, &table, &o, err);
    if (rc != 0) return -1;
    e->outcomes = strings_grow(p->strings, e->outcomes, e->outcome_count, sizeof *e->outcomes);
    e->outcomes[e->outcome_count++] = o;
    return 0;
}

/* ---- how it is learned ---- */

static int read_population(const DocNode *model, Forecast *f, Error *err) {
    DocNode at;
    if (read_object(model, "population", &at, err) != 0) return -1;
    if (at.value == NULL) return 0;
    int rc = check_keys(&at, "active_within, events, events_within", err);
    rc |= days_read(&at, "active_within", 1, &f->active_within, err);
    rc |= days_read(&at, "events_within", 1, &f->events_within, err);
    rc |= read_integer(&at, "events", 1, INT32_MAX, &f->events, err);
    if (rc == 0 && f->active_within > f->events_within) rc = REFUSE(&at, err, "expected active_within of at most events_within");
    return rc;
}

static int read_cuts(const DocNode *model, Forecast *f, Error *err) {
    DocNode at;
    int64_t training = f->cuts;
    if (read_object(model, "cuts", &at, err) != 0) return -1;
    if (at.value == NULL) return 0;
    int rc = check_keys(&at, "training, apart", err);
    rc |= read_integer(&at, "training", 2, 12, &training, err);
    f->cuts = (int)training;
    return rc | days_read(&at, "apart", 1, &f->apart, err);
}

int forecast_read(Pipeline *p, const DocNode *model, const Entity *of, const OutcomeLabel *outcome, Forecast *ret, Error *err) {
    static const char *const names[] = {[AS_OF_KNOWN] = "known", [AS_OF_EVENT] = "event"};
    DocNode as_of = node_member(model, "as_of");
    size_t chosen = AS_OF_KNOWN;
    int rc = 0;
    *ret = (Forecast){.outcome = outcome, .active_within = 14, .events_within = DEFAULT_DAYS, .events = 3, .cuts = 4, .apart = 15};
    if (node_exists(&as_of)) rc |= read_choice(&as_of, names, ARRAY_LEN(names), &chosen, err);
    ret->as_of = (AsOf)chosen;
    rc |= read_population(model, ret, err);
    rc |= read_cuts(model, ret, err);
    rc |= model_features_read(p, model, of, ret, err);
    return rc | model_segments_read(p, model, ret, err);
}

/* declared.c: the declarations of a forecast, from the lake: a process that trains has no features.yaml, and what the lake says fits its
 * tables. */
#include "churn/csv.h"
#include "churn/forecast.h"

#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void free_plans(ChurnDeclared *d) {
    rollup_plan_freep(&d->days_plan);
    rollup_plan_freep(&d->sums_plan);
    rollup_plan_freep(&d->segments_plan);
}

void churn_declared_done(ChurnDeclared *d) {
    free(d->advice);
    char *const texts[] = {d->outcome,
                           d->kind,
                           d->file,
                           d->as_of,
                           d->days_columns,
                           d->days,
                           d->features,
                           d->days_sha256,
                           d->features_sha256,
                           d->segments_made,
                           d->days_packed_columns,
                           d->days_events,
                           d->days_packed,
                           d->features_merged,
                           d->segments_merged};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) free(texts[i]);
    churn_names_done(&d->columns);
    churn_names_done(&d->segments);
    json_decref(d->words);
    free_plans(d);
    *d = (ChurnDeclared){0};
}

/* ---- the view ---- */

static void take_value(ChurnDeclared *d, const char *name, const char *value) {
    const struct {
        const char *name;
        char **text;
        int64_t *number;
    } places[] = {{"advice", &d->advice, NULL},
                  {"outcome", &d->outcome, NULL},
                  {"kind", &d->kind, NULL},
                  {"file", &d->file, NULL},
                  {"as_of", &d->as_of, NULL},
                  {"days_columns", &d->days_columns, NULL},
                  {"days", &d->days, NULL},
                  {"features", &d->features, NULL},
                  {"segments_made", &d->segments_made, NULL},
                  {"days_events", &d->days_events, NULL},
                  {"days_packed_columns", &d->days_packed_columns, NULL},
                  {"days_packed", &d->days_packed, NULL},
                  {"features_merged", &d->features_merged, NULL},
                  {"segments_merged", &d->segments_merged, NULL},
                  {"days_sha256", &d->days_sha256, NULL},
                  {"features_sha256", &d->features_sha256, NULL},
                  {"silence", NULL, &d->silence},
                  {"horizon", NULL, &d->horizon},
                  {"gap", NULL, &d->gap},
                  {"widest", NULL, &d->widest},
                  {"active_within", NULL, &d->active_within},
                  {"events_within", NULL, &d->events_within},
                  {"events", NULL, &d->events},
                  {"cuts", NULL, &d->cuts},
                  {"apart", NULL, &d->apart}};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (strcmp(places[i].name, name) != 0) continue;
        if (places[i].text != NULL) *places[i].text = xstrdup(value);
        if (places[i].number != NULL) *places[i].number = strtoll(value, NULL, 10);
    }
}

static int take_columns(ChurnDeclared *d, const char *text, Error *err) {
    size_t i;
    json_t *one;
    if (json_parse(text, strlen(text), "model_declared", &d->words, err) != 0) return -1;
    d->columns.at = xcalloc(json_array_size(d->words) + 1, sizeof *d->columns.at);
    json_array_foreach(d->words, i, one) d->columns.at[d->columns.count++] = xstrdup(json_string_value(json_object_get(one, "name")));
    return 0;
}

static int take_segments(ChurnDeclared *d, const char *text, Error *err) {
    CLEANUP(json_freep) json_t *names = NULL;
    size_t i;
    json_t *one;
    if (json_parse(text, strlen(text), "model_declared", &names, err) != 0) return -1;
    d->segments.at = xcalloc(json_array_size(names) + 1, sizeof *d->segments.at);
    json_array_foreach(names, i, one) d->segments.at[d->segments.count++] = xstrdup(json_string_value(one));
    return 0;
}

static int take_plan(ChurnDeclared *d, const char *name, const char *text, Error *err) {
    const struct {
        const char *name;
        RollupPlan **plan;
    } places[] = {{"days_plan", &d->days_plan}, {"sums_plan", &d->sums_plan}, {"segments_plan", &d->segments_plan}};
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (strcmp(places[i].name, name) == 0 && rollup_plan_read(text, places[i].plan, err) != 0) return -1;
    return 0;
}

/* A lake of an earlier version may have plans of another shape. */
static int read_view(LakeConn *conn, ChurnDeclared *d, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    int more;
    if (lake_query(conn, "churn/declared", lake_sql("churn/declared"), NULL, 0, &r, err) != 0) return -1;
    while ((more = lake_next(r, err)) == 1) {
        const char *name = lake_col_text(r, 0, NULL);
        CLEANUP(free_text) char *value = xstrdup(lake_col_text(r, 1, NULL));
        if (strcmp(name, "advice") != 0) d->present = true;
        if (strcmp(name, "columns") == 0 && take_columns(d, value, err) != 0) return -1;
        if (strcmp(name, "segments") == 0 && take_segments(d, value, err) != 0) return -1;
        if (take_plan(d, name, value, err) != 0) return -1;
        take_value(d, name, value);
    }
    if (d->days_packed == NULL) free_plans(d);
    return more;
}

/* ---- a file instead ---- */

int churn_is_departures(const char *label, bool *ret, Error *err) {
    CLEANUP(free_text) char *path = NULL;
    Error ignored = {0};
    char delimiter;
    *ret = false;
    if (churn_label_is_rule(label) || strcmp(label, CHURN_LABEL_DECLARED) == 0 || !file_exists(label)) return 0;
    if (churn_csv_path(label, &path, err) != 0) return error_prefix(err, "model.label");
    *ret = csv_find_delimiter(label, "left_at", "left_at", &delimiter, &ignored) == 0;
    error_clear(&ignored); /* reading it says what is wrong */
    return 0;
}

static int take_file(ChurnDeclared *d, const char *label, Error *err) {
    if (!d->present)
        return error_set(
            err, ERR_CONFIG,
            "%s has left_at: it says what happens later, so features.yaml must name such a label (inactivity or table) in `model`", label);
    free(d->kind);
    free(d->file);
    d->kind = xstrdup("table");
    d->file = xstrdup(label);
    d->silence = 0;
    return 0;
}

bool churn_is_forecast(const ChurnDeclared *d, const char *label) {
    return d->present && (strcmp(label, CHURN_LABEL_DECLARED) == 0 || (d->file != NULL && strcmp(label, d->file) == 0));
}

int churn_read_declared(LakeConn *conn, const char *label, ChurnDeclared *ret, Error *err) {
    CLEANUP(churn_declared_done) ChurnDeclared d = {0};
    bool departures;
    if (churn_is_departures(label, &departures, err) != 0 || read_view(conn, &d, err) != 0) return -1;
    if (departures && take_file(&d, label, err) != 0) return -1;
    *ret = d;
    d = (ChurnDeclared){0};
    return 0;
}

/* column_owners.c: whose the columns of Silver are. Contracts share them, and many names are made of other names: a new contract must not
 * take the column of a property whose values are in it.
 *
 * Invariant: the values in a column are of the properties that column_owners has for it, until `refine --full` makes all columns again. */
#include "refine/internal.h"

#include "base/document.h"
#include "base/memory.h"
#include <string.h>

/* The properties of the payloads, with their columns; the caller frees. */
static char *declared_columns(const Pipeline *p) {
    CLEANUP(json_freep) json_t *all = json_array();
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        for (const Field *f = c->fields; f < c->fields + c->field_count; f++)
            json_array_append_new(all, json_pack("{ss ss ss ss sb}", "column_name", f->column, "event_type", c->event_type, "topic",
                                                 c->topic != NULL ? c->topic : "", "property", f->name, "made", f->derived));
    char *text = json_dumps(all, JSON_COMPACT);
    if (text == NULL) BUG("columns that are not valid JSON");
    return text;
}

/* Its first row, if there is one, is the result's current one. The caller ends *ret_rows. */
static int query_first(const Refine *r, const char *name, const char *declared, LakeResult **ret_rows, bool *ret_found, Error *err) {
    LakeValue value = lake_text(declared);
    if (lake_query(r->conn, name, lake_sql(name), &value, 1, ret_rows, err) != 0) return -1;
    int got = lake_next(*ret_rows, err);
    *ret_found = got > 0;
    return got < 0 ? -1 : 0;
}

#define MAKE_AGAIN "run `smelt refine --full` to make Silver again"

/* A name that was made may be another one; one that a contract gives is meant. */
static int refuse_taken(LakeResult *row, Error *err) {
    const char *column = lake_col_text(row, 0, NULL), *was = lake_col_text(row, 1, NULL), *is_now = lake_col_text(row, 2, NULL);
    bool made = lake_col_bool(row, 3), same_type = lake_col_bool(row, 4);
    if (!made)
        return error_set(err, ERR_CONFIG, "column %s is of %s in Silver and of %s in the contracts: " MAKE_AGAIN " with the new names",
                         column, was, is_now);
    return error_set(err, ERR_CONFIG, "column %s is of %s in Silver and of %s in the contracts: give %s a physicalName%s", column, was,
                     is_now, is_now, same_type ? ", or " MAKE_AGAIN " with the new names" : "");
}

static int check_taken(const Refine *r, const char *declared, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    bool found = false;
    if (query_first(r, "silver/owners_taken", declared, &rows, &found, err) != 0) return -1;
    return found ? refuse_taken(rows, err) : 0;
}

static int check_moved(const Refine *r, const char *declared, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    bool found = false;
    if (query_first(r, "silver/owners_moved", declared, &rows, &found, err) != 0) return -1;
    if (!found) return 0;
    return error_set(err, ERR_CONFIG, "%s is in the column %s in Silver and in %s in the contracts: " MAKE_AGAIN " with the new name",
                     lake_col_text(rows, 0, NULL), lake_col_text(rows, 1, NULL), lake_col_text(rows, 2, NULL));
}

int column_owners_check(const Refine *r, Error *err) {
    CLEANUP(free_text) char *declared = declared_columns(r->pipeline);
    return check_taken(r, declared, err) != 0 ? -1 : check_moved(r, declared, err);
}

int column_owners_add(const Refine *r, Error *err) {
    CLEANUP(free_text) char *declared = declared_columns(r->pipeline);
    LakeValue value = lake_text(declared);
    return lake_exec_values(r->conn, "silver/owners_add", lake_sql("silver/owners_add"), &value, 1, NULL, err);
}

int column_owners_replace(const Refine *r, Error *err) {
    return lake_exec(r->conn, "silver/owners_forget", lake_sql("silver/owners_forget"), err) != 0 ? -1 : column_owners_add(r, err);
}

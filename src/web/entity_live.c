/* entity_live.c: see entity_live.h. The view joins base, delta and scores of all before it takes the row, and DuckDB takes longer to plan
 * that than to find one: so each table is asked in turn, and the next one only when the row was not in it.
 *
 * Ids are literals here: DuckDB compares them as the table has stored them, without unpacking each. They come as bytes in hexadecimal, so
 * that nothing that a client sent is read as SQL. Invariant: the row is the one of serving_entities, in the transaction of the lease. */
#include "web/entity_live.h"

#include "base/memory.h"
#include "web/scores.h"

static int query_table(const Lease *lease, const GoldEntity *e, const char *name, const char *table, LakeValue id, json_t **ret,
                       Error *err) {
    const LakeBinding more[] = {{"table", lake_name(table)}, {"id", id}};
    CLEANUP(free_text) char *sql = gold_entity_sql_with(e, name, more, ARRAY_LEN(more));
    return row_query_sql(lease->conn, name, sql, NULL, 0, ret, err);
}

/* The second table is asked when the first one does not have it. */
static int query_tables(const Lease *lease, const GoldEntity *e, const char *name, const char *const tables[2], LakeValue id, json_t **ret,
                        Error *err) {
    if (query_table(lease, e, name, tables[0], id, ret, err) != 0) return -1;
    return json_is_null(*ret) ? query_table(lease, e, name, tables[1], id, ret, err) : 0;
}

static void add_scores(json_t *row, const json_t *scores) {
    for (size_t i = 0; i < ANSWER_SCORES; i++) {
        json_t *score = json_object_get(scores, answer_scores[i]);
        if (score != NULL)
            json_object_set(row, answer_scores[i], score);
        else
            json_object_set_new(row, answer_scores[i], json_null());
    }
}

int entity_live_row(const Lease *lease, const GoldEntity *e, LakeValue id, bool in_capitals, json_t **ret, Error *err) {
    const char *const features_of[] = {e->delta, e->base};
    const char *features = in_capitals ? "api/live_features_in_capitals" : "api/live_features";
    static const char *const scores_of[] = {"scores_fresh", "scores_base"};
    CLEANUP(json_freep) json_t *row = NULL;
    CLEANUP(json_freep) json_t *scores = NULL;
    if (query_tables(lease, e, features, features_of, id, &row, err) != 0) return -1;
    if (!json_is_null(row)) {
        const json_t *key = json_object_get(row, e->key);
        LakeValue entity = lake_blob(json_string_value(key), json_string_length(key));
        if (query_tables(lease, e, "api/live_scores", scores_of, entity, &scores, err) != 0) return -1;
        add_scores(row, scores);
    }
    *ret = TAKE(row);
    return 0;
}

/* segments.c: the plan, the city of each entity of the test as of its cut, by which the report is given once more.
 *
 * They are read for the test alone: a model learns nothing from them. */
#include "churn/forecast.h"

#include "base/memory.h"
#include <string.h>

void churn_segments_done(ChurnSegments *s) {
    for (size_t i = 0; i < s->count; i++) free(s->values[i]);
    free(s->values);
    *s = (ChurnSegments){0};
}

/* Both are in the order of the ids; entities that are not measured on have segments, too. */
static int read_one(LakeConn *conn, const ChurnGold *g, const char *segment, const ChurnData *rows, char **ret, Error *err) {
    const LakeBinding names[] = {{"key", lake_name(g->key)}, {"segment", lake_name(segment)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("churn/segment"), names, ARRAY_LEN(names));
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    size_t at = 0;
    int more;
    if (lake_query(conn, "churn/segment", sql, NULL, 0, &r, err) != 0) return -1;
    while ((more = lake_next(r, err)) == 1) {
        if (at == rows->rows || strcmp(lake_col_text(r, 0, NULL), rows->ids[at]) != 0) continue;
        if (!lake_is_null(r, 1)) ret[at] = xstrdup(lake_col_text(r, 1, NULL));
        at++;
    }
    BUG_IF(more == 0 && at != rows->rows);
    return more;
}

int churn_read_segments(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const ChurnDays *days, const RollupHistory *history,
                        int64_t cut, const ChurnData *rows, ChurnSegments *ret, Error *err) {
    CLEANUP(churn_segments_done) ChurnSegments s = {.count = d->segments.count * rows->rows};
    if (d->segments.count > 0 && churn_make_segments(conn, d, history, cut, days->first, days->upto, err) != 0) return -1;
    s.values = xcalloc(s.count + 1, sizeof *s.values);
    for (size_t i = 0; i < d->segments.count; i++)
        if (read_one(conn, g, d->segments.at[i], rows, s.values + i * rows->rows, err) != 0) return -1;
    *ret = s;
    s = (ChurnSegments){0};
    return 0;
}

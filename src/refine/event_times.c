/* event_times.c: the oldest and the newest event of each type in Silver, as long as a contract promises something of them. The cost follows
 * the new events; a change of the declarations, and a rebuild, read the times of all of Silver once. */
#include "refine/internal.h"

static bool has_promises(const Pipeline *p) {
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        if (c->freshness_s > 0 || c->retention_s > 0) return true;
    return false;
}

int event_times_add(const Refine *r, int64_t after, int64_t upto, Error *err) {
    const LakeValue values[] = {lake_int(after), lake_int(upto)};
    if (!has_promises(r->pipeline)) return 0;
    return lake_exec_values(r->conn, "event_times/add", lake_sql("event_times/add"), values, ARRAY_LEN(values), NULL, err);
}

int event_times_rebuild(const Refine *r, Error *err) {
    if (lake_exec(r->conn, "event_times/forget", lake_sql("event_times/forget"), err) != 0) return -1;
    return event_times_add(r, -1, INT64_MAX, err);
}

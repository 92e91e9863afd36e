/* other_ids.c: events that landed while the contracts had the id of the first entity elsewhere in the messages. Bronze keeps the id that
 * ingest read, so theirs is of something else: when the bike was the entity and the station is now, a station with the name of a bike.
 * Nothing can be read again from Bronze, but it must not go unsaid.
 *
 * Invariant: only ranges of batches that this refine reads are counted, and Bronze is asked only where the two places differ. */
#include "base/counted.h"
#include "base/document.h"
#include "base/log.h"
#include "base/memory.h"
#include "contract/envelopes.h"
#include "contract/pipeline.h"
#include "refine/internal.h"
#include <inttypes.h>
#include <string.h>

/* Where the contracts have it now; NULL: no contract is of this topic. "": nowhere. The caller frees. */
static char *place_now(const Pipeline *p, const char *topic) {
    const TopicEnvelope *envelope = pipeline_envelope_for(p, topic);
    if (envelope == NULL) return NULL;
    CLEANUP(json_freep) json_t *all = envelope_json(envelope);
    const char *place = json_string_value(json_object_get(all, envelope_column_names[ENVELOPE_ENTITY]));
    return xstrdup(place != NULL ? place : "");
}

static int count_events(LakeConn *conn, const char *topic, int64_t after, int64_t upto, int64_t *ret, Error *err) {
    static const char name[] = "refine/other_ids";
    LakeValue values[] = {lake_text(topic), lake_int(after), lake_int(upto)};
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, name, lake_sql(name), values, ARRAY_LEN(values), &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got > 0) *ret = lake_col_int(rows, 0);
    return got < 0 ? -1 : 0;
}

static void tell(const Refine *r, const char *topic, int64_t events, const char *was, const char *now) {
    log_warn("refine",
             "%" PRId64
             " %s of %s landed while the id of the %s was %s in the messages; it is %s now. They keep the id that was read then: to "
             "have it right, read the topic again into a new data.dir",
             events, counted(events, "event", "events"), topic, r->pipeline->entities[0].title, was, now[0] != '\0' ? now : "nowhere");
    r->stats->other_ids += events;
}

int other_ids_tell(const Refine *r, int64_t after, Error *err) {
    static const char name[] = "refine/envelopes";
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    int got;
    if (lake_query(r->conn, name, lake_sql(name), NULL, 0, &rows, err) != 0) return -1;
    while ((got = lake_next(rows, err)) > 0) {
        const char *topic = lake_col_text(rows, 0, NULL), *was = lake_col_text(rows, 2, NULL);
        int64_t from = lake_col_int(rows, 3) > after ? lake_col_int(rows, 3) : after, events = 0;
        CLEANUP(free_text) char *now = place_now(r->pipeline, lake_col_text(rows, 1, NULL));
        if (now == NULL || was[0] == '\0' || strcmp(was, now) == 0 || from >= lake_col_int(rows, 4)) continue;
        if (count_events(r->conn, topic, from, lake_col_int(rows, 4), &events, err) != 0) return -1;
        if (events > 0) tell(r, topic, events, was, now);
    }
    return got < 0 ? -1 : 0;
}

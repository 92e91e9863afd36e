/* envelope.c: see envelope.h. Bronze has the fields as columns; what came of another type than its column is in the object of unknown
 * fields, under its own name. */
#include "judge/envelope.h"

#include "base/clock.h"
#include "judge/ids.h"
#include "judge/limits.h"
#include "judge/scalars.h"
#include "judge/values.h"
#include <string.h>
#include <time.h>

/* ---- ids ---- */

/* What every id must be; true: a violation was reported. */
static bool judge_id(Judge *j, const char *field, Span id) {
    uint32_t c = 0;
    if (id_is_longer(id, judge_limits[LIMIT_ID_LENGTH].most)) {
        violate(j, judge_limits[LIMIT_ID_LENGTH].rule, static_text(field), id, static_text(judge_limits[LIMIT_ID_LENGTH].reason));
        return true;
    }
    IdFault fault = id_find_fault(id, &c);
    if (fault == ID_GOOD) return false;
    const char *what = fault == ID_CONTROL ? "control characters" : "characters that change the direction of text";
    violate(j, "characters", static_text(field), id, arena_format(&j->arena, "must not have %s (U+%04X)", what, c));
    return true;
}

/* An object or a list that was sent as an id once became its own text. An id may have braces around it, as GUIDs do. */
static const char *kind_of_text(Span text) {
    if (text.len < 2 || (text.at[0] != '{' && text.at[0] != '[')) return NULL;
    yyjson_doc *doc = yyjson_read(text.at, text.len, 0);
    yyjson_val *root = yyjson_doc_get_root(doc);
    const char *kind = yyjson_is_obj(root) ? "an object" : yyjson_is_arr(root) ? "a list" : NULL;
    yyjson_doc_free(doc);
    return kind;
}

static void judge_entity(Judge *j, const Node *node, Span id) {
    const char *kind = kind_of_text(id);
    Span name = node->name, reason;
    if (kind != NULL) {
        violate(j, "type", name, id, wrong_type_reason(j, node, kind));
        return;
    }
    const Test *failed = failed_by_text(j, node, id, &reason);
    if (failed != NULL)
        violate(j, failed->rule, name, id, reason);
    else if (!judge_id(j, name.at, id) && j->in->entity_not_nfc)
        violate(j, "characters", name, id, static_text("must be in Unicode's form NFC"));
}

/* ---- time and quality ---- */

/* As DuckDB writes a TIMESTAMP: 2026-11-24 10:15:00.5 */
static Span time_text(Judge *j, int64_t at_us) {
    int64_t us = at_us % USEC_PER_SEC;
    time_t seconds = (time_t)(at_us / USEC_PER_SEC);
    struct tm tm = {0};
    if (us < 0) us += USEC_PER_SEC, seconds--;
    gmtime_r(&seconds, &tm);
    int year = tm.tm_year + 1900;
    Span text = arena_format(&j->arena, "%04d-%02d-%02d %02d:%02d:%02d.%06d", year > 0 ? year : 1 - year, tm.tm_mon + 1, tm.tm_mday,
                             tm.tm_hour, tm.tm_min, tm.tm_sec, (int)us);
    while (text.at[text.len - 1] == '0') text.len--;
    if (text.at[text.len - 1] == '.') text.len--;
    return year > 0 ? text : arena_format(&j->arena, "%.*s (BC)", (int)text.len, text.at);
}

static void judge_event_time(Judge *j, const Node *node, int64_t us) {
    int64_t latest, now = j->in->message_us > j->in->ingested_us ? j->in->message_us : j->in->ingested_us;
    const Test *failed = failed_by_number(j, node, us);
    const JudgeLimitInfo *ahead = &judge_limits[LIMIT_AHEAD];
    const char *unit = epoch_of_another_unit(j, node, us);
    if (unit != NULL) add_unit_drift(j, unit, node->name, time_text(j, us));
    if (failed != NULL)
        violate(j, failed->rule, node->name, time_text(j, us), static_text(failed->reason));
    else if (us < CLOCK_FIRST_US || us > CLOCK_LAST_US)
        violate(j, "impossible_time", node->name, time_text(j, us), static_text("must be in the years 0001 to 9999"));
    else if (!__builtin_add_overflow(now, ahead->most, &latest) && us > latest)
        violate(j, ahead->rule, node->name, time_text(j, us), static_text(ahead->reason));
}

static void judge_quality(Judge *j, const Node *node, int32_t quality) {
    const Test *failed = failed_by_number(j, node, quality);
    if (failed != NULL) violate(j, failed->rule, node->name, arena_format(&j->arena, "%d", quality), static_text(failed->reason));
}

/* ---- the fields beside them ---- */

/* The object of the fields that have no column, and those of it that have one which they did not fit. */
typedef struct Extra {
    yyjson_val *root; /* NULL: none */
    JudgeLimit broken;
    Member entity, quality; /* value is NULL: not there */
} Extra;

static bool is_named(const Node *node, yyjson_val *key) {
    return node->name.at != NULL && yyjson_get_len(key) == node->name.len &&
           memcmp(yyjson_get_str(key), node->name.at, node->name.len) == 0;
}

/* The format of the message has it. */
static bool is_beside(const Contract *c, yyjson_val *key) {
    for (const char *const *name = c->beside; name != NULL && *name != NULL; name++)
        if (yyjson_equals_str(key, *name)) return true;
    return false;
}

static void read_extra(Judge *j, const ContractProgram *c, Extra *ret) {
    const JudgeInput *in = j->in;
    Member m;
    *ret = (Extra){.broken = JUDGE_LIMITS};
    if (in->extra.at == NULL) return;
    ret->root = limits_parse(j, in->extra, in->extra_bytes, &ret->broken);
    if (!yyjson_is_obj(ret->root)) return;
    for (MemberIter i = members_of(&j->message, ret->root, j->message.text); members_next(&i, &m);) {
        if (in->entity_id.at == NULL && is_named(&c->entity, m.key))
            ret->entity = m;
        else if (!in->has_quality && is_named(&c->quality, m.key))
            ret->quality = m;
        else if (!is_beside(c->contract, m.key))
            add_drift(j, "unknown_envelope_field", shown(message_string(&j->message, m.key, &j->arena)), place_text(&m.place));
    }
}

static void judge_extra(Judge *j, const Extra *extra) {
    if (extra->broken != JUDGE_LIMITS) limits_report(j, extra->broken, "extra_fields", j->in->extra);
    if (yyjson_is_obj(extra->root)) keys_judge(j, extra->root);
}

/* ---- all of them ---- */

static void missing(Judge *j, const char *rule, const char *field) {
    violate(j, rule, static_text(field), (Span){0}, static_text("is missing"));
}

/* A field whose column has no value: what was sent instead, if anything was. True: it is a value all the same. */
static bool judge_instead(Judge *j, const Node *node, const Member *m) {
    size_t before = j->violation_count;
    Path path = {NULL, node->name, 0};
    if (node->name.at == NULL) return false;
    if (m->value == NULL || yyjson_is_null(m->value)) {
        if (node->required) missing(j, node->required_rule, node->name.at);
        return false;
    }
    scalar_judge(j, node, m->value, &m->place, &path);
    return j->violation_count == before;
}

static void judge_text_column(Judge *j, const char *field, Span id) {
    if (id.at != NULL)
        judge_id(j, field, id);
    else
        missing(j, "required", field);
}

void envelope_judge(Judge *j, const ContractProgram *c, JudgeVerdict *ret) {
    const JudgeInput *in = j->in;
    Extra extra;
    read_extra(j, c, &extra);
    judge_text_column(j, "id", in->id);
    judge_text_column(j, "source", in->source);
    if (in->entity_id.at != NULL && c->entity.name.at != NULL)
        judge_entity(j, &c->entity, in->entity_id);
    else if (judge_instead(j, &c->entity, &extra.entity))
        missing(j, "required", c->entity.name.at); /* a text would have had its column */
    if (in->has_time)
        judge_event_time(j, &c->timestamp, in->time_us);
    else
        missing(j, "required", c->timestamp.name.at);
    if (in->has_quality && c->quality.name.at != NULL)
        judge_quality(j, &c->quality, in->quality);
    else if (judge_instead(j, &c->quality, &extra.quality)) {
        ret->has_quality = true;
        ret->quality = (int32_t)scalar_integer(j, &c->quality, extra.quality.value);
    }
    judge_extra(j, &extra);
}

/* diff_envelope.c: where a topic's messages have what every event has. Such a change holds for messages that are read from now on: Bronze
 * keeps what it has, so it is never one that `refine --full` makes good. */
#include "base/buf.h"
#include "contract/diff_internal.h"
#include "contract/envelopes.h"
#include "contract/format.h"
#include "contract/origins.h"
#include <string.h>

static bool has_misfits(EnvelopeColumn column) {
    return column == ENVELOPE_ENTITY || column == ENVELOPE_QUALITY;
}

/* What fills the column when no contract says it (envelopes_finish). */
static const char *default_of(EnvelopeColumn column) {
    static const OriginKind kinds[] = {
        [ENVELOPE_ID] = ORIGIN_LINEAGE, [ENVELOPE_SOURCE] = ORIGIN_TOPIC, [ENVELOPE_TIME] = ORIGIN_TIMESTAMP};
    switch (column) {
    case ENVELOPE_ID:
    case ENVELOPE_SOURCE:
    case ENVELOPE_TIME: return origin_words[kinds[column]];
    default: return "";
    }
}

static void print(const TopicEnvelope *e, const Contract *c, EnvelopeColumn column, Buf *out) {
    const ColumnMapping *m = &e->columns[column];
    if (m->part_count > 0)
        mapping_print(m, out);
    else if (column == ENVELOPE_TYPE)
        buf_addf(out, "'%s'", c->event_type);
    else
        buf_add_str(out, default_of(column));
    if (m->kept) buf_add_str(out, ", which also stays in the payload");
    if (m->part_count > 0 && has_misfits(column)) buf_addf(out, " (property %s)", m->name);
}

/* `after` has the alternatives of `before`, and more behind them. */
static bool is_longer(const ColumnMapping *before, const ColumnMapping *after) {
    if (before->part_count != 1 || after->part_count != 1 || after->parts[0].count <= before->parts[0].count) return false;
    if (before->kept != after->kept || before->time_form != after->time_form) return false;
    CLEANUP(buf_done) Buf then = {0};
    CLEANUP(buf_done) Buf begin = {0};
    OriginList first = after->parts[0];
    ColumnMapping cut = *after;
    first.count = before->parts[0].count;
    cut.parts = &first;
    mapping_print(before, &then);
    mapping_print(&cut, &begin);
    return strcmp(then.data, begin.data) == 0;
}

/* Whether every message has it. */
static bool is_always_there(const TopicEnvelope *e, EnvelopeColumn column) {
    const ColumnMapping *m = &e->columns[column];
    if (m->part_count == 0) return true;
    for (size_t i = 0; i < m->part_count; i++) {
        size_t k = 0;
        while (k < m->parts[i].count && (m->parts[i].items[k].kind != ORIGIN_LINEAGE && m->parts[i].items[k].kind != ORIGIN_TOPIC &&
                                         m->parts[i].items[k].kind != ORIGIN_CONSTANT && m->parts[i].items[k].kind != ORIGIN_TIMESTAMP))
            k++;
        if (k == m->parts[i].count && !m->parts[i].optional) return false;
    }
    return true;
}

static const char *effect_of(const Diff *d, const TopicEnvelope *before, const TopicEnvelope *after, EnvelopeColumn column) {
    const Field *field = column == ENVELOPE_ENTITY ? &d->after->entity : &d->after->quality;
    if (is_longer(&before->columns[column], &after->columns[column])) return diff_loosens;
    if (has_misfits(column) && before->columns[column].part_count == 0) return field->required ? diff_tightens : diff_adds;
    if (has_misfits(column)) return after->columns[column].part_count > 0 && field->required ? diff_tightens : diff_rebuild;
    return column != ENVELOPE_TYPE && is_always_there(after, column) ? diff_rebuild : diff_tightens;
}

static void compare_column(const Diff *d, const TopicEnvelope *before, const TopicEnvelope *after, EnvelopeColumn column) {
    static const char *const what[ENVELOPE_COLUMNS] = {[ENVELOPE_ID] = "; copies of events that are there are new events"};
    CLEANUP(buf_done) Buf then = {0};
    CLEANUP(buf_done) Buf now = {0};
    print(before, d->before, column, &then);
    print(after, d->after, column, &now);
    buf_add(&then, "", 0);
    buf_add(&now, "", 0);
    if (strcmp(then.data, now.data) == 0) return;
    diff_add(d, effect_of(d, before, after, column), envelope_column_names[column],
             "is from %s, and was from %s, in messages of %s that are read from now on%s", now.len > 0 ? now.data : "nothing",
             then.len > 0 ? then.data : "nothing", after->topic != NULL ? after->topic : "any topic",
             what[column] != NULL ? what[column] : "");
}

static const char *format_of(const TopicEnvelope *e) {
    return e->format_line > 0 ? message_format_names[e->format] : "as the setting kafka.format says";
}

void diff_envelope(const Diff *d, const TopicEnvelope *before, const TopicEnvelope *after) {
    for (EnvelopeColumn c = 0; c < ENVELOPE_COLUMNS; c++) compare_column(d, before, after, c);
    if (strcmp(format_of(before), format_of(after)) != 0)
        diff_add(d, diff_tightens, "", "its messages are %s, and were %s", format_of(after), format_of(before));
    if ((before->ignored == NULL) != (after->ignored == NULL))
        diff_add(d, diff_loosens, "", after->ignored != NULL ? "%s of a message is not kept" : "%s of a message is kept",
                 after->ignored != NULL ? after->ignored : before->ignored);
}

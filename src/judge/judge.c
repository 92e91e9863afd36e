/* judge.c: see judge.h. One event: its contract, its envelope, its payload. */
#include "judge/envelope.h"
#include "judge/limits.h"
#include "judge/values.h"

#include "base/memory.h"
#include <string.h>

Judge *judge_new(const JudgeProgram *p) {
    Judge *j = xcalloc(1, sizeof *j);
    j->program = p;
    j->patterns = pattern_scratch_new();
    j->slots = xcalloc(p->slots + 1, sizeof *j->slots);
    j->violations = xcalloc(JUDGE_FINDINGS_MAX, sizeof *j->violations);
    j->drift = xcalloc(JUDGE_FINDINGS_MAX, sizeof *j->drift);
    j->noted = xcalloc(p->measure_count + 1, sizeof *j->noted);
    j->counts = xcalloc(p->measure_count + 1, sizeof *j->counts);
    return j;
}

void judge_free(Judge *j) {
    arena_done(&j->arena);
    message_done(&j->message);
    pattern_scratch_free(j->patterns);
    free(j->slots);
    free(j->keys);
    free(j->violations);
    free(j->drift);
    free(j->noted);
    free(j->counts);
    free(j);
}

void judge_begin(Judge *j, const JudgeVector *columns) {
    j->columns = columns;
    arena_clear(&j->arena);
    for (size_t i = 0; i < j->program->column_count; i++) memset(columns[i].valid, 0, JUDGE_ROWS / 8);
}

/* ---- one event ---- */

static bool is_same(Span a, Span b) {
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* Of the contracts of an event type the one of its topic, or the one of any topic. The only one there is holds wherever its events come
 * from: also from a file. */
static const ContractProgram *choose_by_topic(const ContractProgram *first, Span topic) {
    const ContractProgram *any = NULL;
    if (first->other_topic == NULL) return first;
    for (const ContractProgram *c = first; c != NULL; c = c->other_topic) {
        if (c->topic.at == NULL)
            any = c;
        else if (topic.at != NULL && is_same(c->topic, topic))
            return c;
    }
    return any;
}

static const ContractProgram *find_contract(Judge *j, const JudgeInput *in) {
    if (in->type.at == NULL) return NULL;
    if (j->last == NULL || !is_same(j->last->type, in->type)) {
        size_t found = names_find(&j->program->types, in->type.at, in->type.len);
        if (found == NAME_UNKNOWN) return NULL;
        j->last = j->program->type_contracts[found];
    }
    return choose_by_topic(j->last, in->topic);
}

static void judge_payload(Judge *j, const ContractProgram *c) {
    const JudgeInput *in = j->in;
    JudgeLimit broken;
    if (in->payload.at == NULL) {
        violate(j, "required", static_text("payload"), (Span){0}, static_text("is missing"));
        return;
    }
    yyjson_val *root = limits_parse(j, in->payload, in->payload_bytes, &broken);
    if (broken != JUDGE_LIMITS)
        limits_report(j, broken, "payload", in->payload);
    else if (!yyjson_is_obj(root))
        violate(j, "type", static_text("payload"), in->payload, static_text("must be a JSON object"));
    else if (c->payload.count == 0) /* the contract says nothing of it */
        repeated_judge(j, root);
    else
        members_judge(j, &c->payload, root, j->message.text, NULL);
}

/* What was stored before the first violation was found, or before the event was withdrawn: an event stores only what it has. */
static void clear_row(const Judge *j, const ContractProgram *c) {
    uint64_t bit = UINT64_C(1) << (j->row % 64);
    for (size_t i = 0; i < c->payload.count; i++) j->columns[c->payload.nodes[i].column].valid[j->row / 64] &= ~bit;
}

static Span why_unknown(const Judge *j, const JudgeInput *in) {
    bool known = in->type.at != NULL && names_find(&j->program->types, in->type.at, in->type.len) != NAME_UNKNOWN;
    return known ? static_text("the contracts of this event type are of other topics") : static_text("no contract has this event type");
}

bool judge_event(Judge *j, const JudgeInput *in, size_t row, JudgeVerdict *ret) {
    const ContractProgram *c = find_contract(j, in);
    BUG_IF(row >= JUDGE_ROWS);
    j->in = in;
    j->row = row;
    j->violation_count = j->drift_count = j->noted_count = 0;
    j->judged = c;
    *ret = (JudgeVerdict){.violations = j->violations, .drift = j->drift, .has_quality = in->has_quality, .quality = in->quality};
    if (c == NULL)
        violate(j, "unknown_type", static_text("type"), in->type, why_unknown(j, in));
    else {
        envelope_judge(j, c, ret);
        judge_payload(j, c);
        if (j->violation_count > 0) clear_row(j, c);
    }
    ret->violation_count = j->violation_count;
    ret->drift_count = j->drift_count;
    return j->violation_count == 0;
}

void judge_withdraw(Judge *j) {
    clear_row(j, j->judged);
}

/* ---- measures ---- */

void judge_count(Judge *j) {
    if (j->judged->contract->measure_count == 0) return;
    JudgeCount *counts = j->counts + j->judged->first_measure;
    for (size_t i = 0; i < j->judged->contract->measure_count; i++) counts[i].rows++;
    for (size_t i = 0; i < j->noted_count; i++) j->counts[j->noted[i]].failed++;
}

const JudgeCount *judge_counts(const Judge *j) {
    return j->counts;
}

void judge_clear_counts(Judge *j) {
    memset(j->counts, 0, j->program->measure_count * sizeof *j->counts);
}

/* rollup_pack.c: a record as bytes, which model_days keeps in one column: dozens of columns, most of them 0 or empty, take DuckDB five
 * times as long to write.
 *
 *   mask     a bit for each measure, in the order of the plan, rounded up to whole bytes: it has a value that is not the usual one (0 of a
 *            sum, none of the others)
 *   values   of each of those: a number; of a last one its time, then 0 when source and id are those of the last one before it, or the
 *            length of the source + 1, the source, the length of the id, the id; then its value, a number or a length and a text
 *
 * A number is a varint of 7 bits a byte, the sign in the lowest bit. A time counts from the beginning of the day of the record.
 *
 * Invariant: bytes that were not written here, or only in part, are refused. */
#include "churn/rollup_internal.h"

#include <string.h>

enum { VARINT_MAX = 10 };

/* ---- writing ---- */

static char *put_number(char *at, uint64_t v) {
    for (; v >= 0x80; v >>= 7) *at++ = (char)(v | 0x80);
    *at++ = (char)v;
    return at;
}

static char *put_signed(char *at, int64_t v) {
    return put_number(at, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

static Span span_of(const RollupText *t) {
    return (Span){t->bytes, t->len};
}

static char *put_text(char *at, Span t, size_t more) {
    at = put_number(at, t.len + more);
    memcpy(at, t.at, t.len);
    return at + t.len;
}

/* Times wrap around: what is subtracted is added again. */
static int64_t shifted(int64_t time, int64_t by) {
    return (int64_t)((uint64_t)time + (uint64_t)by);
}

static int64_t begin_of(int64_t day) {
    return day * 86400 * INT64_C(1000000);
}

static size_t room_of(const RollupPlan *plan, const RollupRecord *r) {
    size_t room = sizeof(uint64_t) + plan->words * VARINT_MAX;
    for (size_t i = 0; i < plan->count; i++) {
        const RollupMeasure *m = &plan->measures[i];
        if (m->kind != ROLLUP_LAST || !rollup_has(r, i)) continue;
        const RollupLast *last = rollup_last_of(r, m);
        room += last->source->len + rollup_span(&last->id).len + (m->text ? last->value.text->len : 0) + VARINT_MAX;
    }
    return room;
}

static bool is_same_event(const RollupLast *a, const RollupLast *b) {
    return a != NULL && a->at == b->at && a->source == b->source && rollup_is_same(&a->id, &b->id);
}

static char *put_last(char *at, const RollupMeasure *m, const RollupLast *last, const RollupLast *before, int64_t begin) {
    at = put_signed(at, shifted(last->at, -begin));
    if (is_same_event(before, last)) {
        at = put_number(at, 0);
    } else {
        at = put_text(at, span_of(last->source), 1);
        at = put_text(at, rollup_span(&last->id), 0);
    }
    return m->text ? put_text(at, span_of(last->value.text), 0) : put_signed(at, last->value.number);
}

void rollup_pack(const RollupPlan *plan, const RollupRecord *r, Buf *ret) {
    const RollupLast *before = NULL;
    uint64_t mask = 0;
    size_t mask_bytes = (plan->count + 7) / 8;
    buf_clear(ret);
    char *start = buf_reserve(ret, room_of(plan, r)), *at = start + mask_bytes;
    for (size_t i = 0; i < plan->count; i++) {
        const RollupMeasure *m = &plan->measures[i];
        int64_t word = r->words[m->word];
        if (m->kind == ROLLUP_SUM ? word == 0 : !rollup_has(r, i)) continue;
        mask |= UINT64_C(1) << i;
        if (m->kind == ROLLUP_LAST) {
            at = put_last(at, m, rollup_last_of(r, m), before, begin_of(r->day));
            before = rollup_last_of(r, m);
        } else {
            at = put_signed(at, shifted(word, m->time ? -begin_of(r->day) : 0));
        }
    }
    for (size_t i = 0; i < mask_bytes; i++) start[i] = (char)(mask >> (8 * i));
    ret->len = (size_t)(at - start);
}

/* ---- reading ---- */

typedef struct Bytes {
    const unsigned char *at, *end;
    bool bad; /* there were too few */
} Bytes;

static uint64_t get_number(Bytes *b) {
    uint64_t v = 0;
    if (b->at < b->end && *b->at < 0x80) return *b->at++; /* most are small */
    for (unsigned shift = 0; b->at < b->end && shift < 64; shift += 7) {
        unsigned char byte = *b->at++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return v;
    }
    b->bad = true;
    return 0;
}

static int64_t get_signed(Bytes *b) {
    uint64_t v = get_number(b);
    return (int64_t)(v >> 1 ^ -(v & 1));
}

static Span get_text(Bytes *b, uint64_t len) {
    if (len > (uint64_t)(b->end - b->at)) {
        b->bad = true;
        return (Span){"", 0};
    }
    Span text = {(const char *)b->at, (size_t)len};
    b->at += len;
    return text;
}

static void get_last(Bytes *b, const RollupMeasure *m, const RollupSeen *before, int64_t begin, RollupSeen *ret) {
    ret->at = shifted(get_signed(b), begin);
    uint64_t source = get_number(b);
    if (source == 0 && before == NULL) b->bad = true;
    ret->source = source > 0 ? get_text(b, source - 1) : before != NULL ? before->source : (Span){"", 0};
    ret->id = source > 0 ? get_text(b, get_number(b)) : before != NULL ? before->id : (Span){"", 0};
    if (m->text)
        ret->text = get_text(b, get_number(b));
    else
        ret->number = get_signed(b);
}

bool rollup_unpack(const RollupPlan *plan, Span bytes, int64_t day, RollupUnpacked *ret) {
    const RollupSeen *before = NULL;
    Bytes b = {.at = (const unsigned char *)bytes.at, .end = (const unsigned char *)bytes.at + bytes.len};
    size_t mask_bytes = (plan->count + 7) / 8;
    ret->present = 0;
    if (bytes.len < mask_bytes) return false;
    for (size_t i = 0; i < mask_bytes; i++) ret->present |= (uint64_t)*b.at++ << (8 * i);
    if (plan->count < ROLLUP_MEASURES && ret->present >> plan->count != 0) return false;
    for (uint64_t left = ret->present; left != 0; left &= left - 1) {
        size_t i = (size_t)__builtin_ctzll(left);
        if ((plan->plain >> i & 1) != 0) {
            ret->numbers[i] = get_signed(&b);
            continue;
        }
        const RollupMeasure *m = &plan->measures[i];
        if (m->kind == ROLLUP_LAST) {
            get_last(&b, m, before, begin_of(day), &ret->lasts[i]);
            before = &ret->lasts[i];
        } else {
            ret->numbers[i] = shifted(get_signed(&b), m->time ? begin_of(day) : 0);
        }
    }
    return !b.bad && b.at == b.end;
}

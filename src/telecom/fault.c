/* fault.c: the table of faults: how often each is drawn, and what it does.
 *
 * Invariant: a fault of one kind makes exactly that trouble, so a report by kind is also what a reader of the stream must find. */
#include "telecom/fault_internal.h"

#include "base/error.h"
#include "telecom/digits.h"

#define LOW_QUALITY_BELOW 45
#define LATE_MIN_S        60
#define LATE_MAX_S        (90 * SECONDS_PER_DAY)
#define LATE_DOUBLINGS    17 /* 60 s doubled so often is a little above 90 days */

#define PICK(table, random) ((table)[random_below((random), ARRAY_LEN(table))])

/* ---- on the event ---- */

static TelecomField *any_payload_field(Event *event, Random *random) {
    return &event->payload[random_below(random, (uint32_t)event->payload_count)];
}

static TelecomField *any_payload_field_of(Event *event, FieldType type, Random *random) {
    TelecomField *fields[PAYLOAD_MAX];
    uint32_t n = 0;
    for (int i = 0; i < event->payload_count; i++)
        if (event->payload[i].type == type) fields[n++] = &event->payload[i];
    BUG_IF(n == 0); /* each payload has an integer and a text */
    return fields[random_below(random, n)];
}

/* Each doubling of the delay is as likely as the others: most are late by hours, some by months. */
static void spoil_late(Event *event, Random *random) {
    int64_t delay_s = (int64_t)LATE_MIN_S << random_below(random, LATE_DOUBLINGS);
    int64_t delay_us = delay_s * 1000000 + (int64_t)(random_next(random) % (uint64_t)(delay_s * 1000000));
    const int64_t most_us = INT64_C(1000000) * LATE_MAX_S;
    event_set_time(event, event->at_us - (delay_us < most_us ? delay_us : most_us));
}

static void spoil_quality(Event *event, Random *random) {
    TelecomField *field = &event->envelope[ENVELOPE_QUALITY];
    field->len = (uint8_t)(put_int(field->text, random_between(random, 0, LOW_QUALITY_BELOW - 1)) - field->text);
}

static void spoil_no_subscriber(Event *event, Random *random) {
    (void)random;
    event->envelope[ENVELOPE_SUBSCRIBER].absent = true;
}

static void spoil_no_timestamp(Event *event, Random *random) {
    (void)random;
    event->envelope[ENVELOPE_TIMESTAMP].absent = true;
}

static void spoil_no_field(Event *event, Random *random) {
    any_payload_field(event, random)->absent = true;
}

static void spoil_null(Event *event, Random *random) {
    TelecomField *fields[] = {&event->envelope[ENVELOPE_SUBSCRIBER], &event->envelope[ENVELOPE_TIMESTAMP], any_payload_field(event, random),
                              any_payload_field(event, random)};
    field_set(PICK(fields, random), "null");
}

static void spoil_type(Event *event, Random *random) {
    static const char *const wrong[] = {"\"abc\"", "\"\"", "12.7", "true", "99999999999", "[1]", "{}", "\"12.7\"", "-1e40"};
    field_set(any_payload_field_of(event, FIELD_INTEGER, random), PICK(wrong, random));
}

static void spoil_envelope(Event *event, Random *random) {
    static const struct {
        int field; /* ENVELOPE_MAX: the payload as a whole */
        const char *json;
    } wrong[] = {
        {ENVELOPE_TIMESTAMP, "\"yesterday\""},
        {ENVELOPE_TIMESTAMP, "1795485525"},
        {ENVELOPE_TIMESTAMP, "\"2026-13-45T99:00:00\""},
        {ENVELOPE_QUALITY, "\"high\""},
        {ENVELOPE_QUALITY, "87.5"},
        {ENVELOPE_QUALITY, "1000"},
        {ENVELOPE_SUBSCRIBER, "\"\""},
        {ENVELOPE_ID, "\"\""},
        {ENVELOPE_MAX, "null"},
        {ENVELOPE_MAX, "\"plan=Prepaid Plus;days_overdue=3\""},
        {ENVELOPE_MAX, "[]"},
    };
    size_t i = random_below(random, ARRAY_LEN(wrong));
    if (wrong[i].field == ENVELOPE_MAX)
        event->payload_instead = wrong[i].json;
    else
        field_set(&event->envelope[wrong[i].field], wrong[i].json);
}

static void spoil_number_as_text(Event *event, Random *random) {
    TelecomField *field = any_payload_field_of(event, FIELD_INTEGER, random);
    BUG_IF(field->len + 2 > FIELD_TEXT_SIZE);
    memmove(field->text + 1, field->text, field->len);
    field->text[0] = field->text[field->len + 1] = '"';
    field->len = (uint8_t)(field->len + 2);
}

static void spoil_unknown_type(Event *event, Random *random) {
    static const char *const types[] = {"\"CDR\"", "\"bss\"", "\"\"", "\"ROAMING\"", "\"OSS2\""};
    field_set(&event->envelope[ENVELOPE_TYPE], PICK(types, random));
}

static void spoil_extra(Event *event, Random *random) {
    static const struct {
        const char *name, *json;
    } extra[] = {{"\"schema_version\":", "2"}, {"\"trace\":", "{\"span\":\"0af7651916cd43dd\"}"}, {"\"region\":", "\"Copperbelt\""}};
    size_t i = random_below(random, ARRAY_LEN(extra));
    TelecomField *field = &event->envelope[ENVELOPE_EXTRA];
    field->name = extra[i].name;
    field->absent = false;
    field_set(field, extra[i].json);
}

/* ---- on the text ---- */

static size_t garble_not_object(char *text, size_t len, Random *random) {
    static const char *const values[] = {"[]", "42", "null", "\"BSS\"", "true", "[{\"id\":\"00000000\"}]"};
    (void)len;
    return (size_t)(put_text(text, PICK(values, random)) - text);
}

static size_t garble_cut(char *text, size_t len, Random *random) {
    (void)text;
    return 1 + random_below(random, (uint32_t)len - 1);
}

static size_t garble_plain(char *text, size_t len, Random *random) {
    static const char *const values[] = {"connection reset by peer", "<event type=\"BSS\"/>", "id,type,source,subscriber_id", "NaN",
                                         "{'id': 1}"};
    (void)len;
    return (size_t)(put_text(text, PICK(values, random)) - text);
}

/* A byte that no UTF-8 text has, inside the subscriber id: the braces and quotes still match. */
static size_t garble_utf8(char *text, size_t len, Random *random) {
    (void)random;
    char *id = memmem(text, len, "subscriber_id\":\"", 16);
    if (id != NULL) id[17] = (char)0xff;
    return len;
}

static size_t garble_not_json(char *text, size_t len, Random *random) {
    static size_t (*const ways[])(char *, size_t, Random *) = {garble_cut, garble_plain, garble_utf8};
    return PICK(ways, random)(text, len, random);
}

static size_t garble_empty(char *text, size_t len, Random *random) {
    (void)text, (void)len, (void)random;
    return 0;
}

/* ---- the table ---- */

static const struct {
    const char *name;
    int weight; /* relative to the others */
    void (*spoil)(Event *event, Random *random);
    size_t (*garble)(char *text, size_t len, Random *random);
} faults[FAULT_KINDS] = {
    [FAULT_REDELIVERY] = {"redelivery", 20, NULL, NULL},
    [FAULT_REUSED_ID] = {"reused_id", 6, NULL, NULL},
    [FAULT_LATE] = {"late", 14, spoil_late, NULL},
    [FAULT_LOW_QUALITY] = {"low_quality", 14, spoil_quality, NULL},
    [FAULT_NO_SUBSCRIBER] = {"no_subscriber", 5, spoil_no_subscriber, NULL},
    [FAULT_NO_TIMESTAMP] = {"no_timestamp", 4, spoil_no_timestamp, NULL},
    [FAULT_NO_FIELD] = {"no_field", 5, spoil_no_field, NULL},
    [FAULT_NULL_FIELD] = {"null_field", 5, spoil_null, NULL},
    [FAULT_WRONG_TYPE] = {"wrong_type", 8, spoil_type, NULL},
    [FAULT_WRONG_ENVELOPE] = {"wrong_envelope", 4, spoil_envelope, NULL},
    [FAULT_NUMBER_AS_TEXT] = {"number_as_text", 4, spoil_number_as_text, NULL},
    [FAULT_UNKNOWN_TYPE] = {"unknown_type", 3, spoil_unknown_type, NULL},
    [FAULT_EXTRA_FIELD] = {"extra_field", 5, spoil_extra, NULL},
    [FAULT_NOT_OBJECT] = {"not_object", 2, NULL, garble_not_object},
    [FAULT_NOT_JSON] = {"not_json", 4, NULL, garble_not_json},
    [FAULT_EMPTY] = {"empty", 2, NULL, garble_empty},
    [FAULT_TOMBSTONE] = {"tombstone", 2, NULL, garble_empty},
};

const char *fault_name(FaultKind kind) {
    BUG_IF(kind < 0 || kind >= FAULT_KINDS);
    return faults[kind].name;
}

FaultKind fault_draw(Random *random) {
    int all = 0, kind = 0;
    for (int i = 0; i < FAULT_KINDS; i++) all += faults[i].weight;
    int left = (int)random_below(random, (uint32_t)all);
    while ((left -= faults[kind].weight) >= 0) kind++;
    return (FaultKind)kind;
}

void fault_spoil(FaultKind kind, Event *event, Random *random) {
    if (kind != FAULT_NONE && faults[kind].spoil != NULL) faults[kind].spoil(event, random);
}

size_t fault_garble(FaultKind kind, char *text, size_t len, Random *random) {
    if (kind == FAULT_NONE || faults[kind].garble == NULL) return len;
    return faults[kind].garble(text, len, random);
}

/* fault.c: the table of faults: how often each is drawn, and how it changes the event or its text.
 *
 * Invariant: a message has the fault that was drawn for it and no other, so the counts by kind are what a reader of the stream must
 * find. */
#include "telecom/fault_internal.h"

#include "base/error.h"
#include "telecom/digits.h"

#define LOW_QUALITY_BELOW 45
#define LATE_MIN_S        60
#define LATE_MAX_S        (90 * SECONDS_PER_DAY)
#define LATE_DOUBLINGS    17 /* 60 s doubled 17 times is a little above 90 days */

#define PICK(table, random) ((table)[random_below((random), ARRAY_LEN(table))])

/* ---- faults of the event ---- */

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

/* Each power of two is equally likely as the delay: most events are late by hours, some by months. */
static void make_late(Event *event, Random *random) {
    int64_t delay_s = (int64_t)LATE_MIN_S << random_below(random, LATE_DOUBLINGS);
    int64_t delay_us = delay_s * 1000000 + (int64_t)(random_next(random) % (uint64_t)(delay_s * 1000000));
    const int64_t most_us = INT64_C(1000000) * LATE_MAX_S;
    event_set_time(event, event->at_us - (delay_us < most_us ? delay_us : most_us));
}

static void make_low_quality(Event *event, Random *random) {
    TelecomField *field = &event->envelope[ENVELOPE_QUALITY];
    field->len = (uint8_t)(put_int(field->text, random_between(random, 0, LOW_QUALITY_BELOW - 1)) - field->text);
}

static void remove_subscriber(Event *event, Random *random) {
    (void)random;
    event->envelope[ENVELOPE_SUBSCRIBER].absent = true;
}

static void remove_timestamp(Event *event, Random *random) {
    (void)random;
    event->envelope[ENVELOPE_TIMESTAMP].absent = true;
}

static void remove_field(Event *event, Random *random) {
    any_payload_field(event, random)->absent = true;
}

static void set_null(Event *event, Random *random) {
    TelecomField *fields[] = {&event->envelope[ENVELOPE_SUBSCRIBER], &event->envelope[ENVELOPE_TIMESTAMP], any_payload_field(event, random),
                              any_payload_field(event, random)};
    field_set(PICK(fields, random), "null");
}

static void set_wrong_type(Event *event, Random *random) {
    static const char *const wrong[] = {"\"abc\"", "\"\"", "12.7", "true", "99999999999", "[1]", "{}", "\"12.7\"", "-1e40"};
    field_set(any_payload_field_of(event, FIELD_INTEGER, random), PICK(wrong, random));
}

static void set_wrong_envelope(Event *event, Random *random) {
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

static void quote_number(Event *event, Random *random) {
    TelecomField *field = any_payload_field_of(event, FIELD_INTEGER, random);
    BUG_IF(field->len + 2 > FIELD_TEXT_SIZE);
    memmove(field->text + 1, field->text, field->len);
    field->text[0] = field->text[field->len + 1] = '"';
    field->len = (uint8_t)(field->len + 2);
}

static void set_unknown_type(Event *event, Random *random) {
    static const char *const types[] = {"\"CDR\"", "\"bss\"", "\"\"", "\"ROAMING\"", "\"OSS2\""};
    field_set(&event->envelope[ENVELOPE_TYPE], PICK(types, random));
}

static void add_extra_field(Event *event, Random *random) {
    static const struct {
        const char *name, *json;
    } extra[] = {{"\"schema_version\":", "2"}, {"\"trace\":", "{\"span\":\"0af7651916cd43dd\"}"}, {"\"region\":", "\"Copperbelt\""}};
    size_t i = random_below(random, ARRAY_LEN(extra));
    TelecomField *field = &event->envelope[ENVELOPE_EXTRA];
    field->name = extra[i].name;
    field->absent = false;
    field_set(field, extra[i].json);
}

/* ---- faults of the text ---- */

static size_t replace_by_non_object(char *text, size_t len, Random *random) {
    static const char *const values[] = {"[]", "42", "null", "\"BSS\"", "true", "[{\"id\":\"00000000\"}]"};
    (void)len;
    return (size_t)(put_text(text, PICK(values, random)) - text);
}

static size_t cut_off(char *text, size_t len, Random *random) {
    (void)text;
    return 1 + random_below(random, (uint32_t)len - 1);
}

static size_t replace_by_plain_text(char *text, size_t len, Random *random) {
    static const char *const values[] = {"connection reset by peer", "<event type=\"BSS\"/>", "id,type,source,subscriber_id", "NaN",
                                         "{'id': 1}"};
    (void)len;
    return (size_t)(put_text(text, PICK(values, random)) - text);
}

/* Puts a byte that is never valid in UTF-8 into the subscriber id: braces and quotes still match. */
static size_t break_utf8(char *text, size_t len, Random *random) {
    (void)random;
    char *id = memmem(text, len, "subscriber_id\":\"", 16);
    if (id != NULL) id[17] = (char)0xff;
    return len;
}

static size_t make_not_json(char *text, size_t len, Random *random) {
    static size_t (*const ways[])(char *, size_t, Random *) = {cut_off, replace_by_plain_text, break_utf8};
    return PICK(ways, random)(text, len, random);
}

static size_t make_empty(char *text, size_t len, Random *random) {
    (void)text, (void)len, (void)random;
    return 0;
}

/* ---- the table ---- */

static const struct {
    const char *name;
    int weight; /* relative to the others */
    void (*change_event)(Event *event, Random *random);
    size_t (*change_text)(char *text, size_t len, Random *random);
} faults[FAULT_KINDS] = {
    [FAULT_REDELIVERY] = {"redelivery", 20, NULL, NULL},
    [FAULT_REUSED_ID] = {"reused_id", 6, NULL, NULL},
    [FAULT_LATE] = {"late", 14, make_late, NULL},
    [FAULT_LOW_QUALITY] = {"low_quality", 14, make_low_quality, NULL},
    [FAULT_NO_SUBSCRIBER] = {"no_subscriber", 5, remove_subscriber, NULL},
    [FAULT_NO_TIMESTAMP] = {"no_timestamp", 4, remove_timestamp, NULL},
    [FAULT_NO_FIELD] = {"no_field", 5, remove_field, NULL},
    [FAULT_NULL_FIELD] = {"null_field", 5, set_null, NULL},
    [FAULT_WRONG_TYPE] = {"wrong_type", 8, set_wrong_type, NULL},
    [FAULT_WRONG_ENVELOPE] = {"wrong_envelope", 4, set_wrong_envelope, NULL},
    [FAULT_NUMBER_AS_TEXT] = {"number_as_text", 4, quote_number, NULL},
    [FAULT_UNKNOWN_TYPE] = {"unknown_type", 3, set_unknown_type, NULL},
    [FAULT_EXTRA_FIELD] = {"extra_field", 5, add_extra_field, NULL},
    [FAULT_NOT_OBJECT] = {"not_object", 2, NULL, replace_by_non_object},
    [FAULT_NOT_JSON] = {"not_json", 4, NULL, make_not_json},
    [FAULT_EMPTY] = {"empty", 2, NULL, make_empty},
    [FAULT_TOMBSTONE] = {"tombstone", 2, NULL, make_empty},
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

void fault_change_event(FaultKind kind, Event *event, Random *random) {
    if (kind != FAULT_NONE && faults[kind].change_event != NULL) faults[kind].change_event(event, random);
}

size_t fault_change_text(FaultKind kind, char *text, size_t len, Random *random) {
    if (kind == FAULT_NONE || faults[kind].change_text == NULL) return len;
    return faults[kind].change_text(text, len, random);
}

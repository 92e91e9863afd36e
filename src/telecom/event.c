/* event.c: fills the fields of an event, and writes them as one line of compact JSON.
 *
 * Each field holds its value as JSON text, so that a fault can change any field and the same code writes all events. The timestamp has the
 * format of Python's isoformat() in UTC, as the existing source systems write it.
 *
 * Invariant: an event without a fault is valid JSON and fulfils its contract, for every seed. */
#include "telecom/internal.h"

#include "base/error.h"
#include "telecom/digits.h"

#define LOWER_CASE_SHARE 20 /* of the subscriber ids, in thousandths: some systems write them so */
#define QUALITY_FROM     55
#define QUALITY_TO       100

static const struct {
    const char *type, *source; /* as JSON */
} systems[] = {
    [EVENT_BSS] = {"\"BSS\"", "\"ZM_CRM\""},
    [EVENT_OSS] = {"\"OSS\"", "\"ZM_NMS\""},
    [EVENT_IOT] = {"\"IoT\"", "\"ZM_IOT\""},
};

/* ---- values ---- */

static void field_end(TelecomField *field, const char *end) {
    BUG_IF(end - field->text > FIELD_TEXT_SIZE);
    field->len = (uint8_t)(end - field->text);
}

void field_set(TelecomField *field, const char *json) {
    size_t n = strlen(json);
    BUG_IF(n > FIELD_TEXT_SIZE);
    memcpy(field->text, json, n);
    field->len = (uint8_t)n;
}

static void field_quoted(TelecomField *field, const char *text) {
    char *out = put_text(put_text(field->text, "\""), text);
    field_end(field, put_text(out, "\""));
}

static void field_int(TelecomField *field, int value) {
    field_end(field, put_int(field->text, value));
}

static void field_hundredths(TelecomField *field, int value) {
    field_end(field, put_hundredths(field->text, value));
}

static void field_tower(TelecomField *field, const Tower *tower) {
    char *out = put_text(put_text(field->text, "\""), tower->city->code);
    out = put_digits(put_text(out, "-"), (uint64_t)tower->number, 3);
    field_end(field, put_text(out, "\""));
}

/* Days since 1970 to a date; Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static char *put_date(char *out, int64_t days) {
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    uint64_t doe = (uint64_t)(days - era * 146097), yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153, month = mp < 10 ? mp + 3 : mp - 9;
    int64_t year = (int64_t)yoe + era * 400 + (month <= 2);
    out = put_digits(out, (uint64_t)year, 4);
    *out++ = '-';
    out = put_digits(out, month, 2);
    *out++ = '-';
    return put_digits(out, doy - (153 * mp + 2) / 5 + 1, 2);
}

static char *put_time(char *out, uint64_t us_of_day) {
    uint64_t second = us_of_day / 1000000;
    out = put_digits(out, second / 3600, 2);
    *out++ = ':';
    out = put_digits(out, second / 60 % 60, 2);
    *out++ = ':';
    out = put_digits(out, second % 60, 2);
    *out++ = '.';
    return put_digits(out, us_of_day % 1000000, 6);
}

void event_set_time(Event *event, int64_t at_us) {
    const int64_t day_us = INT64_C(1000000) * SECONDS_PER_DAY;
    TelecomField *field = &event->envelope[ENVELOPE_TIMESTAMP];
    int64_t days = at_us / day_us - (at_us % day_us < 0);
    char *out = put_text(field->text, "\"");
    out = put_date(out, days);
    *out++ = 'T';
    out = put_time(out, (uint64_t)(at_us - days * day_us));
    field_end(field, put_text(out, "+00:00\""));
    event->at_us = at_us;
}

uint32_t event_draw_id(Random *random) {
    return (uint32_t)(random_next(random) >> 32);
}

void event_set_id(Event *event, uint32_t id) {
    static const char hex[] = "0123456789abcdef";
    TelecomField *field = &event->envelope[ENVELOPE_ID];
    char *out = put_text(field->text, "\"");
    for (int shift = 28; shift >= 0; shift -= 4) *out++ = hex[id >> shift & 15];
    field_end(field, put_text(out, "\""));
}

/* ---- payloads ---- */

static TelecomField *payload_add(Event *event, const char *name, FieldType type) {
    BUG_IF(event->payload_count >= PAYLOAD_MAX);
    TelecomField *field = &event->payload[event->payload_count++];
    field->name = name;
    field->type = type;
    field->absent = false;
    return field;
}

static void fill_bss(Event *event, const Operator *op, int64_t second, Random *random) {
    const Subscriber *s = event->subscriber;
    Billing billing = billing_at(op, s, lifecycle_at(op, s, second), second, random);
    field_quoted(payload_add(event, "\"plan\":", FIELD_TEXT), billing.plan);
    field_int(payload_add(event, "\"data_used_mb\":", FIELD_INTEGER), billing.data_mb);
    field_hundredths(payload_add(event, "\"bill_amount_zmw\":", FIELD_DECIMAL), billing.bill_ngwee);
    field_quoted(payload_add(event, "\"payment_status\":", FIELD_TEXT), billing.status);
    field_int(payload_add(event, "\"days_overdue\":", FIELD_INTEGER), billing.days_overdue);
}

static void fill_oss(Event *event, const Operator *op, int64_t second, Random *random) {
    Radio radio = radio_at(op, event->subscriber, second, random);
    field_tower(payload_add(event, "\"tower_id\":", FIELD_TEXT), radio.tower);
    field_int(payload_add(event, "\"signal_dbm\":", FIELD_INTEGER), radio.signal_dbm);
    field_int(payload_add(event, "\"latency_ms\":", FIELD_INTEGER), radio.latency_ms);
    field_hundredths(payload_add(event, "\"packet_loss_pct\":", FIELD_DECIMAL), radio.loss);
}

static void fill_iot(Event *event, const Operator *op, int64_t second, Random *random) {
    DeviceReport device = device_report_at(op, event->subscriber, second, random);
    field_quoted(payload_add(event, "\"location\":", FIELD_TEXT), device.location);
    field_int(payload_add(event, "\"battery_pct\":", FIELD_INTEGER), device.battery_pct);
    field_quoted(payload_add(event, "\"connection_type\":", FIELD_TEXT), device.connection);
}

/* ---- the event ---- */

static void name_envelope(Event *event) {
    static const struct {
        const char *name;
        FieldType type;
    } names[] = {
        [ENVELOPE_ID] = {"\"id\":", FIELD_TEXT},
        [ENVELOPE_TYPE] = {"\"type\":", FIELD_TEXT},
        [ENVELOPE_SOURCE] = {"\"source\":", FIELD_TEXT},
        [ENVELOPE_SUBSCRIBER] = {"\"subscriber_id\":", FIELD_TEXT},
        [ENVELOPE_TIMESTAMP] = {"\"timestamp\":", FIELD_TEXT},
        [ENVELOPE_QUALITY] = {"\"quality_score\":", FIELD_INTEGER},
        [ENVELOPE_EXTRA] = {"", FIELD_TEXT},
    };
    for (int i = 0; i < ENVELOPE_MAX; i++) {
        event->envelope[i].name = names[i].name;
        event->envelope[i].type = names[i].type;
        event->envelope[i].absent = i == ENVELOPE_EXTRA;
    }
}

static void fill_envelope(Event *event, Random *random) {
    TelecomField *id = &event->envelope[ENVELOPE_SUBSCRIBER];
    bool lower = random_chance(random, LOWER_CASE_SHARE);
    event_set_id(event, event_draw_id(random));
    field_set(&event->envelope[ENVELOPE_TYPE], systems[event->type].type);
    field_set(&event->envelope[ENVELOPE_SOURCE], systems[event->type].source);
    field_end(id, put_text(account_write_id(event->account, lower, put_text(id->text, "\"")), "\""));
    field_int(&event->envelope[ENVELOPE_QUALITY], random_between(random, QUALITY_FROM, QUALITY_TO));
}

void event_make(Event *event, const Operator *op, const Subscriber *subscriber, EventType type, int64_t at_us, Random *random) {
    static void (*const fill[])(Event *, const Operator *, int64_t,
                                Random *) = {[EVENT_BSS] = fill_bss, [EVENT_OSS] = fill_oss, [EVENT_IOT] = fill_iot};
    event->type = type;
    event->subscriber = subscriber;
    event->account = account_in(op, subscriber, cycle_at(subscriber, at_us / 1000000).number);
    event->payload_count = 0;
    event->payload_instead = NULL;
    name_envelope(event);
    fill_envelope(event, random);
    event_set_time(event, at_us);
    fill[type](event, op, at_us / 1000000, random);
}

/* Each field but the first has a comma before it. */
static char *put_field(char *out, const TelecomField *field, bool *first) {
    if (field->absent) return out;
    if (!*first) *out++ = ',';
    *first = false;
    return put_bytes(put_text(out, field->name), field->text, field->len);
}

static char *put_payload(char *out, const Event *event) {
    bool first_inside = true;
    out = put_text(out, ",\"payload\":");
    if (event->payload_instead != NULL) return put_text(out, event->payload_instead);
    *out++ = '{';
    for (int i = 0; i < event->payload_count; i++) out = put_field(out, &event->payload[i], &first_inside);
    return put_text(out, "}");
}

size_t event_write(const Event *event, char *out) {
    char *at = put_text(out, "{");
    bool first = true;
    for (int i = 0; i <= ENVELOPE_TIMESTAMP; i++) at = put_field(at, &event->envelope[i], &first);
    at = put_payload(at, event); /* never first: the id precedes it */
    for (int i = ENVELOPE_QUALITY; i < ENVELOPE_MAX; i++) at = put_field(at, &event->envelope[i], &first);
    at = put_text(at, "}");
    BUG_IF(at - out > EVENT_MAX_SIZE);
    return (size_t)(at - out);
}

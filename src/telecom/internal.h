/* internal.h: types that the files of this module share: the population, its behaviour at a given time, and an event before it is written.
 *
 * All arithmetic is in integers: shares are in thousandths, signal in tenths of dBm, money in ngwee (1/100 kwacha). */
#pragma once
#include "telecom/operator.h"
#include "telecom/random.h"
#include <stddef.h>

#define SECONDS_PER_DAY 86400

/* ---- population (operator.c) ---- */
typedef struct Plan {
    const char *name;
    int share;      /* of the subscribers, in thousandths */
    int bill_ngwee; /* of a usual month */
    int data_mb;    /* of a usual report */
} Plan;

typedef struct City {
    const char *name, *code;
    int towers, share; /* share of the subscribers, in thousandths */
} City;

typedef struct Device {
    const char *connection, *fallback; /* network technology, and the one on a bad day */
    int share, latency_ms;
} Device;

typedef struct Tower {
    const City *city;
    int number;     /* within the city, from 1 */
    int latency_ms; /* added by this tower */
    int bad_days;   /* share of its days that are bad */
} Tower;

typedef struct Subscriber {
    const Plan *plan;
    const Device *device;
    uint32_t number;                         /* from 1; "SUB-000001" */
    uint32_t city_tower, city_towers, home;  /* its towers: first and count; home is one of them */
    int16_t tendency;                        /* to churn; hidden, influences the other values */
    int16_t activity;                        /* how often it sends events, compared to others */
    int16_t signal, latency_ms;              /* at home on a good day */
    int16_t delay_days;                      /* how late its bills are usually paid */
    int16_t due_phase;                       /* day of its 30-day billing cycle */
    int32_t bill_ngwee, data_mb;             /* usual values of this subscriber */
    int32_t cycle_days, cycle_phase;         /* length of a cycle, and the day of the cycle at the Unix epoch */
    int32_t battery_period_s, battery_range; /* seconds between charges; percent used between them */
} Subscriber;

struct Operator {
    uint64_t seed;
    int subscriber_count, tower_count;
    Subscriber *subscribers;
    Tower *towers;
};

enum { HASH_SUBSCRIBER = 1, HASH_TOWER, HASH_LIFECYCLE, HASH_INVOICE, HASH_TOWER_DAY, HASH_EVENTS };

/* "SUB-000123" (letters in lower case when asked for) without NUL; returns the end. */
char *subscriber_write_id(const Subscriber *subscriber, bool lower, char *out);

/* ---- behaviour at a moment, in seconds since 1970 (behaviour.c) ---- */
typedef struct Lifecycle {
    bool churned;            /* sends almost nothing until the next cycle */
    int64_t churned_since_s; /* if churned */
    int distress;            /* 0..1000: grows in the month before it churns */
} Lifecycle;
Lifecycle lifecycle_at(const Operator *op, const Subscriber *subscriber, int64_t second);
/* How likely the subscriber is to send the next event, compared to others: 1..1000. */
int lifecycle_activity(const Subscriber *subscriber, Lifecycle life);

typedef struct Billing {
    int data_mb, bill_ngwee, days_overdue;
    const char *status;
} Billing;
Billing billing_at(const Operator *op, const Subscriber *subscriber, Lifecycle life, int64_t second, Random *random);

typedef struct Radio {
    const Tower *tower;
    int signal_dbm, latency_ms, loss; /* loss in hundredths of a percent */
} Radio;
Radio radio_at(const Operator *op, const Subscriber *subscriber, int64_t second, Random *random);

typedef struct DeviceReport {
    const char *location, *connection;
    int battery_pct;
} DeviceReport;
DeviceReport device_report_at(const Operator *op, const Subscriber *subscriber, int64_t second, Random *random);

/* ---- one event, field by field, so that a fault can change any of them (event.c) ---- */
#define FIELD_TEXT_SIZE 48
#define EVENT_MAX_SIZE  1024 /* of the written text */
#define PAYLOAD_MAX     5

typedef enum FieldType { FIELD_TEXT, FIELD_INTEGER, FIELD_DECIMAL } FieldType;
typedef struct TelecomField {
    const char *name; /* with quotes and colon: "\"id\":" */
    FieldType type;
    bool absent;
    uint8_t len;
    char text[FIELD_TEXT_SIZE]; /* as JSON, not NUL-terminated */
} TelecomField;

typedef enum EventType { EVENT_BSS, EVENT_OSS, EVENT_IOT } EventType;
enum {
    ENVELOPE_ID,
    ENVELOPE_TYPE,
    ENVELOPE_SOURCE,
    ENVELOPE_SUBSCRIBER,
    ENVELOPE_TIMESTAMP,
    ENVELOPE_QUALITY,
    ENVELOPE_EXTRA,
    ENVELOPE_MAX
};

typedef struct Event {
    EventType type;
    int64_t at_us;
    const Subscriber *subscriber;
    TelecomField envelope[ENVELOPE_MAX];
    TelecomField payload[PAYLOAD_MAX];
    int payload_count;
    const char *payload_instead; /* JSON in place of the payload object; NULL mostly */
} Event;

/* A clean event of this subscriber at this time. */
void event_make(Event *event, const Operator *op, const Subscriber *subscriber, EventType type, int64_t at_us, Random *random);
/* Writes at most EVENT_MAX_SIZE bytes; returns the number. */
size_t event_write(const Event *event, char *out);
void event_set_id(Event *event, uint32_t id);
uint32_t event_draw_id(Random *random);
/* Sets the timestamp field and at_us; the payload does not change. */
void event_set_time(Event *event, int64_t at_us);
/* `json` is shorter than FIELD_TEXT_SIZE. */
void field_set(TelecomField *field, const char *json);

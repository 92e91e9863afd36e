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
    Behaviour behaviour;
    int subscriber_count, tower_count;
    Subscriber *subscribers;
    Tower *towers;
};

enum {
    HASH_SUBSCRIBER = 1,
    HASH_TOWER,
    HASH_LIFECYCLE,
    HASH_INVOICE,
    HASH_TOWER_DAY,
    HASH_EVENTS,
    HASH_DIP,
    HASH_SUCCESSOR,
    HASH_MARKET,
    HASH_MARKET_LEAVER,
    HASH_PLAN,
};

/* "SUB-000123" (letters in lower case when asked for) without NUL; returns the end. */
char *account_write_id(uint64_t account, bool lower, char *out);
const Plan *plan_pick(uint64_t draw);
/* The plan `step` places further in the list; the same one at its end. */
const Plan *plan_next(const Plan *plan, int step);

static inline int64_t floor_div(int64_t a, int64_t b) {
    int64_t q = a / b;
    return q - (a % b < 0);
}

/* ---- cycles, departures and signs, in seconds since 1970 (lifecycle.c) ---- */
typedef struct LifecycleRules {
    int leave_from, leave_span;     /* part of a cycle in which a departure may fall, in thousandths of its length */
    int silent;                     /* departures without a sign, of 256 */
    int distress_from, distress_to; /* days of distress before a departure */
} LifecycleRules;
extern const LifecycleRules lifecycle_rules[BEHAVIOURS];

typedef struct Cycle {
    int64_t number, from_s, until_s;
} Cycle;
Cycle cycle_at(const Subscriber *subscriber, int64_t second);

typedef enum DepartureCause { CAUSE_OWN, CAUSE_PRICE_RISE, CAUSE_CAMPAIGN, CAUSES } DepartureCause;
typedef struct Departure {
    int64_t at_s;
    int distress_days; /* distress grows over these days before it; 0: no sign */
    int activity;      /* of the SIM afterwards, 0..1000 */
    DepartureCause cause;
} Departure;
/* Whether the subscriber leaves in this cycle; if so, `ret` is set. */
bool departure_in(const Operator *op, const Subscriber *subscriber, const Cycle *cycle, Departure *ret);
/* In thousandths: how likely the subscriber is to leave in a cycle of its own accord. */
int departure_chance(const Subscriber *subscriber);
/* In millionths: how likely a dated event makes it leave. */
int departure_chance_by_market(const Operator *op, const Subscriber *subscriber, DepartureCause cause, int64_t event);
/* The number in the subscriber's id in this cycle: its own, or another one after a new subscriber took its place. */
uint64_t account_in(const Operator *op, const Subscriber *subscriber, int64_t cycle);

typedef struct Lifecycle {
    bool churned;            /* sends almost nothing until the next cycle */
    int64_t churned_since_s; /* if churned */
    int churned_activity;    /* if churned */
    int distress;            /* 0..1000: grows before it churns */
} Lifecycle;
Lifecycle lifecycle_at(const Operator *op, const Subscriber *subscriber, int64_t second);
/* How likely the subscriber is to send the next event, compared to others: 0..1000. */
int lifecycle_activity(const Subscriber *subscriber, Lifecycle life);

/* ---- dated events of the credible behaviour (market.c) ---- */
#define MARKET_DAYS     30 /* during which an event makes subscribers leave */
#define PRICE_RISE_DAYS 90 /* during which bills are higher */
/* The day, since 1970, of event `number` of this cause; the next one comes 60 to 180 days later. */
int64_t market_event_day(const Operator *op, DepartureCause cause, int64_t number);
/* The newest event of this cause that began on or before this day. */
int64_t market_event_before(const Operator *op, DepartureCause cause, int64_t day);
/* A price rise is one of one plan, a campaign one in one city: whether it is this subscriber's. */
bool market_event_covers(const Operator *op, DepartureCause cause, int64_t number, const Subscriber *subscriber);

/* ---- behaviour at a moment, in seconds since 1970 (behaviour.c) ---- */
typedef struct Billing {
    const char *plan;
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
    uint64_t account; /* the number in its id */
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

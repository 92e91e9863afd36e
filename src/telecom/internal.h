/* internal.h: what the files of this module share: the population, how it behaves at a moment, and an event before it is written.
 *
 * Everything is integer arithmetic: shares are in thousandths, signal in tenths of dBm, money in ngwee (1/100 kwacha). */
#pragma once
#include "telecom/operator.h"
#include "telecom/random.h"
#include <stddef.h>

#define SECONDS_PER_DAY 86400

/* ---- population (operator.c) ---- */
typedef struct Plan {
    const char *name;
    int share;      /* of the subscribers, in thousandths */
    int bill_ngwee; /* a usual month */
    int data_mb;    /* a usual report */
} Plan;

typedef struct City {
    const char *name, *code;
    int towers, share; /* share of the subscribers, in thousandths */
} City;

typedef struct Device {
    const char *connection, *fallback; /* what it uses, and on a bad day */
    int share, latency_ms;
} Device;

typedef struct Tower {
    const City *city;
    int number;     /* within the city, from 1 */
    int latency_ms; /* what it adds */
    int trouble;    /* share of its days that are bad */
} Tower;

typedef struct Subscriber {
    const Plan *plan;
    const Device *device;
    uint32_t number;                         /* from 1; "SUB-000001" */
    uint32_t city_tower, city_towers, home;  /* its towers: first and count; home is one of them */
    int16_t tendency;                        /* to leave: hidden, shapes the rest */
    int16_t activity;                        /* how much it is heard of */
    int16_t signal, latency_ms;              /* at home on a good day */
    int16_t delay_days;                      /* how late its bills are usually paid */
    int16_t due_phase;                       /* day of its 30-day billing cycle */
    int32_t bill_ngwee, data_mb;             /* what is usual for it */
    int32_t life_days, life_phase;           /* length of its time as a customer, and where in it the epoch was */
    int32_t battery_period_s, battery_range; /* seconds between charges; percent used between them */
} Subscriber;

struct Operator {
    uint64_t seed;
    int subscriber_count, tower_count;
    Subscriber *subscribers;
    Tower *towers;
};

enum { HASH_SUBSCRIBER = 1, HASH_TOWER, HASH_LIFE, HASH_INVOICE, HASH_TOWER_DAY, HASH_EVENTS };

/* "SUB-000123" (letters in lower case when asked for) without NUL; returns the end. */
char *subscriber_write_id(const Subscriber *subscriber, bool lower, char *out);

/* ---- behaviour at a moment, in seconds since 1970 (behaviour.c) ---- */
typedef struct Life {
    bool quiet;            /* has left */
    int64_t quiet_since_s; /* if quiet */
    int distress;          /* 0..1000: grows over the month before leaving */
} Life;
Life life_at(const Operator *op, const Subscriber *subscriber, int64_t second);
/* How likely it is that the subscriber is heard of now, compared to others: 1..1000. */
int life_activity(const Subscriber *subscriber, Life life);

typedef struct Billing {
    int data_mb, bill_ngwee, days_overdue;
    const char *status;
} Billing;
Billing billing_at(const Operator *op, const Subscriber *subscriber, Life life, int64_t second, Random *random);

typedef struct Radio {
    const Tower *tower;
    int signal_dbm, latency_ms, loss; /* loss in hundredths of a percent */
} Radio;
Radio radio_at(const Operator *op, const Subscriber *subscriber, int64_t second, Random *random);

typedef struct Thing {
    const char *location, *connection;
    int battery_pct;
} Thing;
Thing thing_at(const Operator *op, const Subscriber *subscriber, int64_t second, Random *random);

/* ---- one event, field by field, so that faults can be put into any of them (event.c) ---- */
#define FIELD_TEXT_SIZE 48
#define EVENT_MAX_SIZE  1024 /* of the written text */
#define PAYLOAD_MAX     5

typedef enum FieldType { FIELD_TEXT, FIELD_INTEGER, FIELD_DECIMAL } FieldType;
typedef struct TelecomField {
    const char *name; /* with quotes and colon: "\"id\":" */
    FieldType type;
    bool absent;
    uint8_t len;
    char text[FIELD_TEXT_SIZE]; /* as JSON, no NUL */
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
/* At most EVENT_MAX_SIZE bytes; returns how many. */
size_t event_write(const Event *event, char *out);
void event_set_id(Event *event, uint32_t id);
uint32_t event_draw_id(Random *random);
/* Also at_us; the payload stays what it was. */
void event_set_time(Event *event, int64_t at_us);
/* `json` is shorter than FIELD_TEXT_SIZE. */
void field_set(TelecomField *field, const char *json);

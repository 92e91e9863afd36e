/* behaviour.c: the state of a bill, a tower and a device at a given second, computed from the seed like the subscriber's (lifecycle.c).
 *
 * Bills are due every 30 days and are paid after a delay; days overdue are those of the oldest unpaid bill. Towers have bad days.
 *
 * Invariant: pure functions of their arguments (and of the Random, for values that differ from report to report). */
#include "telecom/internal.h"

#define INVOICE_DAYS    30
#define MAX_DELAY_DAYS  58 /* below two invoices: at most two are unpaid */
#define PENDING_DAYS    5  /* before it is due */
#define CAT_OFFSET_S    7200
#define AWAY_FROM_HOME  200 /* share of reports from another tower of the city */
#define EVENING_FROM    18
#define EVENING_TO      22
#define PLAN_SPELL_DAYS 150
#define PLAN_CHANGE     150  /* spells with another plan, in thousandths */
#define PRICE_RISE      112  /* percent of the usual bill */
#define USAGE_MEDIAN    726  /* thousandths of the usual amount: the mean of the log-normal law is then the usual amount */
#define USAGE_DEVIATION 1182 /* of the binary logarithm, in 1/1024: a deviation of 0.8 of the natural one */

static int clamp(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

/* ---- bills ---- */

/* Days between the due day of an invoice and its payment. */
static int payment_delay(const Operator *op, const Subscriber *s, Lifecycle life, int64_t invoice) {
    uint64_t h = hash_of(op->seed, HASH_INVOICE, s->number, (uint64_t)invoice);
    int delay = s->delay_days * (300 + (int)(h % 1000) * 11 / 10) / 1000;
    if ((h >> 20) % 100 < 6) delay += (int)((h >> 32) % 14); /* any subscriber is late sometimes */
    return clamp(delay + life.distress * 22 / 1000, 0, MAX_DELAY_DAYS);
}

/* The age of the oldest unpaid invoice in days, 0 when all is paid. */
static int days_overdue(const Operator *op, const Subscriber *s, Lifecycle life, int64_t invoice, int since_due) {
    int before = since_due + INVOICE_DAYS;
    if (payment_delay(op, s, life, invoice - 1) > before) return before;
    return payment_delay(op, s, life, invoice) > since_due ? since_due : 0;
}

static int bill_of(const Operator *op, const Subscriber *s, int64_t invoice) {
    uint64_t h = hash_of(op->seed, HASH_INVOICE, s->number, (uint64_t)invoice) >> 8;
    int64_t ngwee = (int64_t)s->bill_ngwee * (880 + (int64_t)(h % 241)) / 1000;
    bool shock = (int)((h >> 10) % 1000) < 40 + s->tendency * 160 / 1000; /* a month with an unusually high bill */
    return (int)(shock ? ngwee * 16 / 10 : ngwee);
}

/* ---- usage and plans ---- */

/* 65536 * 2^(x / 1024), within 0.3%: the fraction by a parabola through 1, sqrt(2) and 2. */
static int64_t power_of_two(int x) {
    int whole = x >> 10;
    int64_t f = (int64_t)(x & 1023) << 6, value = 65536 + (f * (43024 + ((22512 * f) >> 16)) >> 16);
    return whole >= 0 ? value << whole : value >> -whole;
}

/* Of a report, in thousandths of the usual amount. */
static int usage_draw(const Operator *op, Random *random) {
    if (op->behaviour == BEHAVIOUR_SIMPLE) return random_between(random, 250, 1750);
    return (int)(USAGE_MEDIAN * power_of_two(random_bell(random, USAGE_DEVIATION)) >> 16);
}

static const Plan *plan_at(const Operator *op, const Subscriber *s, int64_t day) {
    if (op->behaviour == BEHAVIOUR_SIMPLE) return s->plan;
    uint64_t h = hash_of(op->seed, HASH_PLAN, s->number, (uint64_t)floor_div(day + s->number * INT64_C(11), PLAN_SPELL_DAYS));
    return (int)(h % 1000) < PLAN_CHANGE ? plan_next(s->plan, h >> 20 & 1 ? 1 : -1) : s->plan;
}

/* In percent of the usual bill. */
static int price_level(const Operator *op, const Subscriber *s, int64_t day) {
    if (op->behaviour == BEHAVIOUR_SIMPLE) return 100;
    int64_t rise = market_event_before(op, CAUSE_PRICE_RISE, day);
    bool dearer = day < market_event_day(op, CAUSE_PRICE_RISE, rise) + PRICE_RISE_DAYS;
    return dearer && market_event_covers(op, CAUSE_PRICE_RISE, rise, s) ? PRICE_RISE : 100;
}

Billing billing_at(const Operator *op, const Subscriber *s, Lifecycle life, int64_t second, Random *random) {
    int64_t day = floor_div(second, SECONDS_PER_DAY), invoice = floor_div(day - s->due_phase, INVOICE_DAYS);
    int since_due = (int)(day - s->due_phase - invoice * INVOICE_DAYS);
    int overdue = days_overdue(op, s, life, invoice, since_due);
    bool soon_due = since_due >= INVOICE_DAYS - PENDING_DAYS;
    const Plan *plan = plan_at(op, s, day);
    int usage = usage_draw(op, random) * (1000 - life.distress * 6 / 10) / 1000;
    int64_t data_mb = (int64_t)s->data_mb * plan->data_mb / s->plan->data_mb;
    int64_t bill = (int64_t)bill_of(op, s, invoice) * plan->bill_ngwee / s->plan->bill_ngwee * price_level(op, s, day) / 100;
    return (Billing){
        .plan = plan->name,
        .data_mb = clamp((int)(data_mb * usage / 1000), 5, 20000),
        .bill_ngwee = (int)(bill * random_between(random, 970, 1030) / 1000),
        .days_overdue = overdue,
        .status = overdue > 0 ? "overdue"
                  : soon_due  ? "pending"
                              : "paid",
    };
}

/* ---- network ---- */

/* 0 on a good day, up to 1000 on a very bad one. */
static int tower_degradation(const Operator *op, uint32_t tower, int64_t second) {
    uint64_t h = hash_of(op->seed, HASH_TOWER_DAY, tower, (uint64_t)floor_div(second, SECONDS_PER_DAY));
    if ((int)(h % 1000) >= op->towers[tower].bad_days) return 0;
    return 300 + (int)((h >> 20) % 701);
}

static bool is_evening(int64_t second) {
    int hour = (int)((second + CAT_OFFSET_S) % SECONDS_PER_DAY / 3600);
    return hour >= EVENING_FROM && hour < EVENING_TO;
}

Radio radio_at(const Operator *op, const Subscriber *s, int64_t second, Random *random) {
    uint32_t at = random_chance(random, AWAY_FROM_HOME) ? s->city_tower + random_below(random, s->city_towers) : s->home;
    const Tower *tower = &op->towers[at];
    int degradation = tower_degradation(op, at, second);
    int signal = clamp(s->signal - degradation * 70 / 1000 + random_bell(random, 55), -1200, -450);
    int latency = (s->latency_ms + s->device->latency_ms + tower->latency_ms) * (1000 + degradation * 9 / 10) / 1000;
    if (is_evening(second)) latency = latency * 125 / 100;
    int tail = random_tail(random);
    latency = latency * (random_between(random, 750, 1150) + tail) / 1000;
    int weak = signal < -950 ? 150 : 0;
    return (Radio){
        .tower = tower,
        .signal_dbm = (signal - 5) / 10,
        .latency_ms = clamp(latency, 5, 2000),
        .loss = clamp(10 + random_between(random, 0, 40) + tail * 120 / 1000 + degradation * 250 / 1000 + weak, 0, 10000),
    };
}

/* ---- devices ---- */

DeviceReport device_report_at(const Operator *op, const Subscriber *s, int64_t second, Random *random) {
    int64_t since_charge = (second + s->number * INT64_C(7919)) % s->battery_period_s;
    int battery = 100 - (int)(since_charge * s->battery_range / s->battery_period_s) - random_between(random, 0, 3);
    bool degraded = random_chance(random, tower_degradation(op, s->home, second) / 2 + 40);
    return (DeviceReport){
        .location = op->towers[s->home].city->name,
        .connection = degraded ? s->device->fallback : s->device->connection,
        .battery_pct = clamp(battery, 0, 100),
    };
}

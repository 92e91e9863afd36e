/* behaviour.c: the state of a subscriber, a bill, a tower and a device at a given second.
 *
 * No state is stored: it is computed from the seed and the second, so events can be generated in any order, and a run can continue where
 * another one ended. Each subscriber has cycles of 120 to 240 days. In a cycle it may churn (the higher its tendency, the more likely);
 * then it sends almost nothing until the next cycle begins and the operator wins it back. So at any time some subscribers are about to
 * churn. In the month before, their distress grows: less activity, less data, later payment.
 *
 * Bills are due every 30 days and are paid after a delay; days overdue are those of the oldest unpaid bill. Towers have bad days.
 *
 * Invariant: pure functions of their arguments (and of the Random, for values that differ from report to report). */
#include "telecom/internal.h"

#define DISTRESS_DAYS    30
#define INVOICE_DAYS     30
#define MAX_DELAY_DAYS   58 /* below two invoices: at most two are unpaid */
#define CHURNED_ACTIVITY 20 /* an unused SIM still sends an event now and then */
#define PENDING_DAYS     5  /* before it is due */
#define CAT_OFFSET_S     7200
#define AWAY_FROM_HOME   200 /* share of reports from another tower of the city */
#define EVENING_FROM     18
#define EVENING_TO       22

static int clamp(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

static int64_t floor_div(int64_t a, int64_t b) {
    int64_t q = a / b;
    return q - (a % b < 0);
}

/* ---- lifecycle ---- */

Lifecycle lifecycle_at(const Operator *op, const Subscriber *s, int64_t second) {
    int64_t length = (int64_t)s->cycle_days * SECONDS_PER_DAY;
    int64_t since = second + (int64_t)s->cycle_phase * SECONDS_PER_DAY;
    int64_t cycle = floor_div(since, length), within = since - cycle * length;
    uint64_t h = hash_of(op->seed, HASH_LIFECYCLE, s->number, (uint64_t)cycle);
    int churn_chance = 20 + s->tendency * 950 / 1000; /* in thousandths of the cycles */
    if ((int)(h % 1000) >= churn_chance) return (Lifecycle){0};
    int64_t churn_second = length / 1000 * (300 + (int64_t)(h >> 20) % 450);
    if (within >= churn_second) return (Lifecycle){.churned = true, .churned_since_s = second - within + churn_second};
    int64_t days_left = (churn_second - within) / SECONDS_PER_DAY;
    return (Lifecycle){.distress = days_left < DISTRESS_DAYS ? (int)((DISTRESS_DAYS - days_left) * 1000 / DISTRESS_DAYS) : 0};
}

int lifecycle_activity(const Subscriber *s, Lifecycle life) {
    if (life.churned) return CHURNED_ACTIVITY;
    return s->activity * (1000 - life.distress * 6 / 10) / 1000;
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

Billing billing_at(const Operator *op, const Subscriber *s, Lifecycle life, int64_t second, Random *random) {
    int64_t day = floor_div(second, SECONDS_PER_DAY), invoice = floor_div(day - s->due_phase, INVOICE_DAYS);
    int since_due = (int)(day - s->due_phase - invoice * INVOICE_DAYS);
    int overdue = days_overdue(op, s, life, invoice, since_due);
    bool soon_due = since_due >= INVOICE_DAYS - PENDING_DAYS;
    int usage = random_between(random, 250, 1750) * (1000 - life.distress * 6 / 10) / 1000;
    return (Billing){
        .data_mb = clamp((int)((int64_t)s->data_mb * usage / 1000), 5, 20000),
        .bill_ngwee = (int)((int64_t)bill_of(op, s, invoice) * random_between(random, 970, 1030) / 1000),
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

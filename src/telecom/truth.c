/* truth.c: what is known about the subscribers beyond their events: to evaluate a model.
 *
 * The ceiling is Bayes' rule over the hidden state. A subscriber who shows distress of its own leaves at a known time. Of one who shows
 * none, the departures that would show by now are ruled out, and the rest are weighed by their chance.
 *
 * Invariant: deterministic; the events and this file never disagree, because both call lifecycle.c. */
#include "telecom/internal.h"

#include "base/error.h"
#include <math.h>

#define USEC INT64_C(1000000)

static const Subscriber *subscriber_of(const Operator *op, int subscriber) {
    BUG_IF(subscriber < 0 || subscriber >= op->subscriber_count);
    return &op->subscribers[subscriber];
}

static void write_id(const Operator *op, const Subscriber *s, int64_t cycle, char *ret) {
    *account_write_id(account_in(op, s, cycle), false, ret) = '\0';
}

SubscriberTruth operator_truth(const Operator *op, int subscriber, int64_t at_us) {
    const Subscriber *s = subscriber_of(op, subscriber);
    Lifecycle life = lifecycle_at(op, s, at_us / USEC);
    SubscriberTruth truth = {.tendency = s->tendency / 1000.0, .churned = life.churned, .churned_at_us = life.churned_since_s * USEC};
    write_id(op, s, cycle_at(s, at_us / USEC).number, truth.id);
    return truth;
}

/* ---- departures ---- */

bool operator_departure(const Operator *op, int subscriber, int64_t from_us, int64_t until_us, SubscriberDeparture *ret) {
    static const char *const causes[CAUSES] = {"own", "price_rise", "campaign"};
    const Subscriber *s = subscriber_of(op, subscriber);
    for (Cycle cycle = cycle_at(s, from_us / USEC); cycle.from_s * USEC < until_us; cycle = cycle_at(s, cycle.until_s)) {
        Departure d;
        if (!departure_in(op, s, &cycle, &d) || d.at_s * USEC < from_us) continue;
        if (d.at_s * USEC >= until_us) return false;
        *ret = (SubscriberDeparture){.at_us = d.at_s * USEC,
                                     .until_us = cycle.until_s * USEC,
                                     .returns = account_in(op, s, cycle.number + 1) == account_in(op, s, cycle.number),
                                     .distress_days = d.distress_days,
                                     .cause = causes[d.cause]};
        write_id(op, s, cycle.number, ret->id);
        return true;
    }
    return false;
}

/* ---- the ceiling ---- */

/* From the moment of the question to the end of its days. */
typedef struct Window {
    int64_t at_s, until_s;
} Window;

/* The share of departures of this behaviour that show nothing `days_left` days before. */
static double hidden_share(const LifecycleRules *rules, int64_t days_left) {
    int hidden = 0;
    for (int i = 0; i < 64; i++) hidden += rules->distress_from + i * (rules->distress_to - rules->distress_from) / 63 <= days_left;
    double silent = rules->silent / 256.0;
    return silent + (1 - silent) * hidden / 64;
}

/* P(departure inside the window | not yet, and no sign so far); the moments [from_s, until_s) are equally likely, altogether `chance`. */
static double hidden_chance(const LifecycleRules *rules, double chance, int64_t from_s, int64_t until_s, Window w) {
    double inside = 0, later = 0, day = SECONDS_PER_DAY, all = (double)(until_s - from_s);
    for (int64_t at = from_s > w.at_s ? from_s : w.at_s; at < until_s; at += SECONDS_PER_DAY) {
        double part = at + SECONDS_PER_DAY <= until_s ? 1 : (double)(until_s - at) / day;
        double weight = chance * part * day / all * hidden_share(rules, (at + SECONDS_PER_DAY / 2 - w.at_s) / SECONDS_PER_DAY);
        double within = fmin(1, fmax(0, (double)(w.until_s - at) / (day * part)));
        inside += weight * within;
        later += weight * (1 - within);
    }
    return inside > 0 ? inside / (inside + later + 1 - chance) : 0;
}

/* The chance in a cycle of its own accord; one account lasts at most 64 cycles (lifecycle.c). */
static double own_chance(const Operator *op, const Subscriber *s) {
    double chance = departure_chance(s) / 1000.0;
    return op->behaviour == BEHAVIOUR_SIMPLE ? chance : 1 / 64.0 + chance * 63 / 64;
}

static double leaves_by_market(const Operator *op, const Subscriber *s, DepartureCause cause, int64_t from_s, int64_t until_s, Window w) {
    const int64_t length = MARKET_DAYS * SECONDS_PER_DAY;
    int64_t event = market_event_before(op, cause, w.at_s / SECONDS_PER_DAY);
    int64_t begin = market_event_day(op, cause, event) * SECONDS_PER_DAY, end = begin + length;
    if (begin < from_s) begin = from_s;
    if (end > until_s) end = until_s;
    if (end <= begin || end <= w.at_s) return 0;
    double chance = departure_chance_by_market(op, s, cause, event) / 1e6;
    return hidden_chance(&lifecycle_rules[op->behaviour], chance * (double)(end - begin) / (double)length, begin, end, w);
}

static double stays_in_cycle(const Operator *op, const Subscriber *s, const Cycle *cycle, Window w) {
    const LifecycleRules *rules = &lifecycle_rules[op->behaviour];
    int64_t thousandth = (cycle->until_s - cycle->from_s) / 1000, from = cycle->from_s + thousandth * rules->leave_from;
    int64_t until = from + thousandth * rules->leave_span;
    double stays = 1 - hidden_chance(rules, own_chance(op, s), from, until, w);
    if (op->behaviour == BEHAVIOUR_SIMPLE) return stays;
    for (int cause = CAUSE_PRICE_RISE; cause < CAUSES; cause++) stays *= 1 - leaves_by_market(op, s, (DepartureCause)cause, from, until, w);
    return stays;
}

double operator_ceiling(const Operator *op, int subscriber, int64_t at_us, int days) {
    const Subscriber *s = subscriber_of(op, subscriber);
    Window w = {.at_s = at_us / USEC, .until_s = at_us / USEC + (int64_t)days * SECONDS_PER_DAY};
    Cycle cycle = cycle_at(s, w.at_s);
    Departure d;
    if (departure_in(op, s, &cycle, &d)) {
        if (d.at_s <= w.at_s) return NAN;
        if ((d.at_s - w.at_s) / SECONDS_PER_DAY < d.distress_days) return d.at_s < w.until_s ? 1 : 0;
    }
    double stays = 1;
    for (; cycle.from_s < w.until_s; cycle = cycle_at(s, cycle.until_s)) stays *= stays_in_cycle(op, s, &cycle, w);
    return 1 - stays;
}

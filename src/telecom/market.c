/* market.c: dated events of the credible behaviour: the operator raises the price of one plan, a competitor has a campaign in one
 * city.
 *
 * Days are divided into periods of 120; each has one event of each cause, on one of its first 61 days. So any 180 days have at least one
 * of each, whenever a history begins.
 *
 * Invariant: pure functions of the seed and the number of the event. */
#include "telecom/internal.h"

#define PERIOD_DAYS 120
#define FIRST_DAYS  61

static uint64_t event_hash(const Operator *op, DepartureCause cause, int64_t number) {
    return hash_of(op->seed, HASH_MARKET, cause, (uint64_t)number);
}

int64_t market_event_day(const Operator *op, DepartureCause cause, int64_t number) {
    return number * PERIOD_DAYS + (int64_t)(event_hash(op, cause, number) % FIRST_DAYS);
}

int64_t market_event_before(const Operator *op, DepartureCause cause, int64_t day) {
    int64_t number = floor_div(day, PERIOD_DAYS);
    return market_event_day(op, cause, number) <= day ? number : number - 1;
}

/* The city by the number of its towers, so that a large city has more campaigns. */
bool market_event_covers(const Operator *op, DepartureCause cause, int64_t number, const Subscriber *s) {
    uint64_t draw = event_hash(op, cause, number) >> 32;
    if (cause == CAUSE_PRICE_RISE) return plan_pick(draw) == s->plan;
    return op->towers[draw % (uint64_t)op->tower_count].city == op->towers[s->city_tower].city;
}

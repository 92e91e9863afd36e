/* lifecycle.c: when subscribers leave, come back or are replaced, and what shows of it.
 *
 * No state is stored: it is computed from the seed and the second, so events can be generated in any order, and a run can continue where
 * another one ended. Each subscriber has cycles of 120 to 240 days. In a cycle it may leave (the higher its tendency, the more likely);
 * then it sends almost nothing until the next cycle begins. So at any time some subscribers are about to leave. Before, their distress
 * grows: less activity, less data, later payment.
 *
 * Simple: each departure has 30 days of distress, and the operator always wins the subscriber back.
 * Credible: 3 in 10 departures show nothing before, the others 10 to 60 days of distress. Dips look like distress and are none. A price
 * rise and a campaign of a competitor (market.c) make more subscribers leave. After 6 in 10 departures a new subscriber with another id
 * takes the place; the former one is never seen again. What a SIM still sends after a departure is mostly nothing.
 *
 * Invariant: pure functions of their arguments. The simple behaviour never changes: its events are the same bytes in each version. */
#include "telecom/internal.h"

#define SIMPLE_CHURNED_ACTIVITY 20  /* an unused SIM still sends an event now and then */
#define REPLACED                600 /* departures after which a new subscriber takes the place, in thousandths */
#define MOST_CYCLES             64  /* of one account, some 30 years: bounds the search for its first cycle */
#define ACCOUNTS_OF_A_CYCLE     UINT64_C(10000000)

#define DIP_SPELL_S (45 * INT64_C(86400))
#define DIP_CHANCE  120 /* of a spell, in thousandths */

const LifecycleRules lifecycle_rules[BEHAVIOURS] = {
    [BEHAVIOUR_SIMPLE] = {.leave_from = 300, .leave_span = 450, .silent = 0, .distress_from = 30, .distress_to = 30},
    [BEHAVIOUR_CREDIBLE] = {.leave_from = 100, .leave_span = 650, .silent = 77, .distress_from = 10, .distress_to = 60},
};

Cycle cycle_at(const Subscriber *s, int64_t second) {
    int64_t length = (int64_t)s->cycle_days * SECONDS_PER_DAY, phase = (int64_t)s->cycle_phase * SECONDS_PER_DAY;
    int64_t number = floor_div(second + phase, length), from = number * length - phase;
    return (Cycle){.number = number, .from_s = from, .until_s = from + length};
}

/* ---- accounts ---- */

int departure_chance(const Subscriber *s) {
    return 20 + s->tendency * 950 / 1000;
}

static int replacement_chance(const Subscriber *s) {
    return departure_chance(s) * REPLACED / 1000;
}

/* Whether a new subscriber begins with this cycle. The former one leaves in the cycle before, for good. */
static bool begins_account(const Operator *op, const Subscriber *s, int64_t cycle) {
    if ((uint64_t)(cycle + s->number) % MOST_CYCLES == 0) return true;
    return (int)(hash_of(op->seed, HASH_SUCCESSOR, s->number, (uint64_t)cycle) % 1000) < replacement_chance(s);
}

uint64_t account_in(const Operator *op, const Subscriber *s, int64_t cycle) {
    if (op->behaviour == BEHAVIOUR_SIMPLE) return s->number;
    while (!begins_account(op, s, cycle)) cycle--;
    return s->number + (uint64_t)cycle * ACCOUNTS_OF_A_CYCLE;
}

/* ---- departures ---- */

static int distress_days(const LifecycleRules *rules, uint64_t hash) {
    if ((int)(hash >> 40 & 255) < rules->silent) return 0;
    return rules->distress_from + (int)(hash >> 32 & 63) * (rules->distress_to - rules->distress_from) / 63;
}

/* A second SIM, a forgotten one, or one that is out of the phone. */
static int activity_after(uint64_t hash) {
    static const uint8_t activity[4] = {60, 10, 0, 0};
    return activity[hash >> 48 & 3];
}

/* Those who are replaced leave for certain; of the others so many that the chance is the same altogether. */
static bool leaves_by_itself(const Operator *op, const Subscriber *s, int64_t cycle, uint64_t hash) {
    int chance = departure_chance(s), draw = (int)(hash % 1000);
    if (op->behaviour == BEHAVIOUR_SIMPLE) return draw < chance;
    int replaced = replacement_chance(s);
    return draw < (chance - replaced) * 1000 / (1000 - replaced) || begins_account(op, s, cycle + 1);
}

static bool own_departure(const Operator *op, const Subscriber *s, const Cycle *cycle, Departure *ret) {
    const LifecycleRules *rules = &lifecycle_rules[op->behaviour];
    uint64_t hash = hash_of(op->seed, HASH_LIFECYCLE, s->number, (uint64_t)cycle->number);
    if (!leaves_by_itself(op, s, cycle->number, hash)) return false;
    int64_t thousandth = (cycle->until_s - cycle->from_s) / 1000;
    ret->at_s = cycle->from_s + thousandth * (rules->leave_from + (int64_t)(hash >> 20) % rules->leave_span);
    ret->distress_days = distress_days(rules, hash);
    ret->activity = op->behaviour == BEHAVIOUR_SIMPLE ? SIMPLE_CHURNED_ACTIVITY : activity_after(hash);
    ret->cause = CAUSE_OWN;
    return true;
}

/* As likely as to leave of its own accord in the same time: an event doubles the departures of those whom it concerns. */
int departure_chance_by_market(const Operator *op, const Subscriber *s, DepartureCause cause, int64_t event) {
    if (!market_event_covers(op, cause, event, s)) return 0;
    return departure_chance(s) * 1000 * (MARKET_DAYS * 1000 / lifecycle_rules[op->behaviour].leave_span) / s->cycle_days;
}

static bool market_departure(const Operator *op, const Subscriber *s, DepartureCause cause, int64_t event, Departure *ret) {
    uint64_t hash = hash_of(op->seed, HASH_MARKET_LEAVER + ((uint64_t)cause << 4), s->number, (uint64_t)event);
    if ((int)(hash % 1000000) >= departure_chance_by_market(op, s, cause, event)) return false;
    int64_t after_s = (int64_t)(hash >> 20) % (MARKET_DAYS * SECONDS_PER_DAY);
    int days = (int)(after_s / SECONDS_PER_DAY), distress = distress_days(&lifecycle_rules[op->behaviour], hash);
    ret->at_s = market_event_day(op, cause, event) * SECONDS_PER_DAY + after_s;
    ret->distress_days = distress < days ? distress : days; /* nothing shows before the event */
    ret->activity = activity_after(hash);
    ret->cause = cause;
    return true;
}

/* The earliest departure of the cycle, own or by an event. */
static bool earlier_by_market(const Operator *op, const Subscriber *s, const Cycle *cycle, bool leaves, Departure *ret) {
    const LifecycleRules *rules = &lifecycle_rules[op->behaviour];
    int64_t thousandth = (cycle->until_s - cycle->from_s) / 1000, from = cycle->from_s + thousandth * rules->leave_from;
    int64_t until = from + thousandth * rules->leave_span;
    for (int cause = CAUSE_PRICE_RISE; cause < CAUSES; cause++) {
        int64_t event = market_event_before(op, (DepartureCause)cause, until / SECONDS_PER_DAY);
        for (; (market_event_day(op, (DepartureCause)cause, event) + MARKET_DAYS) * SECONDS_PER_DAY > from; event--) {
            Departure departure;
            if (!market_departure(op, s, (DepartureCause)cause, event, &departure)) continue;
            if (departure.at_s < from || departure.at_s >= until || (leaves && departure.at_s >= ret->at_s)) continue;
            *ret = departure;
            leaves = true;
        }
    }
    return leaves;
}

bool departure_in(const Operator *op, const Subscriber *s, const Cycle *cycle, Departure *ret) {
    bool leaves = own_departure(op, s, cycle, ret);
    return op->behaviour == BEHAVIOUR_SIMPLE ? leaves : earlier_by_market(op, s, cycle, leaves, ret);
}

/* ---- what shows ---- */

/* A journey, an illness, another SIM for a while: looks like distress and is none. */
static int dip_at(const Operator *op, const Subscriber *s, int64_t second) {
    if (op->behaviour == BEHAVIOUR_SIMPLE) return 0;
    int64_t since = second + s->number * (int64_t)SECONDS_PER_DAY, spell = floor_div(since, DIP_SPELL_S),
            within = since - spell * DIP_SPELL_S;
    uint64_t hash = hash_of(op->seed, HASH_DIP, s->number, (uint64_t)spell);
    if (hash % 1000 >= DIP_CHANCE) return 0;
    int64_t from = (int64_t)(hash >> 10) % 24, days = 5 + (int64_t)(hash >> 20) % 17;
    return within >= from * SECONDS_PER_DAY && within < (from + days) * SECONDS_PER_DAY ? 300 + (int)((hash >> 30) % 700) : 0;
}

Lifecycle lifecycle_at(const Operator *op, const Subscriber *s, int64_t second) {
    Cycle cycle = cycle_at(s, second);
    Departure d;
    if (!departure_in(op, s, &cycle, &d)) return (Lifecycle){.distress = dip_at(op, s, second)};
    if (second >= d.at_s) return (Lifecycle){.churned = true, .churned_since_s = d.at_s, .churned_activity = d.activity};
    int64_t days_left = (d.at_s - second) / SECONDS_PER_DAY;
    int own = days_left < d.distress_days ? (int)((d.distress_days - days_left) * 1000 / d.distress_days) : 0;
    int dip = dip_at(op, s, second);
    return (Lifecycle){.distress = own > dip ? own : dip};
}

int lifecycle_activity(const Subscriber *s, Lifecycle life) {
    if (life.churned) return life.churned_activity;
    return s->activity * (1000 - life.distress * 6 / 10) / 1000;
}

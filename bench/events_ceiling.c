/* events_ceiling.c: how well departures of the credible operator can be told from events alone, by somebody who knows how it works.
 *
 *     ninja -C build/release bench/events_ceiling
 *     smelt produce --behaviour credible --seed S --subscribers N --out - ... | build/release/bench/events_ceiling S N CUT > ceiling.csv
 *
 * The ceiling of `produce --truth` knows the hidden state: which dips are distress, and where in its cycle a subscriber is. Nothing in the
 * events says either. This is a Bayes filter: it knows the operator's laws, the traits of each subscriber (tendency, usual activity, usage
 * and delay of payment) and the dated events, all of which a model has to guess; it does not know the subscriber's cycle. It weighs each
 * day of departure and each length of distress by how well they agree with the number of events, the data used and the days overdue of the
 * 100 days before CUT (YYYY-MM-DD). Dips within a distress are left out, levels are tenths: so it is an estimate, from below.
 *
 * Writes subscriber_id,probability: to leave within 30 days, of those who are there and have had an event in the last 14 days. */
#include "telecom/internal.h"

#include "base/error.h"
#include "base/memory.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <yyjson.h>

#define MOST_PLANS   64
#define DAYS         100 /* before the cut */
#define ACTIVE_DAYS  14
#define HORIZON      30
#define AHEAD        90 /* days of departure that are weighed; later ones show nothing yet */
#define LEVELS       11 /* of distress: 0, 0.1 .. 1 */
#define MEAN_CYCLE   180.0
#define AWAY_SHARE   0.575 /* of a cycle, after a departure, in the mean */
#define LENGTHS      64    /* of distress, all equally likely (lifecycle.c) */
#define LENGTH(i)    (10 + (i)*50 / 63)
#define SILENT       (77 / 256.0)
#define USAGE_SPREAD 0.64 /* variance of the logarithm of data used (behaviour.c) */
#define USAGE_MEDIAN 0.726
#define DIP_SPELL    45
#define DIP_CHANCE   0.12
#define DIP_STARTS   24
#define DIP_SHORTEST 5
#define DIP_LENGTHS  17
#define DRAWS        64 /* of the delay of an invoice: 60 usual ones, 4 late ones; a bit each */
#define INVOICES     6  /* that DAYS touch, with the one before them */

typedef struct Day {
    int events, reports;
    double log_mb;            /* sum over the reports */
    int overdue, overdue_max; /* smallest and largest of the reports */
    const Plan *plan;         /* NULL without a report */
} Day;

/* What one subscriber's days say about each level of distress on them, compared with none. */
typedef struct Evidence {
    int from;                   /* the first day of its cycle, or 0 */
    double usage[DAYS][LEVELS]; /* logarithm of a likelihood ratio: events and data */
    bool has_bill[DAYS];
    int invoice[DAYS];             /* the one that is due, 1..INVOICES-1 */
    uint64_t draws[DAYS][LEVELS];  /* delays of it that agree with the report */
    uint64_t before[DAYS][LEVELS]; /* delays of the one before that do */
    double dips_until[DAYS + 1];   /* usage before this day, summed over all dips */
} Evidence;

static const int dip_levels[] = {4, 6, 7, 9};

static double log_sum(double a, double b) {
    return a < b ? b + log1p(exp(a - b)) : a + log1p(exp(b - a));
}

/* ---- reading events ---- */

static int64_t day_of(const char *date) {
    struct tm tm = {0};
    if (strptime(date, "%Y-%m-%d", &tm) == NULL) return -1;
    return floor_div(timegm(&tm), SECONDS_PER_DAY);
}

static const Plan *plan_named(const char *name) {
    for (uint64_t i = 0; i < MOST_PLANS; i++)
        if (strcmp(plan_pick(i)->name, name) == 0) return plan_pick(i);
    return NULL;
}

static void add_report(Day *day, const Plan *plan, int mb, int overdue) {
    if (day->reports++ == 0) day->overdue = day->overdue_max = overdue;
    day->plan = plan;
    day->log_mb += log(mb);
    if (overdue < day->overdue) day->overdue = overdue;
    if (overdue > day->overdue_max) day->overdue_max = overdue;
}

static void add_event(yyjson_val *event, int64_t first_day, int subscribers, Day *days) {
    int64_t at = day_of(yyjson_get_str(yyjson_obj_get(event, "timestamp"))) - first_day;
    int64_t number = strtoll(yyjson_get_str(yyjson_obj_get(event, "subscriber_id")) + 4, NULL, 10) % 10000000;
    if (at < 0 || at >= DAYS || number < 1 || number > subscribers) return;
    Day *day = &days[(number - 1) * DAYS + at];
    yyjson_val *payload = yyjson_obj_get(event, "payload"), *mb = yyjson_obj_get(payload, "data_used_mb");
    day->events++;
    if (mb != NULL)
        add_report(day, plan_named(yyjson_get_str(yyjson_obj_get(payload, "plan"))), yyjson_get_int(mb),
                   yyjson_get_int(yyjson_obj_get(payload, "days_overdue")));
}

/* One event a line, with or without the time of arrival and a tab before it. */
static void read_events(FILE *in, int64_t first_day, int subscribers, Day *days) {
    char *line = NULL;
    size_t size = 0;
    for (ssize_t len; (len = getline(&line, &size, in)) > 0;) {
        const char *json = strchr(line, '{');
        yyjson_doc *doc = json != NULL ? yyjson_read(json, (size_t)(len - (json - line)), YYJSON_READ_STOP_WHEN_DONE) : NULL;
        if (doc != NULL) add_event(yyjson_doc_get_root(doc), first_day, subscribers, days);
        yyjson_doc_free(doc);
    }
    free(line);
}

/* ---- the evidence of a day ---- */

/* Events of a day, for an activity of 1. */
static void measure_pace(const Operator *op, const Day *days, int64_t first_day, double pace[DAYS]) {
    for (int t = 0; t < DAYS; t++) {
        double events = 0, activity = 0;
        for (int i = 0; i < op->subscriber_count; i++) {
            const Subscriber *s = &op->subscribers[i];
            events += days[i * DAYS + t].events;
            activity += lifecycle_activity(s, lifecycle_at(op, s, (first_day + t) * SECONDS_PER_DAY + SECONDS_PER_DAY / 2));
        }
        pace[t] = activity > 0 ? events / activity : 0;
    }
}

/* Poisson for the events, log-normal for the data. */
static void weigh_usage(const Subscriber *s, const Day *day, double pace, double ret[LEVELS]) {
    double plan = day->plan != NULL ? (double)day->plan->data_mb / s->plan->data_mb : 1, usual = log(s->data_mb * plan * USAGE_MEDIAN);
    for (int level = 0; level < LEVELS; level++) {
        double left = 1 - 0.6 * level / 10, shift = log(left);
        ret[level] = day->events * shift - pace * s->activity * (left - 1) +
                     (shift * (day->log_mb - day->reports * usual) - day->reports * shift * shift / 2) / USAGE_SPREAD;
    }
}

static int delay_drawn(const Subscriber *s, int draw, int level) {
    static const int late[] = {2, 5, 8, 12};
    bool usual = draw < DRAWS - (int)ARRAY_LEN(late);
    int share = usual ? 300 + (8 + draw * 1000 / 60) * 11 / 10 : 850;
    return s->delay_days * share / 1000 + (usual ? 0 : late[draw - (DRAWS - (int)ARRAY_LEN(late))]) + level * 100 * 22 / 1000;
}

static void weigh_bill(Evidence *e, const Subscriber *s, const Day *day, int t, int64_t first_day) {
    int64_t since_phase = first_day + t - s->due_phase, invoice = floor_div(since_phase, 30);
    int since_due = (int)(since_phase - invoice * 30);
    e->invoice[t] = (int)(invoice - floor_div(first_day - s->due_phase, 30)) + 1;
    e->has_bill[t] = day->reports > 0 && day->overdue == day->overdue_max; /* otherwise it was paid on this day */
    for (int level = 0; level < LEVELS; level++) {
        uint64_t draws = 0, before = 0;
        for (int draw = 0; draw < DRAWS; draw++) {
            int delay = delay_drawn(s, draw, level);
            bool before_unpaid = delay > since_due + 30, agrees = (day->overdue > 0) == (delay > since_due);
            if (day->overdue > since_due || agrees) draws |= UINT64_C(1) << draw;
            if ((day->overdue > since_due) == before_unpaid) before |= UINT64_C(1) << draw;
        }
        e->draws[t][level] = draws;
        e->before[t][level] = before;
    }
}

/* The logarithm of the likelihood of all bills when distress has these levels. */
static double bills(const Evidence *e, const uint8_t levels[DAYS]) {
    uint64_t possible[INVOICES];
    for (int i = 0; i < INVOICES; i++) possible[i] = UINT64_MAX;
    for (int t = e->from; t < DAYS; t++) {
        if (!e->has_bill[t]) continue;
        possible[e->invoice[t]] &= e->draws[t][levels[t]];
        possible[e->invoice[t] - 1] &= e->before[t][levels[t]];
    }
    double sum = 0;
    for (int i = 0; i < INVOICES; i++) sum += log(__builtin_popcountll(possible[i]) / (double)DRAWS + 0.002);
    return sum;
}

/* ---- dips ---- */

static double dip_likelihood(const Evidence *e, int from, int until, int level, bool with_bills, double bills_at_rest) {
    uint8_t levels[DAYS] = {0};
    double sum = 0;
    for (int t = from; t < until; t++) {
        sum += e->usage[t][level];
        levels[t] = (uint8_t)level;
    }
    return with_bills && sum > -6 ? sum + bills(e, levels) - bills_at_rest : sum;
}

/* Over all dips that this spell may have, as far as [from, until) shows them. */
static double spell_likelihood(const Evidence *e, int spell, int from, int until, bool with_bills, double bills_at_rest) {
    const int kinds = (int)ARRAY_LEN(dip_levels);
    const double share = log(DIP_CHANCE / (DIP_STARTS * DIP_LENGTHS * kinds));
    double sum = log(1 - DIP_CHANCE);
    for (int start = spell; start < spell + DIP_STARTS; start++)
        for (int length = DIP_SHORTEST; length < DIP_SHORTEST + DIP_LENGTHS; length++)
            for (int kind = 0; kind < kinds; kind++) {
                int begin = start > from ? start : from, end = start + length < until ? start + length : until;
                sum = log_sum(sum, share + (begin < end ? dip_likelihood(e, begin, end, dip_levels[kind], with_bills, bills_at_rest) : 0));
            }
    return sum;
}

static double dips(const Evidence *e, const Subscriber *s, int64_t first_day, int until, bool with_bills, double bills_at_rest) {
    double sum = 0;
    for (int t = e->from, end; t < until; t = end) {
        int64_t since = first_day + t + s->number;
        int spell = t - (int)(since - floor_div(since, DIP_SPELL) * DIP_SPELL);
        end = spell + DIP_SPELL < until ? spell + DIP_SPELL : until;
        sum += spell_likelihood(e, spell, t, end, with_bills, bills_at_rest);
    }
    return sum;
}

static void weigh_days(Evidence *e, const Subscriber *s, const Day *days, int64_t first_day, const double pace[DAYS]) {
    for (int t = e->from; t < DAYS; t++) {
        weigh_usage(s, &days[t], pace[t], e->usage[t]);
        weigh_bill(e, s, &days[t], t, first_day);
    }
    for (int t = e->from; t <= DAYS; t++) e->dips_until[t] = dips(e, s, first_day, t, false, 0);
}

/* ---- departures ---- */

/* Of a departure so many days after the cut, whose distress has this length. */
static double distress_likelihood(const Evidence *e, int after, int length, double bills_at_rest) {
    int start = DAYS + after - length + 1;
    uint8_t levels[DAYS] = {0};
    double sum = 0;
    if (start < e->from) start = e->from;
    for (int t = start; t < DAYS; t++) {
        levels[t] = (uint8_t)(((length - (DAYS + after - t)) * 10 + length / 2) / length);
        sum += e->usage[t][levels[t]];
    }
    return sum + e->dips_until[start] + bills(e, levels) - bills_at_rest;
}

static double departure_likelihood(const Evidence *e, int after, double at_rest, double bills_at_rest) {
    double sum = log(SILENT) + at_rest;
    for (int i = 0; i < LENGTHS; i++) {
        double seen = after < LENGTH(i) ? distress_likelihood(e, after, LENGTH(i), bills_at_rest) : at_rest;
        sum = log_sum(sum, log((1 - SILENT) / LENGTHS) + seen);
    }
    return sum;
}

/* A day's chance to leave, of those who have not yet. */
static double chance_on(const Operator *op, const Subscriber *s, int64_t cut, int after) {
    double own = 1 / 64.0 + departure_chance(s) / 1000.0 * 63 / 64, sum = own / (MEAN_CYCLE * (1 - own * AWAY_SHARE));
    for (int cause = CAUSE_PRICE_RISE; cause < CAUSES; cause++) {
        int64_t event = market_event_before(op, (DepartureCause)cause, cut);
        if (cut + after < market_event_day(op, (DepartureCause)cause, event) + MARKET_DAYS)
            sum += departure_chance_by_market(op, s, (DepartureCause)cause, event) / 1e6 / MARKET_DAYS;
    }
    return sum;
}

static double leaves(const Operator *op, const Subscriber *s, const Evidence *e, int64_t cut) {
    const uint8_t none[DAYS] = {0};
    double bills_at_rest = bills(e, none), at_rest = dips(e, s, cut - DAYS, DAYS, true, bills_at_rest);
    double inside = -INFINITY, outside = 0, later = 1;
    for (int after = 0; after < AHEAD; after++) {
        double chance = chance_on(op, s, cut, after), weight = log(chance) + departure_likelihood(e, after, at_rest, bills_at_rest);
        later -= chance;
        if (after < HORIZON)
            inside = after == 0 ? weight : log_sum(inside, weight);
        else
            outside = after == HORIZON ? weight : log_sum(outside, weight);
    }
    outside = log_sum(outside, log(fmax(later, 0.01)) + at_rest);
    return 1 / (1 + exp(outside - inside));
}

static bool is_active(const Day *days) {
    for (int t = DAYS - ACTIVE_DAYS; t < DAYS; t++)
        if (days[t].events > 0) return true;
    return false;
}

static void judge(const Operator *op, int subscriber, const Day *days, const double pace[DAYS], int64_t cut) {
    const Subscriber *s = &op->subscribers[subscriber];
    SubscriberTruth truth = operator_truth(op, subscriber, cut * SECONDS_PER_DAY * INT64_C(1000000));
    int64_t began = cycle_at(s, cut * SECONDS_PER_DAY).from_s / SECONDS_PER_DAY + 1 - (cut - DAYS);
    if (truth.churned || !is_active(days) || began >= DAYS) return;
    Evidence e = {.from = began > 0 ? (int)began : 0};
    weigh_days(&e, s, days, cut - DAYS, pace);
    printf("%s,%.6f\n", truth.id, leaves(op, s, &e, cut));
}

int main(int argc, char **argv) {
    int subscribers = argc == 4 ? (int)strtol(argv[2], NULL, 10) : 0;
    int64_t cut = argc == 4 ? day_of(argv[3]) : -1;
    if (subscribers < 1 || cut < DAYS) {
        fprintf(stderr, "Usage: events_ceiling SEED SUBSCRIBERS CUT < EVENTS; e.g. events_ceiling 7 20000 2026-07-29\n");
        return 64;
    }
    Operator *op = operator_new_behaving(strtoull(argv[1], NULL, 10), subscribers, BEHAVIOUR_CREDIBLE);
    Day *days = xcalloc((size_t)subscribers * DAYS, sizeof *days);
    double pace[DAYS];
    read_events(stdin, cut - DAYS, subscribers, days);
    measure_pace(op, days, cut - DAYS, pace);
    puts("subscriber_id,probability");
    for (int i = 0; i < subscribers; i++) judge(op, i, &days[(size_t)i * DAYS], pace, cut);
    free(days);
    operator_free(op);
}

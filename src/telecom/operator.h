/* operator.h: the synthetic operator: its subscribers, its towers, and which subscribers churn when.
 *
 * The seed alone determines the operator: subscriber 123 has the same plan, city, habits and churn dates in every run, for any number of
 * subscribers. Immutable after operator_new: any thread. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>

#define OPERATOR_MAX_SUBSCRIBERS 10000000
#define SUBSCRIBER_ID_SIZE       16 /* "SUB-000123" and its NUL */

typedef struct Operator Operator;

/* How subscribers live, leave and show it. docs/churn.md describes both. */
typedef enum Behaviour {
    BEHAVIOUR_SIMPLE,   /* each departure shows for exactly 30 days; nothing else looks like it */
    BEHAVIOUR_CREDIBLE, /* silent departures, false alarms, dated causes, new subscribers */
    BEHAVIOURS,
} Behaviour;

/* `subscribers` in 1 .. OPERATOR_MAX_SUBSCRIBERS. Both behaviours have the same population: the same traits by seed and number. The caller
 * frees. */
Operator *operator_new(uint64_t seed, int subscribers) __attribute__((returns_nonnull)) MUST_CHECK; /* simple */
Operator *operator_new_behaving(uint64_t seed, int subscribers, Behaviour behaviour) __attribute__((returns_nonnull)) MUST_CHECK;
void operator_free(Operator *op);
DEFINE_CLEANUP(operator_free, Operator)
int operator_subscribers(const Operator *op);

/* ---- facts that no event contains: to evaluate a model (truth.c) ---- */

typedef struct SubscriberTruth {
    char id[SUBSCRIBER_ID_SIZE];
    double tendency;       /* to churn, 0..1 */
    bool churned;          /* has churned at `at_us`; has sent almost nothing since */
    int64_t churned_at_us; /* when, if churned */
} SubscriberTruth;
/* `subscriber` counts from 0. The state at `at_us`; deterministic. */
SubscriberTruth operator_truth(const Operator *op, int subscriber, int64_t at_us);

/* The probability that a subscriber who is still there at `at_us` leaves in [at_us, at_us + days). It knows all that events up to
 * then can tell, and more: the traits, how far the cycle is, the distress of every day so far and what caused it. It does not know what was
 * drawn for the future. So no model that reads events ranks better in expectation: it is the ceiling. NaN: has already left. */
double operator_ceiling(const Operator *op, int subscriber, int64_t at_us, int days);

typedef struct SubscriberDeparture {
    char id[SUBSCRIBER_ID_SIZE];
    int64_t at_us, until_us; /* it sends almost nothing in between */
    bool returns;            /* at until_us; otherwise a new subscriber with another id takes its place */
    int distress_days;       /* 0: it gave no sign */
    const char *cause;       /* "own", "price_rise", "campaign" */
} SubscriberDeparture;
/* The first departure in [from_us, until_us); false when there is none. */
bool operator_departure(const Operator *op, int subscriber, int64_t from_us, int64_t until_us, SubscriberDeparture *ret);

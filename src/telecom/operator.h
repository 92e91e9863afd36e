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

/* `subscribers` in 1 .. OPERATOR_MAX_SUBSCRIBERS. The caller frees. */
Operator *operator_new(uint64_t seed, int subscribers) __attribute__((returns_nonnull)) MUST_CHECK;
void operator_free(Operator *op);
DEFINE_CLEANUP(operator_free, Operator)
int operator_subscribers(const Operator *op);

/* Facts that no event contains: to evaluate a model. */
typedef struct SubscriberTruth {
    char id[SUBSCRIBER_ID_SIZE];
    double tendency;       /* to churn, 0..1 */
    bool churned;          /* has churned at `at_us`; has sent almost nothing since */
    int64_t churned_at_us; /* when, if churned */
} SubscriberTruth;
/* `subscriber` counts from 0. The state at `at_us`; deterministic. */
SubscriberTruth operator_truth(const Operator *op, int subscriber, int64_t at_us);

/* measures.h: rules about many events: how many may break a rule. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* What a rule says about the count: an operator of the standard with its numbers, the unit and the severity. */
typedef struct RuleBound {
    bool given; /* the rule has an operator with numbers */
    MeasureOperator op;
    double low, high;
    bool percent, warning;
} RuleBound;

/* ERR_CONFIG: not a number, an unknown unit. In v3.0 a rule without an operator allows no row. */
int rule_bound_read(const Contract *c, const DocNode *rule, RuleBound *ret, Error *err) MUST_CHECK;
/* Whether no event may break it: then it is a rule about each event. */
bool rule_bound_is_none(const RuleBound *bound);
/* The metric, also by its name in v3.0, where the key is `rule`. Borrowed. ERR_CONFIG. */
int metric_read(const Contract *c, const DocNode *rule, const char **ret, Error *err) MUST_CHECK;
/* The rule's name, or one made of what it says there; `initial` when it has none. Owned by the pipeline; NULL: none. */
const char *rule_name_of(Pipeline *p, const DocNode *rule, const char *initial);

/* Adds a measure to the contract. What Check.counted says of it. */
size_t measure_add(Pipeline *p, Contract *c, const RuleBound *bound, MeasureMetric metric, const char *rule, const char *field);
/* Of a column: how often a value comes again. */
void measure_duplicates(Pipeline *p, Contract *c, const RuleBound *bound, const char *rule, const Field *field);
/* The `quality` of an event type, whose fields have been read. What is not measured is noted. ERR_CONFIG. */
int measures_read(Pipeline *p, Contract *c, const DocNode *object, Error *err) MUST_CHECK;

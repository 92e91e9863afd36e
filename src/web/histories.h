/* histories.h: numbers over time. As handlers.h. */
#pragma once
#include "web/handlers.h"

/* Into the overview, as `before`: the numbers of a day and of a week ago, each null when there are none so old. */
int overview_add_before(const Lease *lease, json_t *overview, Error *err) MUST_CHECK;
/* Sums the overview's `hours` into its `inflow`, which has a row for each of them with what is usual. */
void overview_count_inflow(json_t *overview);

/* histories.h: numbers over time. As handlers.h. */
#pragma once
#include "web/handlers.h"

/* Into the overview, as `before`: the numbers of a day and of a week ago, each null when there are none so old. */
int overview_add_before(const Lease *lease, json_t *overview, Error *err) MUST_CHECK;

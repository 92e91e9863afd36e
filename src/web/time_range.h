/* time_range.h: the parameters from, to and step of what is answered over time. Pure, but for the clock; any thread. */
#pragma once
#include "web/response.h"

enum { TIME_POINTS_MAX = 500 };

typedef struct TimeRange {
    int64_t from_us, to_us; /* from <= time < to */
    int64_t step_s;
} TimeRange;

/* For the ParamSpecs of a route. */
#define TIME_RANGE_PARAMS                                                                                                                  \
    {"from", PARAM_TEXT, .least = 1, .most = 40, .help = "a time (ISO 8601), or how long ago: -24h"},                                      \
        {"to", PARAM_TEXT, .least = 1, .most = 40, .help = "as from; now when it is not given"}, {                                         \
        "step", PARAM_TEXT, .least = 1, .most = 10, .help = "how long a point is: 5m, 1h, 1d; without it, so that there are at most 500"   \
    }

/* Reads them; `usual_s`: how long ago it begins when that is not said, `least_s`: the shortest step. False: the answer says what is wrong.
 */
bool time_range_read(const Request *req, int64_t usual_s, int64_t least_s, TimeRange *ret, Response *resp) MUST_CHECK;
/* A time as `from` takes it. */
bool time_param_read(const Request *req, const char *name, int64_t otherwise_us, int64_t *ret_us, Response *resp) MUST_CHECK;
/* {from, to, step_s} into an answer. */
void time_range_describe(const TimeRange *range, json_t *out);

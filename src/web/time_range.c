/* time_range.c: see time_range.h. */
#include "web/time_range.h"

#include "base/clock.h"
#include "base/memory.h"
#include <string.h>

/* "-24h": so long ago. */
static bool read_ago(const char *text, int64_t *ret_us) {
    Error ignored = {0};
    int64_t ms;
    bool read = text[0] == '-' && duration_parse_ms(text + 1, &ms, &ignored) == 0 && ms <= INT64_C(100) * 366 * 86400 * 1000;
    error_clear(&ignored);
    if (read) *ret_us = clock_wall_us() - ms * 1000;
    return read;
}

/* In a query a plus is a blank, unless it is escaped; a time has none in front of its zone. */
static bool read_time(const char *text, int64_t *ret_us) {
    enum { ZONE = sizeof " 02:00" - 1, DATE = sizeof "2026-11-24 " - 1 };
    CLEANUP(free_text) char *copy = xstrdup(text);
    size_t n = strlen(copy);
    if (n > DATE + ZONE && copy[n - ZONE] == ' ') copy[n - ZONE] = '+';
    return clock_read((Span){copy, n}, ret_us) == CLOCK_READ;
}

bool time_param_read(const Request *req, const char *name, int64_t otherwise_us, int64_t *ret_us, Response *resp) {
    const char *text = request_param(req, name);
    *ret_us = otherwise_us;
    if (text == NULL || read_ago(text, ret_us) || read_time(text, ret_us)) return true;
    response_bad_param(resp, req, name, "The parameter '%s' must be a time, 2026-11-24T10:00:00Z, or how long ago, -24h or -7d.", name);
    return false;
}

/* A round one, so that there are at most TIME_POINTS_MAX points. */
static int64_t usual_step(int64_t seconds, int64_t least_s) {
    static const int64_t steps[] = {60, 300, 900, 3600, 4 * 3600, 86400, 7 * 86400, 31 * 86400};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (steps[i] >= least_s && seconds / steps[i] <= TIME_POINTS_MAX) return steps[i];
    return seconds / TIME_POINTS_MAX + 1;
}

static bool read_step(const Request *req, int64_t least_s, TimeRange *range, Response *resp) {
    const char *text = request_param(req, "step");
    int64_t seconds = (range->to_us - range->from_us) / USEC_PER_SEC, ms = 0;
    Error ignored = {0};
    range->step_s = usual_step(seconds, least_s);
    if (text == NULL) return true;
    bool read = duration_parse_ms(text, &ms, &ignored) == 0 && ms % 1000 == 0 && ms / 1000 >= least_s;
    error_clear(&ignored);
    if (!read)
        response_bad_param(resp, req, "step", "The parameter 'step' must be a duration of at least %s, as 1h or 1d.",
                           least_s < 3600 ? "a minute" : "an hour");
    else if (seconds / (ms / 1000) > 10 * TIME_POINTS_MAX)
        response_bad_param(resp, req, "step", "The parameter 'step' is so short that there would be more than %d points.",
                           10 * TIME_POINTS_MAX);
    range->step_s = read ? ms / 1000 : 1;
    return resp->status == 0;
}

bool time_range_read(const Request *req, int64_t usual_s, int64_t least_s, TimeRange *ret, Response *resp) {
    int64_t now = clock_wall_us();
    if (!time_param_read(req, "to", now, &ret->to_us, resp) ||
        !time_param_read(req, "from", ret->to_us - usual_s * USEC_PER_SEC, &ret->from_us, resp))
        return false;
    if (ret->from_us >= ret->to_us) {
        response_bad_param(resp, req, "from", "The parameter 'from' must be before 'to'.");
        return false;
    }
    return read_step(req, least_s, ret, resp);
}

void time_range_describe(const TimeRange *range, json_t *out) {
    char text[CLOCK_TEXT_SIZE];
    json_object_set_new(out, "from", json_string(clock_format(range->from_us, text)));
    json_object_set_new(out, "to", json_string(clock_format(range->to_us, text)));
    json_object_set_new(out, "step_s", json_integer(range->step_s));
}

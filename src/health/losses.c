/* losses.c: messages that are lost for good, beside what is said of Bronze.
 *
 * Nothing repairs such a loss, so it degrades Bronze for a day: long enough that a person sees it, and then it is history, which `smelt
 * audit` keeps telling. */
#include "health/internal.h"

#include <inttypes.h>
#include <string.h>

#define SHOWN_US (INT64_C(24) * 3600 * USEC_PER_SEC)

static const struct {
    const char *reason, *words, *advice;
} causes[] = {
    {"retention", "Kafka removed them before they were read", "Raise the retention of the topic, or read it more often"},
    {"unreadable", "they could not be read and were skipped on demand", "Find out what damaged them"},
    {"lost", "their loss was accepted in `smelt recover`", "A backup (backup.dir) keeps what Kafka removes"},
};

/* A reason that is not in the table is shown as it is. */
static size_t cause_of(const json_t *loss) {
    const char *reason = json_string_value(json_object_get(loss, "reason"));
    size_t i = 0;
    while (i < ARRAY_LEN(causes) && strcmp(causes[i].reason, reason) != 0) i++;
    return i;
}

static int64_t number_of(const json_t *loss, const char *key) {
    return json_integer_value(json_object_get(loss, key));
}

static int64_t age_of(const Facts *f, const json_t *loss) {
    int64_t us = 0;
    CLEANUP(error_clear) Error ignored = {0};
    const char *text = json_string_value(json_object_get(loss, "noticed_at"));
    return text != NULL && clock_parse(text, &us, &ignored) == 0 ? f->now_us - us : INT64_MAX;
}

static void describe_range(const Facts *f, const json_t *loss, Buf *out) {
    size_t cause = cause_of(loss);
    buf_addf(out, "%s partition %d, offsets %" PRId64 " to %" PRId64 ", noticed ", json_string_value(json_object_get(loss, "topic")),
             (int)number_of(loss, "partition"), number_of(loss, "first_offset"), number_of(loss, "next_offset") - 1);
    format_age(out, age_of(f, loss));
    buf_addf(out, " ago (%s)", cause < ARRAY_LEN(causes) ? causes[cause].words : json_string_value(json_object_get(loss, "reason")));
}

static void describe(const Facts *f, const json_t *recent, int64_t offsets, Finding *r) {
    enum { NAMED = 3 };
    const json_t *loss;
    size_t i, n = json_array_size(recent), cause = cause_of(json_array_get(recent, 0));
    buf_add_char(&r->detail, ' ');
    format_count(&r->detail, offsets, "offset was lost for good: ", "offsets were lost for good: ");
    json_array_foreach(recent, i, loss) {
        if (i == NAMED) break;
        if (i > 0) buf_add_str(&r->detail, "; ");
        describe_range(f, loss, &r->detail);
    }
    if (n > NAMED) buf_add_str(&r->detail, "; and "), format_count(&r->detail, (int64_t)(n - NAMED), "more range", "more ranges");
    buf_addf(&r->detail, ". %s; docs/runbook.md#smeltmessageslost says more.",
             cause < ARRAY_LEN(causes) ? causes[cause].advice : "`smelt audit` lists them");
}

void losses_judge(const Facts *f, Finding *r) {
    json_t *recent = json_array(), *loss;
    int64_t offsets = 0;
    size_t i;
    json_object_set_new(r->more, "lost", json_integer(facts_int(f, "lost")));
    json_array_foreach(json_object_get(f->row, "losses"), i, loss) {
        if (age_of(f, loss) >= SHOWN_US) continue;
        offsets += number_of(loss, "next_offset") - number_of(loss, "first_offset");
        json_array_append(recent, loss);
    }
    if (offsets > 0) {
        describe(f, recent, offsets, r);
        json_object_set(r->more, "losses", recent);
        if (r->state == STATE_OK) r->state = STATE_DEGRADED;
    }
    json_decref(recent);
}

/* promises.c: what contracts promise of their data in time (contract/sla.h), against what there is.
 *
 * Freshness and retention are of an event type; latency is of all that waits, since what waits was not looked at yet: the strictest one
 * holds. */
#include "health/internal.h"

#include <string.h>

static int64_t seconds_of(const json_t *promise, const char *key) {
    return json_integer_value(json_object_get(promise, key));
}

int64_t promises_wait_us(const Facts *f, const char **ret_type) {
    int64_t strictest = 0;
    size_t i;
    json_t *promise;
    *ret_type = NULL;
    json_array_foreach(json_object_get(f->row, "promises"), i, promise) {
        int64_t latency = seconds_of(promise, "latency_seconds");
        if (latency == 0 || (strictest > 0 && latency >= strictest)) continue;
        strictest = latency;
        *ret_type = json_string_value(json_object_get(promise, "event_type"));
    }
    return strictest * USEC_PER_SEC;
}

/* 0: there is no such time. */
static int64_t time_in(const json_t *promise, const char *key) {
    int64_t us = 0;
    CLEANUP(error_clear) Error ignored = {0};
    const char *text = json_string_value(json_object_get(promise, key));
    return text != NULL && clock_parse(text, &us, &ignored) == 0 ? us : 0;
}

/* Two of the promises of a contract: of its newest and of its oldest event. */
typedef struct AgePromise {
    const char *property, *allowed, *event_at, *event;
} AgePromise;

static const AgePromise ages[] = {{"freshness", "freshness_seconds", "newest_event_at", "newest"},
                                  {"retention", "retention_seconds", "oldest_event_at", "oldest"}};

static void describe_broken(Finding *r, const AgePromise *a, const json_t *promise, int64_t allowed_us, int64_t age_us) {
    const char *type = json_string_value(json_object_get(promise, "event_type")),
               *owner = json_string_value(json_object_get(promise, "owner"));
    buf_addf(&r->detail, " The %s event of %s is ", a->event, type);
    format_age(&r->detail, age_us);
    buf_add_str(&r->detail, " old, and its contract allows ");
    format_age(&r->detail, allowed_us);
    buf_addf(&r->detail, " (%s", a->property);
    if (owner != NULL) buf_addf(&r->detail, "; owner: %s", owner);
    buf_add_str(&r->detail, ").");
}

static json_t *broken_json(const AgePromise *a, const json_t *promise, int64_t age_us) {
    return json_pack("{sO sO ss sO sI}", "event_type", json_object_get(promise, "event_type"), "owner", json_object_get(promise, "owner"),
                     "property", a->property, "allowed_seconds", json_object_get(promise, a->allowed), "seconds",
                     (json_int_t)(age_us / USEC_PER_SEC));
}

void promises_judge(const Facts *f, Finding *r) {
    enum { NAMED = 3 };
    json_t *broken = json_array(), *promise;
    size_t i;
    json_array_foreach(json_object_get(f->row, "promises"), i, promise) {
        for (const AgePromise *a = ages; a < ages + ARRAY_LEN(ages); a++) {
            int64_t allowed_us = seconds_of(promise, a->allowed) * USEC_PER_SEC, at = time_in(promise, a->event_at);
            if (allowed_us == 0 || at == 0 || f->now_us - at <= allowed_us) continue;
            json_array_append_new(broken, broken_json(a, promise, f->now_us - at));
            if (json_array_size(broken) <= NAMED) describe_broken(r, a, promise, allowed_us, f->now_us - at);
        }
    }
    if (json_array_size(broken) > 0) {
        json_object_set(r->more, "promises", broken);
        if (r->state == STATE_OK) r->state = STATE_DEGRADED;
    }
    json_decref(broken);
}

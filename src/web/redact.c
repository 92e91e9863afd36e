/* redact.c: see redact.h. What is left is listed, not what is taken away: a new key is for operators until it is listed here. */
#include "web/redact.h"

#include <stdbool.h>
#include <string.h>

static const char *const status_keys[] = {"name", "title", "state", "verified_at", "since", "generation", "live", NULL};
static const char *const run_keys[] = {"run_id", "started_at", "finished_at", "state",       "seconds", "steps",
                                       "name",   "attempts",   "usual_s",     "usual_p90_s", NULL};

static void keep(json_t *object, const char *const *keys) {
    const char *key;
    void *next;
    json_t *value;
    json_object_foreach_safe(object, next, key, value) {
        size_t i = 0;
        while (keys[i] != NULL && strcmp(keys[i], key) != 0) i++;
        if (keys[i] == NULL) json_object_del(object, key);
    }
}

void redact_status(json_t *report) {
    size_t i;
    json_t *part;
    json_array_foreach(json_object_get(report, "components"), i, part) {
        const char *state = json_string_value(json_object_get(part, "state"));
        bool is_well = state != NULL && strcmp(state, "ok") == 0;
        keep(part, status_keys);
        json_object_set_new(part, "detail", json_string(is_well ? "Works." : "An operator, with the scope admin, sees why."));
    }
}

/* `error` stays as null or a sentence without a place in it, and `summary` as null. */
static void redact_one(json_t *object) {
    bool failed = json_is_string(json_object_get(object, "error"));
    keep(object, run_keys);
    json_object_set_new(object, "error", failed ? json_string("An operator, with the scope admin, sees why.") : json_null());
}

void redact_runs(json_t *runs) {
    size_t r, i;
    json_t *run, *step;
    json_array_foreach(runs, r, run) {
        redact_one(run);
        json_array_foreach(json_object_get(run, "steps"), i, step) {
            redact_one(step);
            json_object_set_new(step, "summary", json_null());
        }
    }
}

/* run_record.c: see run_record.h. Each change reads the file, changes the document and replaces the file; runs are seconds apart. */
#include "flow/run_record.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/sealed.h"
#include "lake/layout.h"
#include <string.h>

#define KIND "smelt-runs"
enum { FORMAT = 1 };

int run_record_read(const Settings *settings, json_t **ret, Error *err) {
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    json_t *document = NULL;
    SealedState state;
    if (sealed_load(layout.runs_path, KIND, FORMAT, &state, &document, err) != 0) return -1;
    if (state == SEALED_DAMAGED) return error_set(err, ERR_DATA, "%s is damaged; the next run writes a new one", layout.runs_path);
    *ret = document;
    return 0;
}

/* What is there, or a new one: the counts of a damaged file are lost, as the counters of a process are when it restarts. */
static json_t *load(const Settings *settings) {
    json_t *document = NULL;
    Error err = {0};
    if (run_record_read(settings, &document, &err) != 0)
        log_warn("run", "the run record cannot be read, and a new one is written: %s", err.text);
    error_clear(&err);
    if (document != NULL) return document;
    return json_pack("{s{} s{} s{} sn sn}", "counts", "ended_us", "failures", "running", "last");
}

static void save(const Settings *settings, const json_t *document) {
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    Error err = {0};
    if (!file_exists(layout.data_dir)) return; /* it failed before it made a lake: nothing is there whose history this could be */
    if (sealed_save(layout.runs_path, KIND, FORMAT, document, &err) != 0)
        log_warn("run", "the run record could not be written: %s", err.text);
    error_clear(&err);
}

static void count(json_t *document, const char *group, const char *key) {
    json_t *counts = json_object_get(document, group);
    json_object_set_new(counts, key, json_integer(json_integer_value(json_object_get(counts, key)) + 1));
}

static void count_end(json_t *document, const char *state) {
    count(document, "counts", state);
    json_object_set_new(json_object_get(document, "ended_us"), state, json_integer(clock_wall_us()));
}

/* The members of `keys`, as far as there are some. */
static json_t *pick(const json_t *from, const char *const *keys, size_t n) {
    json_t *picked = json_object();
    for (size_t i = 0; i < n; i++) {
        json_t *value = json_object_get(from, keys[i]);
        if (value != NULL) json_object_set(picked, keys[i], value);
    }
    return picked;
}

void run_record_begin(const Settings *settings, const json_t *summary) {
    static const char *const keys[] = {"run_id", "started_at"};
    CLEANUP(json_freep) json_t *document = load(settings);
    json_t *before = json_object_get(document, "running");
    if (json_is_object(before)) {
        json_object_set_new(before, "state", json_string("lost"));
        json_object_set(document, "last", before);
        count_end(document, "lost");
    }
    json_object_set_new(document, "running", pick(summary, keys, ARRAY_LEN(keys)));
    save(settings, document);
}

/* The step that failed is the last one of the summary. */
static const char *failed_step(const json_t *steps) {
    const char *name = json_string_value(json_object_get(json_array_get(steps, json_array_size(steps) - 1), "name"));
    return name != NULL ? name : "open";
}

static json_t *short_steps(const json_t *steps) {
    static const char *const keys[] = {"name", "state", "attempts", "started_at", "seconds", "error"};
    json_t *all = json_array();
    for (size_t i = 0; i < json_array_size(steps); i++) json_array_append_new(all, pick(json_array_get(steps, i), keys, ARRAY_LEN(keys)));
    return all;
}

void run_record_end(const Settings *settings, const json_t *summary, const Error *err) {
    static const char *const keys[] = {"run_id", "state", "started_at", "seconds"};
    CLEANUP(json_freep) json_t *document = load(settings);
    const char *state = json_string_value(json_object_get(summary, "state"));
    json_t *steps = json_object_get(summary, "steps"), *last = pick(summary, keys, ARRAY_LEN(keys));
    json_object_set_new(last, "steps", short_steps(steps));
    if (err->text != NULL) json_object_set_new(last, "error", json_string(err->text));
    json_object_set_new(document, "last", last);
    json_object_set_new(document, "running", json_null());
    count_end(document, state);
    if (strcmp(state, "failed") == 0) count(document, "failures", failed_step(steps));
    save(settings, document);
}

void run_record_refused(const Settings *settings, const Error *err) {
    char time[CLOCK_TEXT_SIZE];
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    CLEANUP(free_text) char *holder = file_lock_holder(layout.lock_path);
    if (err->kind == ERR_BUSY || err->kind == ERR_STOPPED || holder != NULL) return;
    CLEANUP(json_freep)
    json_t *summary =
        json_pack("{ss ss sf s[]}", "state", "failed", "started_at", clock_format(clock_wall_us(), time), "seconds", 0.0, "steps");
    run_record_begin(settings, summary); /* the one before may have been lost */
    run_record_end(settings, summary, err);
}

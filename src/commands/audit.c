/* audit.c: `smelt audit`. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/counted.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "commands/all.h"
#include "commands/app.h"
#include "flow/reader.h"
#include <inttypes.h>
#include <string.h>

static const struct argp argp = {
    .doc = "Proves from the tables that each Kafka offset below the stored next offset is in exactly one place: "
           "landed, duplicate, rejected or gap. "
           "Of the gaps, those that had messages are lost for good: how many, and the newest ranges. "
           "Works beside a running smelt, and on a read-only volume. "
           "Exit code 1 when an offset is missing or repeated."
           "\vExamples:\n"
           "  smelt audit\n"
           "  smelt audit --json\n",
};

static int64_t figure(const json_t *found, const char *key) {
    return json_integer_value(json_object_get(found, key));
}

/* Stores the result with the time, for the API and the page. On a read-only volume it is not stored. */
static void store_result(const App *app) {
    char now[CLOCK_TEXT_SIZE];
    CLEANUP(json_freep) json_t *result = json_copy(app->summary);
    CLEANUP(error_clear) Error ignored = {0};
    json_object_del(result, "partitions");
    json_object_del(result, "losses"); /* the API has those of what it serves */
    json_object_set_new(result, "at", json_string(clock_format(clock_wall_us(), now)));
    CLEANUP(free_text) char *text = json_text(result);
    if (file_write_atomic(app->layout.audit_path, text, strlen(text), &ignored) != 0) log_debug("audit", "%s", ignored.text);
}

/* The ranges of offsets whose messages are gone for good. */
static void say_losses(const App *app, const json_t *found) {
    enum { NAMED = 5 };
    const json_t *losses = json_object_get(found, "losses"), *loss;
    size_t i;
    json_array_foreach(losses, i, loss) {
        if (i < NAMED)
            say(app, "  lost: %s partition %d: offsets %" PRId64 " to %" PRId64 ", %s, noticed %s\n",
                json_string_value(json_object_get(loss, "topic")), (int)figure(loss, "partition"), figure(loss, "first_offset"),
                figure(loss, "next_offset") - 1, json_string_value(json_object_get(loss, "reason")),
                json_string_value(json_object_get(loss, "noticed_at")));
    }
    if (i > NAMED) say(app, "  lost: and older ranges; `smelt audit --json` has the newest 20, the table bronze_gaps all\n");
}

int command_audit(App *app, int argc, char **argv, Error *err) {
    if (command_parse(app, &argp, argc, argv, NULL, err) != 0) return -1;
    if (reader_ask(app->settings, "audit", NULL, &app->summary, err) != 0) return -1;
    const json_t *found = app->summary;
    bool ok = json_is_true(json_object_get(found, "ok"));
    int64_t offsets = figure(found, "offsets"), duplicates = figure(found, "duplicates"), gaps = figure(found, "gaps");
    CLEANUP(buf_done) Buf lost = {0};
    buf_add_str(&lost, "");
    if (figure(found, "lost") > 0) buf_addf(&lost, " (%" PRId64 " of them lost)", figure(found, "lost"));
    store_result(app);
    say(app,
        "%s: %" PRId64 " %s = %" PRId64 " landed + %" PRId64 " %s + %" PRId64 " rejected + %" PRId64 " %s%s; "
        "%" PRId64 " missing, %" PRId64 " repeated\n",
        ok ? "ok" : "NOT OK", offsets, counted(offsets, "offset", "offsets"), figure(found, "landed"), duplicates,
        counted(duplicates, "duplicate", "duplicates"), figure(found, "rejected"), gaps, counted(gaps, "gap", "gaps"), lost.data,
        figure(found, "missing"), figure(found, "repeated"));
    say_losses(app, found);
    return ok ? 0 : 1;
}

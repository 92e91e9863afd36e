/* audit.c: `smelt audit`. */
#include "commands/all.h"
#include "commands/app.h"
#include "flow/reader.h"
#include <inttypes.h>

static const struct argp argp = {
    .doc = "Proves from the tables that each Kafka offset below the stored next offset is in exactly one place: "
           "landed, duplicate, rejected or gap. "
           "Works beside a running smelt, and on a read-only volume. "
           "Exit code 1 when an offset is missing or repeated."
           "\vExamples:\n"
           "  smelt audit\n"
           "  smelt audit --json\n",
};

static int64_t figure(const json_t *found, const char *key) {
    return json_integer_value(json_object_get(found, key));
}

int command_audit(App *app, int argc, char **argv, Error *err) {
    if (command_parse(app, &argp, argc, argv, NULL, err) != 0) return -1;
    if (reader_ask(app->settings, "audit", NULL, &app->summary, err) != 0) return -1;
    const json_t *found = app->summary;
    bool ok = json_is_true(json_object_get(found, "ok"));
    say(app,
        "%s: %" PRId64 " offsets = %" PRId64 " landed + %" PRId64 " duplicates + %" PRId64 " rejected + %" PRId64 " gaps; "
        "%" PRId64 " missing, %" PRId64 " repeated\n",
        ok ? "ok" : "NOT OK", figure(found, "offsets"), figure(found, "landed"), figure(found, "duplicates"), figure(found, "rejected"),
        figure(found, "gaps"), figure(found, "missing"), figure(found, "repeated"));
    return ok ? 0 : 1;
}
